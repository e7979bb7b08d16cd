"""Wirings: what runs a function now, what does no longer, and what is wired but not allowed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeAlias

from permscope.graph.diff.change import Change, ChangeKind, Step
from permscope.graph.diff.matching import Matching
from permscope.graph.diff.words import name_of, reason_words
from permscope.graph.model import Edge, EdgeKind, Node, NodeKind, PermissionGraph
from permscope.inventory.source import Source

_WIRINGS = (EdgeKind.TRIGGERS, EdgeKind.DELIVERS_TO, EdgeKind.EXECUTES_AS)
_Key: TypeAlias = tuple[str, str, EdgeKind]


def wiring_changes(matching: Matching) -> Iterator[Change]:
    """New triggers, broken wirings, and triggers that are gone."""
    old = _wirings(matching.old)
    new: dict[_Key, list[Edge]] = {}
    for (source, target, kind), edges in _wirings(matching.new).items():
        new.setdefault((matching.old_id(source), matching.old_id(target), kind), []).extend(edges)
    for key, edges in new.items():
        before = old.get(key, [])
        if _broken(edges) and not _broken(before):
            yield _is_broken(matching.new, next(edge for edge in edges if edge.authorized is False), bool(before))
        if key[2] is EdgeKind.TRIGGERS and _working(edges) and not _working(before):
            change = _new_trigger(matching.new, next(edge for edge in edges if edge.authorized is not False))
            if change is not None:
                yield change
    for key, edges in old.items():
        if key[2] is EdgeKind.TRIGGERS and _working(edges) and key not in new:
            node = matching.old.nodes[edges[0].source]
            if node.kind is not NodeKind.ROUTE:
                yield _removed(matching.old, edges[0])


def _wirings(graph: PermissionGraph) -> dict[_Key, list[Edge]]:
    found: dict[_Key, list[Edge]] = {}
    for edge in graph.edges_of(*_WIRINGS):
        if edge.attributes.get("enabled") is not False:
            found.setdefault((edge.source, edge.target, edge.kind), []).append(edge)
    return found


def _broken(edges: list[Edge]) -> bool:
    return any(edge.authorized is False for edge in edges)


def _working(edges: list[Edge]) -> bool:
    return any(edge.authorized is not False for edge in edges)


def _place(edge: Edge, node: Node) -> Source:
    return next((one.source for one in edge.provenance if one.source.file), node.source)


def _is_broken(graph: PermissionGraph, edge: Edge, before: bool) -> Change:
    verb = {
        EdgeKind.TRIGGERS: "is wired to run",
        EdgeKind.DELIVERS_TO: "delivers to",
        EdgeKind.EXECUTES_AS: "runs as",
    }[edge.kind]
    since = " any more" if before else ""
    why = f": {reason_words(graph, edge.reason)}" if edge.reason else ""
    change = _about(graph, edge, ChangeKind.WIRING_BROKEN, "medium", verb, f", which is not allowed{since}{why}")
    return replace(change, source=_place(edge, graph.nodes[edge.source]))


def _new_trigger(graph: PermissionGraph, edge: Edge) -> Change | None:
    source, target = graph.nodes[edge.source], graph.nodes[edge.target]
    if source.kind is NodeKind.ROUTE:
        return None  # the door tells
    foreign = source.kind is NodeKind.EXTERNAL and source.trusted is False
    kind, severity = (ChangeKind.NEW_EXTERNAL_PRINCIPAL, "high") if foreign else (ChangeKind.NEW_INVOKER, "low")
    event = (edge.event or "").replace("-", " ")
    change = _about(graph, edge, kind, severity, "now runs", f" ({event})" if event else "")
    return replace(
        change,
        sure=edge.authorized is True and not edge.conditions,
        path=(
            Step(name_of(source), "runs", source.source, source.id, source.kind.value),
            Step(name_of(target), "", target.source, target.id, target.kind.value),
        ),
    )


def _removed(graph: PermissionGraph, edge: Edge) -> Change:
    change = _about(graph, edge, ChangeKind.ACCESS_REMOVED, "info", "no longer runs", "")
    return replace(change, provenance=(), nodes=(edge.target,))


def _about(graph: PermissionGraph, edge: Edge, kind: ChangeKind, severity: str, verb: str, more: str) -> Change:
    """A change of a wiring: who, what becomes of it, and where it leads."""
    source, target = graph.nodes[edge.source], graph.nodes[edge.target]
    return Change(
        kind=kind,
        severity=severity,
        message=f"`{name_of(source)}` {verb} `{name_of(target)}`{more}",
        actor=name_of(source),
        actor_id=source.id,
        target=name_of(target),
        target_id=target.id,
        source=_place(edge, target),
        provenance=edge.provenance,
        nodes=(target.id, source.id),
    )
