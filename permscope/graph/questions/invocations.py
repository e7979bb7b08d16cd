"""Who can make a function run: directly, through what triggers it, or by taking over somebody who can."""

from __future__ import annotations

from typing import NamedTuple

from permscope.graph.model import Decision, Edge, EdgeKind, Node, NodeKind, PermissionGraph
from permscope.graph.questions.asking import Answer, who_can

INVOKE = "lambda:InvokeFunction"
_SHOWN_ROUTES = 3


class Indirectly(NamedTuple):
    """One principal that can make a function run without being allowed to invoke it.

    Attributes:
        principal: role, user, `public`, ...
        decision: whether it surely can.
        through: the route that is called, the source that is written to, or whom it takes over.
        edge: where the graph says so.
        reason: how, as a clause.
    """

    principal: Node
    decision: Decision
    through: Node
    edge: Edge
    reason: str


class Invocations(NamedTuple):
    """Everyone who can make a function run; certain ones first.

    Attributes:
        function: what runs.
        direct: who may invoke it.
        through_triggers: who may call a route or URL of it, or write to what runs it.
        through_takeovers: who may become one of those, or let itself in.
    """

    function: Node
    direct: tuple[Answer, ...]
    through_triggers: tuple[Indirectly, ...]
    through_takeovers: tuple[Indirectly, ...]


def who_can_invoke(graph: PermissionGraph, function: Node) -> Invocations:
    """The three ways to a function.

    Args:
        graph: with `writes_into` and `can_take_over` derived.
        function: what is to run.
    """
    direct = tuple(who_can(graph, INVOKE, function.id))
    writing = [
        *_calling(graph, function),
        *(
            _indirectly(graph, edge, edge.via or edge.source)
            for edge in graph.incoming(function.id, EdgeKind.WRITES_INTO)
            if edge.decision is not Decision.DENY
        ),
    ]
    able = {answer.principal.id for answer in direct} | {one.principal.id for one in writing}
    known = {node_id for node_id in able if graph.nodes[node_id].kind in (NodeKind.ROLE, NodeKind.USER)}
    taking = [
        _indirectly(graph, edge, edge.target)
        for target in (*sorted(known), function.id)
        for edge in graph.incoming(target, EdgeKind.CAN_TAKE_OVER)
        if edge.source not in able and edge.decision is not Decision.DENY
    ]
    return Invocations(function, direct, _sorted(writing), _sorted(taking))


def _calling(graph: PermissionGraph, function: Node) -> list[Indirectly]:
    """Callers of the routes and URLs that run the function: each once for the certain ones and once for the others."""
    found: dict[tuple[str, Decision], list[tuple[Node, Edge]]] = {}
    for wired in graph.incoming(function.id, EdgeKind.TRIGGERS):
        route = graph.nodes[wired.source]
        if route.kind is not NodeKind.ROUTE or wired.authorized is False:
            continue
        for call in graph.incoming(route.id, EdgeKind.CAN_INVOKE):
            if call.decision is not Decision.DENY:
                sure = call.decision is Decision.ALLOW and wired.authorized is True
                found.setdefault((call.source, Decision.ALLOW if sure else Decision.CONDITIONAL), []).append(
                    (route, call)
                )
    made = []
    for (caller, decision), calls in found.items():
        labels = list(dict.fromkeys(f"`{route.label}`" for route, _ in calls))
        more = f" and {len(labels) - _SHOWN_ROUTES} more" if len(labels) > _SHOWN_ROUTES else ""
        reason = f"calls {', '.join(labels[:_SHOWN_ROUTES])}{more}"
        made.append(Indirectly(graph.nodes[caller], decision, calls[0][0], calls[0][1], reason))
    return made


def _indirectly(graph: PermissionGraph, edge: Edge, through: str) -> Indirectly:
    return Indirectly(graph.nodes[edge.source], edge.decision, graph.nodes[through], edge, edge.reason or "")


def _sorted(found: list[Indirectly]) -> tuple[Indirectly, ...]:
    def order(one: Indirectly) -> tuple[bool, str, str]:
        return one.decision is not Decision.ALLOW, one.principal.label, one.through.id

    return tuple(sorted(found, key=order))
