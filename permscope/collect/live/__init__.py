"""Live accounts read into facts through boto3."""
