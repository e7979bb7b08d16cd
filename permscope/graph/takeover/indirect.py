"""Who may run a function without invoking it, by writing to what triggers it: `writes_into`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from permscope.graph.acting import is_wired_call
from permscope.graph.collector import distinct
from permscope.graph.guards import agreed
from permscope.graph.model import Decision, Edge, EdgeKind, Node, NodeKind, PermissionGraph
from permscope.graph.questions.queries import in_set
from permscope.graph.takeover.feeding import feeding_actions
from permscope.inventory.arn import split_arn

_MOST_MEMBERS = 50  # a wider grant is said once, by its edge to the set


class _Fed(NamedTuple):
    """A function that a source runs, and the wirings on the way."""

    function: str
    way: tuple[Edge, ...]


class Indirect:
    """Derives `writes_into` edges.

    Args:
        graph: with every other edge in it.
    """

    def __init__(self, graph: PermissionGraph) -> None:
        self._graph = graph
        self._fed: dict[str, tuple[_Fed, ...]] = {}
        sources = dict.fromkeys(edge.source for edge in graph.edges_of(EdgeKind.TRIGGERS, EdgeKind.DELIVERS_TO))
        self._sources = [
            node
            for node in map(graph.nodes.__getitem__, sources)
            if node.kind in (NodeKind.RESOURCE, NodeKind.EXTERNAL) and feeding_actions(node.type)
        ]
        self._in_sets: dict[str, tuple[Node, ...]] = {}

    def add(self) -> None:
        """An edge for each principal, function and source between them."""
        for edge in list(self._graph.edges_of(EdgeKind.CAN_ACCESS)):
            if edge.decision is Decision.DENY or self._graph.nodes[edge.source].kind is NodeKind.GROUP:
                continue
            if is_wired_call(edge):
                continue
            for source in self._written(edge):
                actions = edge.actions & feeding_actions(source.type)
                if not actions:
                    continue
                for fed in self._functions(source.id):
                    sure = edge.decision is Decision.ALLOW and all(each.decision is Decision.ALLOW for each in fed.way)
                    written = ", ".join(actions.patterns(limit=3))
                    self._graph.add_edge(
                        Edge(
                            source=edge.source,
                            target=fed.function,
                            kind=EdgeKind.WRITES_INTO,
                            actions=actions,
                            conditions=edge.conditions,
                            decision=Decision.ALLOW if sure else Decision.CONDITIONAL,
                            via=source.id,
                            reason=f"`{written}` on `{source.label}`, which runs the function",
                            provenance=distinct(
                                (*edge.provenance, *(one for each in fed.way for one in each.provenance))
                            ),
                        )
                    )

    def _written(self, edge: Edge) -> tuple[Node, ...]:
        """The sources an edge gives access to."""
        target = self._graph.nodes[edge.target]
        if target.kind is not NodeKind.RESOURCE_SET:
            return (target,) if feeding_actions(target.type) else ()
        if target.id not in self._in_sets:
            service = f":{_service_of(target.arn)}:"
            near = (each for each in self._sources if each.arn and (service in each.arn or service == "::"))
            self._in_sets[target.id] = tuple(each for each in near if in_set(target, each.arn or ""))
        members = self._in_sets[target.id]
        if len(members) > _MOST_MEMBERS:
            return ()
        return tuple(
            each
            for each in members
            if not edge.actions.isdisjoint(feeding_actions(each.type)) and self._still_allowed(edge, each)
        )

    def _still_allowed(self, edge: Edge, member: Node) -> bool:
        decisions = self._graph.decisions
        if decisions is None or member.arn is None or decisions.principal(edge.source) is None:
            return True
        if not agreed(decisions, self._graph.nodes[edge.source], member, edge.actions & feeding_actions(member.type)):
            return False
        if edge.reason is None:
            return True
        return not decisions.on(edge.source, member.arn).isdisjoint(edge.actions)

    def _functions(self, source_id: str) -> tuple[_Fed, ...]:
        """The functions that writing to a source runs, directly or through what it delivers to."""
        if source_id not in self._fed:
            self._fed[source_id] = tuple(self._walk(source_id))
        return self._fed[source_id]

    def _walk(self, source_id: str) -> Iterator[_Fed]:
        todo: list[tuple[str, tuple[Edge, ...]]] = [(source_id, ())]
        seen = {source_id}
        while todo:
            node_id, way = todo.pop()
            for edge in self._graph.outgoing(node_id, EdgeKind.TRIGGERS, EdgeKind.DELIVERS_TO):
                if edge.authorized is False or edge.target in seen or edge.event in _NOT_ON_WRITING:
                    continue
                seen.add(edge.target)
                if self._graph.nodes[edge.target].kind is NodeKind.FUNCTION:
                    yield _Fed(edge.target, (*way, edge))
                else:
                    todo.append((edge.target, (*way, edge)))


def _service_of(pattern: str | None) -> str:
    """The service field of an ARN pattern; empty where it is open."""
    parts = split_arn(pattern) if pattern else None
    return parts.service if parts is not None and "*" not in parts.service else ""


_NOT_ON_WRITING = frozenset({"dead-letter-queue", "on-failure", "redrive"})
