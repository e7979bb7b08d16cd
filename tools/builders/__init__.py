"""One module per data file of the catalogue, each from pinned wheels to bytes."""
