"""Findings: the rules of `rules/` run over the graph."""
