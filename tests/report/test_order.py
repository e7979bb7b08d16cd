"""The order in which reports name things."""

from __future__ import annotations

from permscope.graph.model import Edge, EdgeKind, Node, NodeKind, PermissionGraph
from permscope.inventory.source import Source
from permscope.report.order import by_place, sort_edges


def test_nodes_stand_in_file_order() -> None:
    """By file and line; what has no place comes first, by its id."""
    places = {
        "a": Source(file="b.yaml", line=1),
        "b": Source(file="a.yaml", line=12),
        "c": Source(file="a.yaml", line=3),
    }
    nodes = [Node(id=name, kind=NodeKind.FUNCTION, label=name, source=source) for name, source in places.items()]
    nodes.append(Node(id="d", kind=NodeKind.FUNCTION, label="d"))
    assert [node.id for node in sorted(nodes, key=by_place)] == ["d", "c", "b", "a"]


def test_strangers_come_first_and_patterns_last() -> None:
    """Who reads only the first line has read the worst."""
    graph = PermissionGraph()
    kinds = (NodeKind.RESOURCE_SET, NodeKind.SERVICE, NodeKind.ROUTE, NodeKind.PUBLIC, NodeKind.RESOURCE)
    graph.add_node(Node(id="fn", kind=NodeKind.FUNCTION, label="fn"))
    for kind in kinds:
        graph.add_node(Node(id=kind.value, kind=kind, label=kind.value))
        graph.add_edge(Edge(source=kind.value, target="fn", kind=EdgeKind.CAN_INVOKE))
    ordered = sort_edges(graph, graph.incoming("fn"), by="source")
    assert [edge.source for edge in ordered] == ["public", "route", "resource", "service", "resource_set"]
