"""The graph for Graphviz, mermaid and GraphML, hostile names included."""

from __future__ import annotations

import io
import re

import networkx as nx

from permscope.graph.model import PermissionGraph
from permscope.report.graph_formats import render_dot, render_graphml, render_mermaid


def test_graphml_is_read_back_whole(graph: PermissionGraph) -> None:
    """Every node and edge survives, the hostile name as text."""
    network = nx.read_graphml(io.BytesIO(render_graphml(graph).encode()), force_multigraph=True)
    assert network.number_of_nodes() == len(graph.nodes)
    assert network.number_of_edges() == len(graph.edges)
    assert network.nodes["fn"]["label"].startswith('Evil"]</script>')
    assert "\x1b" not in network.nodes["fn"]["label"]


def test_mermaid_has_one_line_per_node_and_edge_and_no_markup(graph: PermissionGraph) -> None:
    """A label never closes its quotes, and no HTML reaches the page."""
    lines = render_mermaid(graph).splitlines()
    assert len(lines) == 1 + len(graph.nodes) + len(graph.edges)
    assert all(line.count('"') == 2 for line in lines[1:])
    assert "<" not in render_mermaid(graph)
    assert any("not authorized" in line and "-.->" in line for line in lines)


def test_graphviz_strings_are_closed_where_they_should_be(graph: PermissionGraph) -> None:
    """Outside of quoted strings there is only Graphviz syntax."""
    outside = re.sub(r'"(?:[^"\\]|\\.)*"', '""', render_dot(graph))
    assert "script" not in outside
    assert outside.count("->") == len(graph.edges)
