"""How far the public gets: through open doors to what stands right behind them, and on from there."""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterator, Mapping
from typing import NamedTuple

from permscope.graph.model import Decision, Edge, EdgeKind, Node, NodeKind, PermissionGraph
from permscope.inventory.facts import Resource
from permscope.inventory.inventory import Inventory

_IDENTITY_POOL = "AWS::Cognito::IdentityPool"
_SHOWN = 3
_FOLLOWED = (
    EdgeKind.CAN_INVOKE,
    EdgeKind.WRITES_INTO,
    EdgeKind.TRIGGERS,
    EdgeKind.DELIVERS_TO,
    EdgeKind.CAN_ACCESS,
    EdgeKind.EXECUTES_AS,
)


class Led(NamedTuple):
    """What the public gets to over others.

    Attributes:
        how: the way there, as a clause.
        path: labels of the hops, the public first.
    """

    how: str
    path: tuple[str, ...]


def exposed(graph: PermissionGraph, inventory: Inventory) -> Mapping[str, str]:
    """Why each function, role and resource right behind an open door is exposed, as a clause.

    Args:
        graph: with everything in it.
        inventory: for the identity pools that let guests in.
    """
    found: dict[str, str] = {}
    for door, reason in (*_open_doors(graph), *_guest_roles(graph, inventory)):
        for node_id, between in _behind(graph, door, found).items():
            how = _clause(reason, ("public", *between))
            found.setdefault(node_id, how)
            for edge in graph.outgoing(node_id, EdgeKind.EXECUTES_AS):
                found.setdefault(edge.target, how)
    return found


def _open_doors(graph: PermissionGraph) -> Iterator[tuple[str, str]]:
    for public in graph.of_kind(NodeKind.PUBLIC):
        for edge in graph.outgoing(public.id, EdgeKind.CAN_INVOKE, EdgeKind.CAN_ACCESS):
            if edge.decision is not Decision.ALLOW:
                continue
            target = graph.nodes[edge.target]
            what = "the public can call" if edge.kind is EdgeKind.CAN_INVOKE else "the public can write to"
            if edge.kind is EdgeKind.CAN_ACCESS and "Write" not in edge.actions.levels():
                continue
            yield target.id, f"{what} `{target.label}`"


def _guest_roles(graph: PermissionGraph, inventory: Inventory) -> Iterator[tuple[str, str]]:
    """Roles that identity pools give to everybody.

    https://docs.aws.amazon.com/cognito/latest/developerguide/identity-pools.html
    """
    for fact in inventory.resources.values():
        if fact.type != _IDENTITY_POOL or fact.attributes.get("allow_unauthenticated_identities") is not True:
            continue
        arns = fact.attributes.get("unauthenticated_role_arns")
        for arn in arns if isinstance(arns, tuple) else ():
            if arn in graph.nodes:
                yield arn, f"guests of `{_label(graph, fact)}` get `{graph.nodes[arn].label}`"


def _label(graph: PermissionGraph, fact: Resource) -> str:
    node = graph.nodes.get(fact.id)
    return node.label if node else fact.name


def _behind(graph: PermissionGraph, door: str, known: Container[str]) -> dict[str, tuple[str, ...]]:
    """What a door leads to without code between that decides, with the labels of the stations on the way.

    What is known to be behind another door is left out, with what comes after it.

    Functions, also those behind a load balancer's targets, the data source of a GraphQL field, or the queue that a
    route writes to: what the public sends arrives there as it is.
    """
    found: dict[str, tuple[str, ...]] = {door: ()}
    todo = deque([door])
    while todo:
        node_id = todo.popleft()
        node = graph.nodes[node_id]
        if node.kind is NodeKind.FUNCTION or node.type in _DECIDES:
            continue
        between = found[node_id] if node_id == door else (*found[node_id], node.label)
        for edge in graph.outgoing(node_id, *_PASSED):
            if edge.target not in found and edge.target not in known and _passes_on(graph, node, edge):
                found[edge.target] = between
                todo.append(edge.target)
    return found


# Things with a logic of their own: what goes in and what comes out are not the same.
_DECIDES = frozenset({"AWS::StepFunctions::StateMachine"})
_PASSED = (EdgeKind.TRIGGERS, EdgeKind.DELIVERS_TO, EdgeKind.CAN_ACCESS, EdgeKind.CAN_INVOKE, EdgeKind.WRITES_INTO)
FAILURES = ("dead-letter-queue", "on-failure", "redrive")


def _passes_on(graph: PermissionGraph, node: Node, edge: Edge) -> bool:
    """Whether what reaches a node reaches the target of one of its edges, too."""
    match edge.kind:
        case EdgeKind.TRIGGERS:
            return edge.authorized is not False
        case EdgeKind.DELIVERS_TO:
            return edge.authorized is not False and edge.event not in FAILURES
        case EdgeKind.CAN_ACCESS:
            writes = not _CHANGES.isdisjoint(edge.actions.levels())
            return node.kind is NodeKind.ROUTE and writes and edge.via is not None and _is_resource(graph, edge)
        case _:
            calls = graph.nodes[edge.target].kind in (NodeKind.FUNCTION, NodeKind.ROUTE)
            return node.kind is NodeKind.ROLE and calls and edge.decision is Decision.ALLOW


_CHANGES = frozenset({"Write", "Permissions management"})


def led_to(graph: PermissionGraph, open_to_public: Mapping[str, str]) -> Mapping[str, Led]:
    """Functions that the public makes run over what is exposed: over queues, state machines and other functions.

    Only what is named counts: a function that may invoke every function leads to none of them.

    Args:
        graph: with everything in it.
        open_to_public: what `exposed` says.
    """
    found: dict[str, Led] = {}
    acting = {
        edge.target for node_id in open_to_public for edge in graph.outgoing(node_id, EdgeKind.EXECUTES_AS)
    }  # met again as what the functions and routes act with
    doors = [node_id for node_id in open_to_public if node_id not in acting]
    seen = set(doors)
    todo: deque[tuple[str, str, tuple[str, ...]]] = deque(
        (node_id, open_to_public[node_id], ("public", graph.nodes[node_id].label)) for node_id in doors
    )
    while todo:
        node_id, how, path = todo.popleft()
        for edge in graph.outgoing(node_id, *_FOLLOWED):
            if edge.target in seen or not _leads_on(graph, edge):
                continue
            seen.add(edge.target)
            target = graph.nodes[edge.target]
            further = path
            if target.kind is not NodeKind.ROLE:
                source = graph.nodes.get(edge.via or "") if edge.kind is EdgeKind.WRITES_INTO else None
                further = (*path, *((source.label,) if source else ()), target.label)
            if target.kind is NodeKind.FUNCTION:
                found[target.id] = Led(_clause(how, further[:-1]), further)
            todo.append((target.id, how, further))
    return found


def _clause(how: str, path: tuple[str, ...]) -> str:
    """The door, and what lies between it and the last station."""
    between = [label for label in dict.fromkeys(path[1:]) if f"`{label}`" not in how]
    if not between:
        return how
    more = " and others" if len(between) > _SHOWN else ""
    return f"{how}, which goes on over {', '.join(f'`{label}`' for label in between[:_SHOWN])}{more}"


def _leads_on(graph: PermissionGraph, edge: Edge) -> bool:
    """Whether who sets the source going surely sets the target going as well."""
    match edge.kind:
        case EdgeKind.CAN_INVOKE | EdgeKind.WRITES_INTO:
            return _runs(graph, edge)
        case EdgeKind.TRIGGERS | EdgeKind.DELIVERS_TO:
            return edge.authorized is True and edge.event not in FAILURES
        case EdgeKind.CAN_ACCESS:
            # The one call that a route is wired to make, of a state machine or queue.
            return (
                edge.via is not None and graph.nodes[edge.source].kind is NodeKind.ROUTE and _is_resource(graph, edge)
            )
        case _:
            return edge.authorized is not False and not edge.attributes.get("bounded")


def _runs(graph: PermissionGraph, edge: Edge) -> bool:
    return edge.decision is Decision.ALLOW and graph.nodes[edge.target].kind is NodeKind.FUNCTION


def _is_resource(graph: PermissionGraph, edge: Edge) -> bool:
    return edge.decision is Decision.ALLOW and graph.nodes[edge.target].kind is NodeKind.RESOURCE
