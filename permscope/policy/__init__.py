"""Policy decisions exactly as AWS makes them."""
