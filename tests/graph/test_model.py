"""The graph's own indexes."""

from __future__ import annotations

import sys

from permscope.graph.model import Edge, EdgeKind, Node, NodeKind, PermissionGraph


def small() -> PermissionGraph:
    """Two nodes and two edges."""
    graph = PermissionGraph()
    graph.add_node(Node(id="a", kind=NodeKind.ROLE, label="a"))
    graph.add_node(Node(id="b", kind=NodeKind.RESOURCE, label="b"))
    graph.add_edge(Edge(source="a", target="b", kind=EdgeKind.CAN_ACCESS))
    graph.add_edge(Edge(source="a", target="b", kind=EdgeKind.CAN_PASS))
    return graph


def test_edges_are_found_from_both_ends() -> None:
    """By kind, or all of them."""
    graph = small()
    assert [edge.kind for edge in graph.outgoing("a")] == [EdgeKind.CAN_ACCESS, EdgeKind.CAN_PASS]
    assert [edge.kind for edge in graph.incoming("b", EdgeKind.CAN_PASS)] == [EdgeKind.CAN_PASS]
    assert list(graph.outgoing("b")) == []


def test_a_node_is_added_once() -> None:
    """The first one stays."""
    graph = small()
    assert graph.add_node(Node(id="a", kind=NodeKind.USER, label="other")).kind is NodeKind.ROLE


def test_the_network_is_the_same_graph() -> None:
    """With node and edge objects under `of`."""
    network = small().network
    assert network.number_of_edges("a", "b") == 2
    assert network.nodes["a"]["of"].label == "a"
    assert "networkx" in sys.modules
