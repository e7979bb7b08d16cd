"""YAML that knows its lines, for rule files and `permscope.yaml`; escalation paths are read with the same."""

from permscope.graph.located_yaml import parse_located

__all__ = ["parse_located"]
