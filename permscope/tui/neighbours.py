"""What the explorer lists: nodes that match a search and filters, and the edges around one node."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from permscope.audit.findings import SEVERITIES, Finding
from permscope.catalog.action_set import LEVELS
from permscope.graph.model import Decision, Edge, EdgeKind, Node, NodeKind, PermissionGraph
from permscope.lazy import dataclass
from permscope.report.describe import auth_of, is_open, name_of, type_name
from permscope.report.touches import PERMISSIONS, Members, Touch, touches_of

_PRINCIPALS = (NodeKind.ROLE, NodeKind.USER, NodeKind.GROUP)
_ORDER = (
    NodeKind.FUNCTION,
    NodeKind.ROUTE,
    NodeKind.PUBLIC,
    NodeKind.RESOURCE,
    NodeKind.ROLE,
    NodeKind.USER,
    NodeKind.GROUP,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What is left out.

    Attributes:
        text: a part of the name, type or ARN.
        severity: only nodes with a finding at least that bad; None for all.
        public: only what anyone on the internet can reach.
        foreign: only what lies in another account, and what touches it.
        level: only access edges with that access level; None for all.
    """

    text: str = ""
    severity: str | None = None
    public: bool = False
    foreign: bool = False
    level: str | None = None

    def next_severity(self, choices: Sequence[str] = SEVERITIES) -> Filters:
        """The filters with the next severity, after the last one none.

        Args:
            choices: the severities there are findings of, worst first.
        """
        return replace(self, severity=_following(self.severity, choices)) if choices else self

    def next_level(self) -> Filters:
        """The filters with the next access level, after the last one none."""
        return replace(self, level=_following(self.level, LEVELS))

    def in_words(self) -> str:
        """What the filters leave, on one line."""
        parts = [
            f"findings: {self.severity} and worse" if self.severity else "",
            "reached by anyone" if self.public else "",
            "other accounts" if self.foreign else "",
            f"level: {self.level}" if self.level else "",
        ]
        return ", ".join(part for part in parts if part) or "no filter"


def _following(current: str | None, choices: Sequence[str]) -> str | None:
    if current is None:
        return choices[0]
    at = choices.index(current) + 1
    return choices[at] if at < len(choices) else None


class Neighbour(NamedTuple):
    """An edge as seen from one of its ends.

    Attributes:
        edge: with the actions that this is about.
        node: the other end.
        outgoing: whether the edge leads there.
        touch: what a principal may do there, where the edge says that.
    """

    edge: Edge
    node: Node
    outgoing: bool
    touch: Touch | None = None

    @property
    def name(self) -> str:
        """What the other end is called; of a grant on `*` every resource of one service."""
        return self.touch.name if self.touch is not None and self.touch.is_wide else name_of(self.node)


def title(node: Node) -> str:
    """A node on one line."""
    kind = kind_of(node)
    return f"{name_of(node)}  {kind}" if kind else name_of(node)


def kind_of(node: Node) -> str:
    """What a node is, of a route how it asks who is there; nothing where the name says it."""
    if node.kind is NodeKind.RESOURCE_SET:
        return ""
    return auth_of(node) if node.kind is NodeKind.ROUTE else type_name(node)


class World:
    """A graph with its findings, as the explorer walks it.

    Args:
        graph: the permission graph.
        findings: of an audit.
    """

    def __init__(self, graph: PermissionGraph, findings: Sequence[Finding]) -> None:
        self.graph = graph
        self._findings: dict[str, list[Finding]] = {}
        for finding in findings:
            for node in finding.nodes:
                if finding.suppressed is None:
                    self._findings.setdefault(node, []).append(finding)
        functions = list(graph.of_kind(NodeKind.FUNCTION, NodeKind.ROLE))
        self._own = {node.account for node in functions if node.fact is not None}
        self._members = Members(graph)
        self._public = self._reached_by_anyone()

    @property
    def severities(self) -> list[str]:
        """Those there are findings of, worst first."""
        found = {one.severity for findings in self._findings.values() for one in findings}
        return [severity for severity in SEVERITIES if severity in found]

    def findings(self, node: Node) -> list[Finding]:
        """What is wrong with a node, worst first."""
        return sorted(self._findings.get(node.id, ()), key=lambda one: one.rank)

    def nodes(self, filters: Filters) -> list[Node]:
        """The nodes that are left, functions first."""
        tests: list[Callable[[Node], bool]] = []
        text = filters.text.strip().lower()
        if text:
            tests.append(lambda node: text in f"{title(node)}\n{node.arn or ''}\n{node.logical_id or ''}".lower())
        if filters.severity:
            limit = SEVERITIES.index(filters.severity)
            tests.append(lambda node: any(one.rank <= limit for one in self._findings.get(node.id, ())))
        if filters.public:
            tests.append(lambda node: node.id in self._public)
        if filters.foreign:
            tests.append(self._is_near_another_account)
        if filters.level:
            tests.append(lambda node: any(self.neighbours(node, filters)))
        found = [node for node in self.graph.nodes.values() if all(test(node) for test in tests)]
        return sorted(found, key=lambda node: (_rank(node), self._worst(node), name_of(node), node.id))

    def _worst(self, node: Node) -> int:
        return min((one.rank for one in self._findings.get(node.id, ())), default=len(SEVERITIES))

    def neighbours(self, node: Node, filters: Filters, service: str | None = None) -> list[Neighbour]:
        """The edges into a node, then those out of it; what a principal may do thing by thing, the routine last.

        Args:
            node: whose edges.
            filters: what is left out.
            service: prefix, where `*` is looked at as every resource of one service.
        """
        graph = self.graph
        incoming = list(graph.incoming(node.id))
        if service is not None:
            own = (replace(edge, actions=edge.actions.of_service(service)) for edge in incoming)
            incoming = [edge for edge in own if edge.actions]
        into = [Neighbour(edge, graph.nodes[edge.source], False) for edge in incoming]
        touches = touches_of(graph, node) if node.kind in _PRINCIPALS else []
        kinds = PERMISSIONS if touches else ()
        out = [
            Neighbour(edge, graph.nodes[edge.target], True)
            for edge in graph.outgoing(node.id)
            if edge.kind not in kinds or edge.decision is Decision.DENY
        ]
        out += [Neighbour(replace(each.edge, actions=each.actions), each.target, True, each) for each in touches]
        return [each for each in (*into, *out) if filters.level is None or filters.level in each.edge.actions.levels()]

    def can_tell_inside(self, each: Neighbour) -> bool:
        """Whether an edge is a grant on a pattern whose known things can be told: not of roles to pass or become."""
        touch = each.touch
        return self.graph.decisions is not None and touch is not None and touch.is_wide and touch.verb in ("", "invoke")

    def inside(self, each: Neighbour) -> list[Neighbour]:
        """The known things that a grant on a pattern matches, each with what it allows there."""
        if each.touch is None or not self.can_tell_inside(each):
            return []
        holder = self.graph.nodes[each.edge.source]
        found = [
            Neighbour(
                replace(
                    each.edge,
                    target=member.id,
                    actions=actions,
                    decision=Decision.CONDITIONAL if unsure else each.edge.decision,
                ),
                member,
                True,
            )
            for member, actions, unsure in self._members.through(holder, each.touch)
        ]
        return sorted(found, key=lambda one: (one.name, one.node.id))

    def _is_near_another_account(self, node: Node) -> bool:
        near = (node, *(each.node for each in self.neighbours(node, Filters())))
        return any(each.account and each.account not in self._own and each.account != "aws" for each in near)

    def _reached_by_anyone(self) -> set[str]:
        """Everything that can follow from a call by the public; what is conditional counts."""
        graph = self.graph
        kinds = (
            EdgeKind.CAN_INVOKE,
            EdgeKind.TRIGGERS,
            EdgeKind.EXECUTES_AS,
            EdgeKind.CAN_ASSUME,
            EdgeKind.CAN_ACCESS,
            EdgeKind.DELIVERS_TO,
        )
        seen = {node.id for node in graph.nodes.values() if node.kind is NodeKind.PUBLIC or is_open(graph, node)}
        todo = list(seen)
        while todo:
            for edge in graph.outgoing(todo.pop(), *kinds):
                if edge.authorized is not False and edge.target not in seen:
                    seen.add(edge.target)
                    todo.append(edge.target)
        return seen


def _rank(node: Node) -> int:
    return _ORDER.index(node.kind) if node.kind in _ORDER else len(_ORDER)
