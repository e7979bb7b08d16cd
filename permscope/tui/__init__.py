"""`permscope explore`: the graph in a terminal, walked with the keyboard (extra `permscope[tui]`)."""
