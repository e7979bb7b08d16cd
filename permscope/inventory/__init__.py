"""Facts: what templates and live accounts say, frozen, with the place each was read at."""
