"""The order in which reports for people name nodes and edges."""

from __future__ import annotations

from collections.abc import Iterable

from permscope.graph.model import Edge, Node, NodeKind, PermissionGraph

_ORDER = {
    NodeKind.PUBLIC: 0,
    NodeKind.ROUTE: 1,
    NodeKind.RESOURCE: 2,
    NodeKind.FUNCTION: 3,
    NodeKind.SERVICE: 4,
    NodeKind.ACCOUNT: 5,
    NodeKind.EXTERNAL: 6,
    NodeKind.RESOURCE_SET: 7,
}


def by_place(node: Node) -> tuple[str, int, str]:
    """File order."""
    return node.source.file or "", node.source.line or 0, node.id


def sort_edges(graph: PermissionGraph, edges: Iterable[Edge], *, by: str) -> list[Edge]:
    """Edges by the kind of node at one end (`source` or `target`), strangers first."""
    return sorted(
        edges, key=lambda edge: (_ORDER.get(graph.nodes[getattr(edge, by)].kind, 9), edge.kind, getattr(edge, by))
    )
