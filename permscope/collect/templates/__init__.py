"""Templates read into facts: located YAML and JSON, parameters, intrinsics, SAM, nested stacks."""
