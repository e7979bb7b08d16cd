"""`permscope graph --format json`: the contract `permscope/graph/1`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from typing import Any

from permscope.catalog.actions import ActionSet
from permscope.graph.model import Edge, Node, NodeKind, PermissionGraph, Provenance
from permscope.inventory.facts import Unknown
from permscope.inventory.source import Source
from permscope.inventory.tokens import without_stack
from permscope.report.json_text import Written, indented, members

SCHEMA = "permscope/graph/1"
_IN_EDGE = "\n   "  # the line of a member of an edge
Document = Callable[[Edge], dict[str, Any]]


def graph_document(graph: PermissionGraph) -> dict[str, Any]:
    """The graph as plain values, sorted, so that two runs give the same bytes."""
    parts = _parts(graph, edge_document)
    return {key: list(held) if isinstance(held, Iterator) else held for key, held in parts.items()}


def chunks(graph: PermissionGraph) -> Iterator[str]:
    """The JSON text in pieces, ending in a line feed: that of a whole account is larger than its graph."""
    return members(_parts(graph, _EdgeWriter().document))


def render(graph: PermissionGraph) -> str:
    """The JSON text, ending in a line feed."""
    return "".join(chunks(graph))


def _parts(graph: PermissionGraph, document: Document) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "nodes": (node_document(node) for node in sorted(graph.nodes.values(), key=lambda node: node.id)),
        "edges": map(document, _in_order(graph)),
        "unknowns": unknown_documents(graph.unknowns),
    }


def _in_order(graph: PermissionGraph) -> Iterator[Edge]:
    """Edges by their ends and kind; several of the same by all they say."""
    for _, same in groupby(sorted(graph.edges, key=_ends), key=_ends):
        edges = list(same)
        if len(edges) > 1:
            edges.sort(key=lambda edge: json.dumps(edge_document(edge), sort_keys=True, default=str))
        yield from edges


def _ends(edge: Edge) -> tuple[str, str, str]:
    return edge.source, edge.target, edge.kind.value


def node_document(node: Node) -> dict[str, Any]:
    """One node; service nodes carry `service`, route nodes `auth`, `method` and `path`."""
    document: dict[str, Any] = {
        "id": node.id,
        "kind": node.kind.value,
        "label": node.label,
        "account": node.account,
        "arn": node.arn and without_stack(node.arn),
        "type": node.type,
        "logical_id": node.logical_id,
        **_place(node.source),
    }
    if node.kind is NodeKind.SERVICE:
        document["service"] = node.service
    if node.kind is NodeKind.ROUTE:
        document |= {"auth": node.auth, "method": node.method, "path": node.path}
    if node.only_if:
        document["only_if"] = node.only_if
    return document


def edge_document(edge: Edge) -> dict[str, Any]:
    """One edge with every statement and wiring that makes it true."""
    said = [_provenance(one) for one in edge.provenance]
    return _edge(edge, list(edge.actions.patterns()), list(edge.actions.levels()), said)


def _edge(edge: Edge, actions: object, levels: object, provenance: object) -> dict[str, Any]:
    document: dict[str, Any] = {
        "source": edge.source,
        "target": edge.target,
        "kind": edge.kind.value,
        "mechanism": edge.mechanism,
        "authorized": edge.authorized,
        "actions": actions,
        "access_levels": levels,
        "conditions": _plain(edge.conditions) if edge.conditions else {},
        "decision": edge.decision.value,
        "provenance": provenance,
    }
    for name in ("event", "qualifier", "via", "reason"):
        value = getattr(edge, name)
        if value is not None:
            document[name] = value
    return document


class _EdgeWriter:
    """Makes documents of edges in which what many edges have in common is text already."""

    def __init__(self) -> None:
        self._sets: dict[ActionSet, tuple[Written, Written]] = {}
        self._reasons: dict[tuple[int, str | None, str | None], Written] = {}

    def document(self, edge: Edge) -> dict[str, Any]:
        """`edge_document`, partly written."""
        return _edge(edge, *self._actions(edge.actions), [self._reason(one) for one in edge.provenance])

    def _actions(self, actions: ActionSet) -> tuple[Written, Written]:
        found = self._sets.get(actions)
        if found is None:
            names, levels = (Written(indented(each, _IN_EDGE)) for each in (actions.patterns(), actions.levels()))
            found = self._sets[actions] = names, levels
        return found

    def _reason(self, one: Provenance) -> Written:
        key = (id(one.source), one.logical_id, one.statement)  # the graph holds the source, so its id stays its own
        found = self._reasons.get(key)
        if found is None:
            found = self._reasons[key] = Written(indented(_provenance(one), f"{_IN_EDGE} "))
        return found


def unknown_documents(unknowns: list[Unknown] | tuple[Unknown, ...]) -> list[dict[str, Any]]:
    """Unknowns in the order of their places."""
    documents = [
        {"what": one.what, "why": one.why, "kind": one.kind, "logical_id": one.logical_id, **_place(one.source)}
        for one in dict.fromkeys(unknowns)
    ]
    return sorted(documents, key=lambda one: (one["file"] or "", one["line"] or 0, one["what"], one["why"]))


def _place(source: Source) -> dict[str, Any]:
    place: dict[str, Any] = {"file": source.file, "line": source.line}
    if source.call:
        place["call"] = source.call
    return place


def _provenance(one: Provenance) -> dict[str, Any]:
    return {**_place(one.source), "logical_id": one.logical_id, "statement": one.statement}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in sorted(value.items(), key=lambda item: str(item[0]))}
    if isinstance(value, tuple | list | frozenset | set):
        items = [_plain(item) for item in value]
        return sorted(items, key=str) if isinstance(value, frozenset | set) else items
    return value if isinstance(value, bool | int | float) or value is None else str(value)
