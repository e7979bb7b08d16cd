"""What the HTML report is told, as plain values: numbered nodes and edges, each text once.

Edges from a role are what it touches (`touches.py`), so that a grant on `*` is taken apart by service as in every other
view for people.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from permscope.audit.findings import SEVERITIES, Finding
from permscope.catalog.actions import ActionSet
from permscope.errors import PermscopeError
from permscope.graph.model import Decision, Edge, EdgeKind, Node, NodeKind, PermissionGraph
from permscope.graph.takeover.feeding import feeding_actions
from permscope.inventory.tokens import without_stack
from permscope.report.describe import (
    Places,
    actions_in_words,
    auth_of,
    conditions_of,
    counted,
    in_words,
    is_open,
    name_of,
    type_name,
    with_short_arns,
)
from permscope.report.escape import visible
from permscope.report.in_and_out import is_behind, wired_by
from permscope.report.matrix import matrix_of
from permscope.report.order import by_place
from permscope.report.reasons import Reason, excerpt_of, reasons_of
from permscope.report.terminal import LETTERS
from permscope.report.touches import PERMISSIONS, Members, Touch, touches_of
from permscope.version import __version__

_MOST_THROUGH = 20_000  # edges to single members of patterns; more are said by the edge to the pattern alone
_MANY_FUNCTIONS = 1_000  # above this the matrix is by service only
_PRINCIPALS = (NodeKind.ROLE, NodeKind.USER, NodeKind.GROUP)


def report_document(
    graph: PermissionGraph,
    findings: Sequence[Finding] | None,
    errors: Sequence[PermscopeError] = (),
    *,
    rules: int = 0,
) -> dict[str, Any]:
    """Everything the report shows, in a fixed order.

    Args:
        graph: the permission graph.
        findings: sorted; None where no audit was made.
        errors: inputs that could not be read.
        rules: how many rules were run.
    """
    return _Document(graph, findings or ()).made(errors, rules=rules, audited=findings is not None)


class _Document:
    """Numbers nodes, edges and reasons while they are written down."""

    def __init__(self, graph: PermissionGraph, findings: Sequence[Finding]) -> None:
        self._graph = graph
        self._findings = [finding for finding in findings if finding.suppressed is None]
        self._suppressed = len(findings) - len(self._findings)
        self._numbers: dict[str, int] = {}
        self._nodes: list[dict[str, Any]] = []
        self._reasons: dict[tuple[str, str, tuple[str, ...]], int] = {}
        own = (NodeKind.FUNCTION, NodeKind.ROLE, NodeKind.RESOURCE)
        places = [finding.source for finding in self._findings] + [one.source for one in graph.unknowns]
        self._place = Places([*(node.source for node in graph.nodes.values()), *places])
        self._own = {node.account for node in graph.of_kind(*own) if node.logical_id or node.fact}
        for node in sorted(graph.nodes.values(), key=lambda each: (each.kind.value, *by_place(each))):
            if node.id != "set:*":
                self._number(node)

    def made(self, errors: Sequence[PermscopeError], *, rules: int, audited: bool) -> dict[str, Any]:
        """The whole document."""
        graph = self._graph
        edges = list(self._edges())
        through, partial = self._through()
        document = {
            "version": __version__,
            "audited": audited,
            "rules": rules,
            "suppressed": self._suppressed,
            "severities": list(SEVERITIES),
            "summary": {
                "functions": counted(graph, NodeKind.FUNCTION),
                "roles": counted(graph, NodeKind.ROLE),
                "routes": counted(graph, NodeKind.ROUTE),
                "resources": counted(graph, NodeKind.RESOURCE),
                "unknowns": len(graph.unknowns),
                "errors": len(errors),
            },
            "edges": edges,
            "through": through,
            "partial": partial,
            "findings": [self._finding(finding) for finding in self._findings],
            "subject": self._subject(),
            "matrix": self._matrix(by_service=True),
            "resources": None
            if counted(graph, NodeKind.FUNCTION) > _MANY_FUNCTIONS
            else self._matrix(by_service=False),
            "unknowns": [
                {"what": in_words(one.what), "why": in_words(one.why), "place": self._place(one.source)}
                for one in dict.fromkeys(graph.unknowns)
            ],
            "errors": [
                {
                    "what": error.message,
                    "why": error.hint or "",
                    "place": self._place(error.source) if error.source else "",
                }
                for error in errors
            ],
        }
        document["nodes"] = self._nodes
        document["reasons"] = [
            {"words": words, "place": where, "text": list(lines)} for words, where, lines in self._reasons
        ]
        shown: dict[str, Any] = _shown(document)
        return shown

    # Nodes

    def _number(self, node: Node, service: str | None = None, name: str | None = None) -> int:
        key = f"{node.id}|{service or name}" if service or name else node.id
        if key not in self._numbers:
            self._numbers[key] = len(self._nodes)
            self._nodes.append(self._node(node, service, name))
        return self._numbers[key]

    def _node(self, node: Node, service: str | None, name: str | None) -> dict[str, Any]:
        document: dict[str, Any] = {
            "kind": node.kind.value,
            "name": name or (f"every {service} resource (*)" if service else name_of(node)),
            "type": auth_of(node) if node.kind is NodeKind.ROUTE else "" if service or name else type_name(node),
            "place": self._place(node.source),
        }
        if node.arn and node.arn != "*":
            document["arn"] = with_short_arns(without_stack(node.arn))
        if node.kind is NodeKind.ROUTE:
            document["auth"] = node.auth or "unknown"
        if node.kind in (NodeKind.ROUTE, NodeKind.FUNCTION) and is_open(self._graph, node):
            document["open"] = 1
        if self._is_foreign(node):
            document["foreign"] = 1
        return document

    def _is_foreign(self, node: Node) -> bool:
        if node.kind in (NodeKind.ACCOUNT, NodeKind.EXTERNAL, NodeKind.ROLE, NodeKind.RESOURCE, NodeKind.RESOURCE_SET):
            return bool(node.account and node.account not in ("aws", "*") and node.account not in self._own)
        return False

    # Edges

    def _edges(self) -> Iterator[dict[str, Any]]:
        graph = self._graph
        for node in sorted(graph.nodes.values(), key=by_place):
            if node.kind in _PRINCIPALS:
                for touch in touches_of(graph, node):
                    yield self._touch(node, touch)
        kinds = {kind: number for number, kind in enumerate(EdgeKind)}
        rest = [
            edge
            for edge in graph.edges
            if edge.kind not in PERMISSIONS or graph.nodes[edge.source].kind not in _PRINCIPALS
        ]
        for edge in sorted(rest, key=lambda each: (kinds[each.kind], each.source, each.target, each.event or "")):
            if "set:*" in (edge.source, edge.target):
                continue
            document = self._edge(edge, self._numbers[edge.source], self._numbers[edge.target], None)
            document["words"] = _words(edge)
            if edge.actions and edge.kind is EdgeKind.CAN_ACCESS:
                document |= self._access(edge, graph.nodes[edge.target], edge.actions)
            if self._is_plumbing(edge):
                document["routine"] = 1
            yield document

    def _touch(self, principal: Node, touch: Touch) -> dict[str, Any]:
        name = touch.name if touch.target.id == "set:*" and not touch.service else None
        target = self._number(touch.target, touch.service, name)
        document = self._edge(touch.edge, self._numbers[principal.id], target, touch.actions)
        document["words"] = touch.verb or actions_in_words(touch.actions)
        document |= self._access(touch.edge, touch.target, touch.actions)
        if touch.routine:
            document |= {"routine": 1, "words": touch.routine}
        return document

    def _access(self, edge: Edge, target: Node, actions: ActionSet) -> dict[str, Any]:
        found: dict[str, Any] = {"levels": "".join(LETTERS[level] for level in actions.levels())}
        if edge.kind is EdgeKind.CAN_ACCESS and not actions.isdisjoint(feeding_actions(target.type)):
            found["feeds"] = 1
        return found

    def _edge(self, edge: Edge, source: int, target: int, actions: ActionSet | None) -> dict[str, Any]:
        document: dict[str, Any] = {
            "source": source,
            "target": target,
            "kind": edge.kind.value,
            "reasons": [self._reason(reason) for reason in reasons_of(self._graph, edge, actions)],
        }
        conditions = conditions_of(edge)
        if conditions or edge.decision is Decision.CONDITIONAL:
            document["if"] = conditions or in_words(edge.reason or "something that is not known")
        if edge.kind in (EdgeKind.TRIGGERS, EdgeKind.DELIVERS_TO, EdgeKind.EXECUTES_AS):
            document["authorized"] = edge.authorized
        if edge.reason:
            document["reason"] = in_words(edge.reason)
        if edge.qualifier:
            document["qualifier"] = edge.qualifier
        return document

    def _is_plumbing(self, edge: Edge) -> bool:
        """Services that may take on roles, and statements behind a wiring that is shown itself."""
        kind = self._graph.nodes[edge.source].kind
        if edge.kind is EdgeKind.CAN_ASSUME:
            return kind is NodeKind.SERVICE
        if edge.kind is not EdgeKind.CAN_INVOKE or kind not in (NodeKind.SERVICE, NodeKind.PUBLIC):
            return False
        return is_behind(self._graph, edge, wired_by(self._graph, edge.target))

    def _reason(self, reason: Reason) -> int:
        lines = () if reason.statement is None else tuple(map(with_short_arns, excerpt_of(reason.statement)))
        key = (reason.words, self._place(reason.source), lines)
        return self._reasons.setdefault(key, len(self._reasons))

    def _through(self) -> tuple[list[dict[str, Any]], bool]:
        """What grants on patterns mean for known things: not drawn, but followed when a way is looked for."""
        members = Members(self._graph)
        found: list[dict[str, Any]] = []
        for role in sorted(self._graph.of_kind(NodeKind.ROLE), key=by_place):
            for touch in touches_of(self._graph, role):
                if touch.routine:
                    continue
                for member, actions, unsure in members.through(role, touch):
                    if len(found) >= _MOST_THROUGH:
                        return found, True
                    edge = self._edge(touch.edge, self._numbers[role.id], self._numbers[member.id], actions)
                    edge["words"] = f"{actions_in_words(actions)}, granted on {touch.name}"
                    edge |= self._access(touch.edge, member, actions)
                    if unsure:
                        edge.setdefault("if", "something that is not known")
                    found.append(edge)
        return found, False

    # The rest

    def _finding(self, finding: Finding) -> dict[str, Any]:
        return {
            "rule": finding.rule,
            "title": finding.title,
            "severity": finding.severity,
            "confidence": finding.confidence,
            "resource": in_words(finding.resource),
            "place": self._place(finding.source),
            "message": in_words(finding.message) + (f" ({in_words(finding.adjusted)})" if finding.adjusted else ""),
            "why": finding.why.strip(),
            "fix": finding.fix.strip(),
            "text": with_short_arns(finding.excerpt).splitlines(),
            "guilty": with_short_arns(finding.guilty),
            "aliases": list(finding.aliases),
            "references": [each for each in finding.references if each.startswith("https://")],
            "nodes": self._concerned(finding.nodes),
        }

    def _concerned(self, ids: Iterable[str]) -> list[int]:
        return [self._numbers[each] for each in ids if each in self._numbers]

    def _subject(self) -> str:
        """What the report is about: its one file, or how many there are and where."""
        files = sorted({node.source.file for node in self._graph.nodes.values() if node.source.file})
        if len(files) <= 1:
            return "".join(files)
        try:
            folder = os.path.commonpath(files)
        except ValueError:  # some from a root and some not
            folder = ""
        return f"{len(files):,} files" + (f" in {folder}" if folder else "")

    def _matrix(self, *, by_service: bool) -> dict[str, Any]:
        matrix = matrix_of(self._graph, by_service=by_service)
        rows = {row.id: number for number, row in enumerate(matrix.rows)}
        columns = {name: number for number, name in enumerate(matrix.columns)}
        return {
            "rows": [self._numbers[row.id] for row in matrix.rows],
            "names": [matrix.names[row.id] for row in matrix.rows],
            "columns": list(matrix.columns),
            "cells": [[rows[row], columns[name], *cell.letters()] for (row, name), cell in matrix.cells.items()],
        }


def _words(edge: Edge) -> str:
    match edge.kind:
        case EdgeKind.TRIGGERS | EdgeKind.DELIVERS_TO:
            return (edge.event or edge.mechanism or "").replace("-", " ").replace("_", " ")
        case EdgeKind.CAN_INVOKE:
            return "may call"
        case EdgeKind.EXECUTES_AS:
            return "runs as"
        case EdgeKind.CAN_ASSUME:
            return "may become"
        case EdgeKind.CAN_PASS:
            return "may pass"
        case EdgeKind.CAN_ACCESS:
            return actions_in_words(edge.actions)
        case _:
            return edge.kind.value.replace("_", " ")


def _shown(value: Any) -> Any:
    """The same values with control and reordering characters of every text written out."""
    if isinstance(value, str):
        return visible(value, keep_lines=True)
    if isinstance(value, dict):
        return {key: _shown(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_shown(item) for item in value]
    return value
