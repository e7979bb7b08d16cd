"""Ways that end at an administrator: over several principals, in a circle, or through a function."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from permscope.audit.checks.breadth import admin_principals, view_of
from permscope.audit.checks.takeovers import SHOWN, blamed
from permscope.audit.findings import Hit
from permscope.audit.predicates import Taken, finder
from permscope.audit.subjects import Subject
from permscope.audit.world import PrincipalView, World
from permscope.catalog.actions import load
from permscope.graph.model import Decision, Edge, EdgeKind, NodeKind
from permscope.graph.questions.paths import still_allowed
from permscope.graph.questions.queries import in_set

_STEPS = (EdgeKind.CAN_TAKE_OVER, EdgeKind.CAN_ASSUME)


@finder("principal", values=("principal", "targets", "chain"))
def chains_to_administrators(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """The shortest way of two or more steps by which a principal becomes an administrator."""
    view = view_of(subject)
    if view.node is None or view.node.id in admin_principals(view.world):
        return
    way = way_to_administrator(view.world, view.node.id)
    if len(way) > 1:  # a single step has a rule of its own
        yield _chain_hit(view, way)


def way_to_administrator(world: World, start: str, *, sure: bool = False) -> list[Edge]:
    """The shortest way by which a principal becomes an administrator; empty where there is none.

    Args:
        world: of the principal.
        start: its node id.
        sure: whether every step has to be open without a condition.
    """
    admins = admin_principals(world)
    came: dict[str, Edge] = {}
    todo = deque([start] if admins else ())
    while todo:
        for edge in world.graph.outgoing(todo.popleft(), *_STEPS):
            closed = edge.decision is Decision.DENY or (sure and edge.decision is not Decision.ALLOW)
            if closed or edge.target in came or edge.target == start:
                continue
            came[edge.target] = edge
            if edge.target in admins:
                return _way(came, start, edge.target)
            todo.append(edge.target)
    return []


def _way(came: dict[str, Edge], start: str, end: str) -> list[Edge]:
    found: list[Edge] = []
    at = end
    while at != start:
        found.append(came[at])
        at = came[at].source
    return found[::-1]


def _chain_hit(view: PrincipalView, way: list[Edge]) -> Hit:
    nodes = view.world.graph.nodes
    labels = tuple(nodes[step].label for step in (way[0].source, *(edge.target for edge in way)))
    steps = [
        f"{number}. {edge.reason or f'assumes `{nodes[edge.target].label}`'}"
        for number, edge in enumerate(way, start=1)
    ]
    place, element = blamed(view, way[:1], way[0].actions)
    return Hit(
        element=element,
        source=place,
        resource=view.fact.logical_id or getattr(view.fact, "arn", view.label),
        nodes=(way[0].source, *(edge.target for edge in way)),
        values={"principal": view.label, "targets": labels[-1], "chain": "; ".join(steps)},
        confidence=None if all(edge.decision is Decision.ALLOW for edge in way) else "medium",
        path=labels,
    )


@finder("principal", values=("principal", "targets"))
def circles(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each principal that can become this one and that this one can become; said once, at the name that sorts first."""
    view = view_of(subject)
    world = view.world
    if view.node is None:
        return
    graph, own = world.graph, view.node.id
    others = {edge.target for edge in graph.outgoing(own, *_STEPS) if edge.decision is not Decision.DENY}
    for other in sorted(others):
        if other <= own or other not in world.by_arn:
            continue
        if any(edge.target == own and edge.decision is not Decision.DENY for edge in graph.outgoing(other, *_STEPS)):
            label = graph.nodes[other].label
            yield Hit(
                element=label,
                nodes=(own, other),
                values={"principal": view.label, "targets": label},
                path=(view.label, label, view.label),
            )


# Functions


def runs_as(world: World, function_id: str) -> str | None:
    """The role of the input that a function runs with."""
    for edge in world.graph.outgoing(function_id, EdgeKind.EXECUTES_AS):
        if edge.target in world.by_arn:
            return edge.target
    return None


def _admin_functions(world: World) -> dict[str, str]:
    """Functions that run as administrators: node id and label."""
    known: dict[str, str] | None = world.memo.get("admin_functions")
    if known is None:
        admins = admin_principals(world)
        known = world.memo["admin_functions"] = {
            node.id: node.label
            for node in (world.graph.of_kind(NodeKind.FUNCTION) if admins else ())
            if runs_as(world, node.id) in admins
        }
    return known


@finder("principal", values=("principal", "targets"))
def invokes_administrators(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """The functions of administrators that a principal without such power may invoke."""
    view = view_of(subject)
    world = view.world
    functions = _admin_functions(world)
    if not functions or view.node is None or view.node.id in admin_principals(world):
        return
    found: dict[str, Edge] = {}
    for edge in world.graph.outgoing(view.node.id, EdgeKind.CAN_INVOKE, EdgeKind.CAN_ACCESS):
        if edge.decision is Decision.DENY or "lambda:InvokeFunction" not in edge.actions:
            continue
        target = world.graph.nodes[edge.target]
        if target.id in functions:
            found.setdefault(target.id, edge)
        elif target.kind is NodeKind.RESOURCE_SET:
            for function in functions:
                if in_set(target, function) and still_allowed(world.graph, edge, world.graph.nodes[function]):
                    found.setdefault(function, edge)
    if not found:
        return
    labels = [functions[function] for function in found]
    edges = list(found.values())
    place, element = blamed(view, edges, load().expand("lambda:InvokeFunction"))
    yield Hit(
        element=element,
        source=place,
        resource=view.fact.logical_id or getattr(view.fact, "arn", view.label),
        nodes=(view.node.id, *found),
        values={"principal": view.label, "targets": ", ".join(f"`{label}`" for label in labels[:SHOWN])},
        path=(view.label, labels[0]),
    )


@finder("function", values=("role", "target", "reason"))
def one_step_from_administrator(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """The administrator that the role of a function can become in one step."""
    world = subject.world
    admins = admin_principals(world)
    role = runs_as(world, subject.it.id)
    if role is None or role in admins or not admins:
        return
    for edge in world.graph.outgoing(role, *_STEPS):
        if edge.target in admins and edge.decision is not Decision.DENY:
            target, own = world.graph.nodes[edge.target], world.graph.nodes[role]
            reason = edge.reason or f"assumes `{target.label}`"
            yield Hit(
                element=target.label,
                nodes=(role, target.id),
                values={"role": own.label, "target": target.label, "reason": reason},
                confidence=None if edge.decision is Decision.ALLOW else "medium",
                path=(subject.it.label, own.label, target.label),
            )
            return
