"""Decisions as edges: who can invoke what, and what each function can touch."""
