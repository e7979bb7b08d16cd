"""Who can invoke AWS Lambda functions, what they can touch, and what is wrong with that."""
