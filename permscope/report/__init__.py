"""Findings and graphs as text: terminal, JSON and the formats other programs read."""
