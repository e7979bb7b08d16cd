"""`permscope graph --format json`: the contract `permscope/graph/1`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from permscope.graph.model import Edge, Node, NodeKind, PermissionGraph, Provenance
from permscope.inventory.facts import Unknown
from permscope.inventory.source import Source
from permscope.report.json_text import members

SCHEMA = "permscope/graph/1"


def graph_document(graph: PermissionGraph) -> dict[str, Any]:
    """The graph as plain values, sorted, so that two runs give the same bytes."""
    return {key: list(held) if isinstance(held, Iterator) else held for key, held in _parts(graph).items()}


def chunks(graph: PermissionGraph) -> Iterator[str]:
    """The JSON text in pieces, ending in a line feed: that of a whole account is larger than its graph."""
    return members(_parts(graph))


def render(graph: PermissionGraph) -> str:
    """The JSON text, ending in a line feed."""
    return "".join(chunks(graph))


def _parts(graph: PermissionGraph) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "nodes": (node_document(node) for node in sorted(graph.nodes.values(), key=lambda node: node.id)),
        "edges": _edge_documents(graph),
        "unknowns": unknown_documents(graph.unknowns),
    }


def _edge_documents(graph: PermissionGraph) -> Iterator[dict[str, Any]]:
    """Edges by their ends and kind; several of the same by all they say."""
    edges = sorted(graph.edges, key=_ends)
    for _, same in groupby(edges, key=_ends):
        documents = [edge_document(edge) for edge in same]
        if len(documents) > 1:
            documents.sort(key=lambda document: json.dumps(document, sort_keys=True, default=str))
        yield from documents


def _ends(edge: Edge) -> tuple[str, str, str]:
    return edge.source, edge.target, edge.kind.value


def node_document(node: Node) -> dict[str, Any]:
    """One node; service nodes carry `service`, route nodes `auth`, `method` and `path`."""
    document: dict[str, Any] = {
        "id": node.id,
        "kind": node.kind.value,
        "label": node.label,
        "account": node.account,
        "arn": node.arn,
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
    document: dict[str, Any] = {
        "source": edge.source,
        "target": edge.target,
        "kind": edge.kind.value,
        "mechanism": edge.mechanism,
        "authorized": edge.authorized,
        "actions": list(edge.actions.patterns()),
        "access_levels": list(edge.actions.levels()),
        "conditions": _plain(edge.conditions),
        "decision": edge.decision.value,
        "provenance": [_provenance(one) for one in edge.provenance],
    }
    for name in ("event", "qualifier", "via", "reason"):
        value = getattr(edge, name)
        if value is not None:
            document[name] = value
    return document


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
