"""Questions asked of a graph: who can, what can, which ways, how far, what to cut."""
