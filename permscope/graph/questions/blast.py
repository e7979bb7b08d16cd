"""The blast radius of a function or principal: what can be reached from it, at which level, in how many steps."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from permscope.catalog.actions import LEVELS, ActionSet, load
from permscope.graph.model import Decision, Edge, EdgeKind, Node, NodeKind, PermissionGraph
from permscope.graph.questions.paths import FOLLOWED, State, can_follow, ends_of, start_of

_MOST_SURE = 20_000
_MOST = 5_000  # states; beyond that the answer says that it is not all


class Reached(NamedTuple):
    """One thing in the radius.

    Attributes:
        target: the thing, or the set of things.
        steps: hops from the start to what has access to it; acting with a role is no step.
        levels: access levels, the mildest first.
        actions: what can be done to it.
        decision: whether it surely can.
        holder: the role or service that has the access.
    """

    target: Node
    steps: int
    levels: tuple[str, ...]
    actions: ActionSet
    decision: Decision
    holder: Node


class BlastRadius(NamedTuple):
    """Everything that can be reached.

    Attributes:
        start: where it begins.
        reached: data and resources, the nearest first.
        functions: functions that can be made to run besides.
        identities: roles and users that can be become, its own role not counted.
        complete: whether that is all.
    """

    start: Node
    reached: tuple[Reached, ...]
    functions: tuple[Node, ...]
    identities: tuple[Node, ...]
    complete: bool


def blast_radius(graph: PermissionGraph, start: Node) -> BlastRadius:
    """What somebody who controls a node can reach from it."""
    first = start_of(start)
    members = [node for node in graph.of_kind(NodeKind.FUNCTION) if node.arn]
    sure = _surely_reached(graph, start, members)
    steps = {first: 0}
    todo = deque([first])
    found: dict[tuple[str, str], Reached] = {}
    functions: dict[str, Node] = {}
    identities: dict[str, Node] = {}
    while todo and len(steps) < _MOST:
        state = todo.popleft()
        distance = steps[state]
        for edge in graph.outgoing(state.id, *FOLLOWED, EdgeKind.WRITES_INTO):
            if not can_follow(graph, state, edge):
                continue
            if edge.kind is EdgeKind.CAN_ACCESS:
                _touch(found, graph, edge, distance, state in sure and edge.decision is Decision.ALLOW)
            cost = 0 if edge.kind is EdgeKind.EXECUTES_AS else 1
            for target, running in ends_of(graph, edge, start, members):
                following = start_of(target)._replace(running=running)
                if following in steps or target.id == start.id:
                    continue
                steps[following] = distance + cost
                (todo.appendleft if cost == 0 else todo.append)(following)
                if target.kind is NodeKind.FUNCTION and running:
                    functions.setdefault(target.id, target)
                elif target.kind in (NodeKind.ROLE, NodeKind.USER) and edge.kind is not EdgeKind.EXECUTES_AS:
                    identities.setdefault(target.id, target)
    order = sorted(found.values(), key=lambda one: (one.steps, one.target.label, one.holder.label))
    return BlastRadius(start, tuple(order), tuple(functions.values()), tuple(identities.values()), not todo)


def _surely_reached(graph: PermissionGraph, start: Node, members: list[Node]) -> set[State]:
    """What is reached without a condition on the way, however long the way is."""
    found = {start_of(start)}
    todo = deque(found)
    while todo and len(found) < _MOST_SURE:
        state = todo.popleft()
        for edge in graph.outgoing(state.id, *FOLLOWED, EdgeKind.WRITES_INTO):
            if edge.decision is not Decision.ALLOW or not can_follow(graph, state, edge):
                continue
            for target, running in ends_of(graph, edge, start, members):
                following = start_of(target)._replace(running=running)
                if following not in found:
                    found.add(following)
                    todo.append(following)
    return found


def _touch(
    found: dict[tuple[str, str], Reached], graph: PermissionGraph, edge: Edge, distance: int, certain: bool
) -> None:
    key = (edge.target, edge.source)
    known = found.get(key)
    actions = edge.actions if known is None else known.actions | edge.actions
    decision = Decision.ALLOW if certain or (known and known.decision is Decision.ALLOW) else Decision.CONDITIONAL
    catalog = load()
    levels = tuple(level for level in LEVELS if not actions.isdisjoint(catalog.level_set(level)))
    near = distance if known is None else min(known.steps, distance)
    found[key] = Reached(graph.nodes[edge.target], near, levels, actions, decision, graph.nodes[edge.source])
