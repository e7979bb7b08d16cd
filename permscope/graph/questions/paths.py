"""Ways from one node to another along permissions, hop by hop, each with its reasons."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from itertools import islice, pairwise
from typing import TYPE_CHECKING, NamedTuple

from permscope.catalog.actions import ActionSet
from permscope.graph.guards import agreed, becoming
from permscope.graph.model import Decision, Edge, EdgeKind, Node, NodeKind, PermissionGraph
from permscope.graph.questions.queries import in_set
from permscope.graph.takeover.feeding import feeds
from permscope.policy.applicable import applicable_actions
from permscope.policy.effective import parts_of
from permscope.policy.matching import encode

if TYPE_CHECKING:
    import networkx as nx

# `writes_into` is the short form of ways that are followed here in full.
FOLLOWED = (
    EdgeKind.CAN_INVOKE,
    EdgeKind.TRIGGERS,
    EdgeKind.EXECUTES_AS,
    EdgeKind.CAN_ASSUME,
    EdgeKind.CAN_ACCESS,
    EdgeKind.CAN_TAKE_OVER,
    EdgeKind.DELIVERS_TO,
)
_IDENTITIES = (NodeKind.ROLE, NodeKind.USER)
_CONDITIONAL_COST = 0.01
_DETOUR = 3.0  # hops; in a large graph, whoever asks for the shortest few ways does not want longer ones
_LARGE = 500  # states


class Hop(NamedTuple):
    """One step: the edge that allows it, and the known thing meant where the edge ends at a set."""

    edge: Edge
    source: Node
    target: Node


class Path(NamedTuple):
    """A way from one node to another.

    Attributes:
        hops: in order.
        decision: `CONDITIONAL` when any hop is.
    """

    hops: tuple[Hop, ...]
    decision: Decision


class State(NamedTuple):
    """A node, and whether what runs it was set going: data reached is not a source that was written to."""

    id: str
    running: bool


GOAL = State("", False)


def find_paths(graph: PermissionGraph, start: Node, end: Node, limit: int = 5) -> list[Path]:
    """The shortest ways from one node to another, certain ones before conditional ones of the same length.

    Args:
        graph: what to search.
        start: role, function, service, `public`, bucket, ...; from a resource: whoever can write to it.
        end: what to reach.
        limit: at most so many ways.
    """
    import networkx as nx

    if start.id == end.id:
        return []
    network = ways(graph, start, end)
    first = State(start.id, True)
    if network is None:
        return []
    found: list[Path] = []
    seen: set[tuple[int, ...]] = set()
    for states in islice(nx.shortest_simple_paths(network, first, GOAL, weight="weight"), limit * 4):
        hops = tuple(network.edges[one, other]["hop"] for one, other in pairwise(states) if other != GOAL)
        key = tuple(id(hop.edge) for hop in hops)
        if key in seen or any(hop.target.id == end.id for hop in hops[:-1]):
            continue
        seen.add(key)
        sure = all(hop.edge.decision is Decision.ALLOW for hop in hops)
        found.append(Path(hops, Decision.ALLOW if sure else Decision.CONDITIONAL))
        if len(found) == limit:
            break
    return found


def start_of(node: Node) -> State:
    """Where the ways from a node begin."""
    return State(node.id, True)


def ways(graph: PermissionGraph, start: Node, end: Node, detour: float | None = _DETOUR) -> nx.DiGraph[State] | None:
    """The part of the graph that lies on ways from one node to another; None where there is no way.

    Args:
        graph: what to search.
        start: where the ways begin.
        end: where they end.
        detour: in a large graph, leave out ways longer than the shortest by more than so many hops; None for none.
    """
    import networkx as nx

    network = _network(graph, start, end)
    first = State(start.id, True)
    for running in (False, True):
        if State(end.id, running) in network:
            network.add_edge(State(end.id, running), GOAL, weight=0.0, hop=None, hops=[])
    if GOAL not in network or not nx.has_path(network, first, GOAL):
        return None
    there = nx.single_source_dijkstra_path_length(network, first)
    back = nx.single_source_dijkstra_path_length(network.reverse(copy=False), GOAL)
    wide = detour is not None and len(network) > _LARGE
    most = there[GOAL] + (detour or 0.0) if wide else float("inf")
    near = [state for state in there if there[state] + back.get(state, float("inf")) <= most and state in back]
    part: nx.DiGraph[State] = network.subgraph(near).copy()
    return part


def _network(graph: PermissionGraph, start: Node, end: Node) -> nx.DiGraph[State]:
    """What can be reached from a node, as far as it is needed."""
    import networkx as nx

    network: nx.DiGraph[State] = nx.DiGraph()
    first = State(start.id, True)
    todo = deque([first])
    seen = {first}
    network.add_node(first)
    functions = [node for node in graph.of_kind(NodeKind.FUNCTION) if node.arn]
    while todo:
        state = todo.popleft()
        for edge in graph.outgoing(state.id, *FOLLOWED):
            if not can_follow(graph, state, edge):
                continue
            for target, running in ends_of(graph, edge, end, functions):
                following = State(target.id, running)
                hop = Hop(edge, graph.nodes[edge.source], target)
                _keep(network, state, following, hop)
                if following not in seen:
                    seen.add(following)
                    todo.append(following)
    return network


def can_follow(graph: PermissionGraph, state: State, edge: Edge) -> bool:
    """Whether an edge leads on: what is denied does not, nor does what was only read or described, and not run."""
    if edge.decision is Decision.DENY or edge.authorized is False:
        return False
    if edge.kind is EdgeKind.CAN_INVOKE and graph.nodes[edge.target].kind is NodeKind.FUNCTION and _is_by_url(edge):
        return False  # the URL is a door of its own
    if edge.kind is EdgeKind.EXECUTES_AS and edge.attributes.get("bounded"):
        return False  # it makes the calls that are edges of its own, and no others
    return state.running or graph.nodes[state.id].kind is NodeKind.RESOURCE_SET


def _is_by_url(edge: Edge) -> bool:
    """Whether a function may be called through its URL only.

    https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
    """
    keys = (str(key).lower() for found in edge.conditions.values() if isinstance(found, Mapping) for key in found)
    return any(key in ("lambda:functionurlauthtype", "lambda:invokedviafunctionurl") for key in keys)


def ends_of(graph: PermissionGraph, edge: Edge, end: Node, functions: list[Node]) -> Iterator[tuple[Node, bool]]:
    """Where an edge leads: its target, and of a set the known things in it that matter."""
    target = graph.nodes[edge.target]
    if target.kind is not NodeKind.RESOURCE_SET:
        yield target, edge.kind is not EdgeKind.CAN_ACCESS or feeds(edge, target.type)
        return
    yield target, False
    members = functions if edge.kind is EdgeKind.CAN_INVOKE else [end]
    if edge.kind is EdgeKind.CAN_ASSUME:
        account = f"account:{graph.nodes[edge.source].account}"
        members = [graph.nodes[trusting.target] for trusting in graph.outgoing(account, EdgeKind.CAN_ASSUME)]
    for member in members:
        if member.arn and in_set(target, member.arn) and still_allowed(graph, edge, member):
            yield member, edge.kind is not EdgeKind.CAN_ACCESS or feeds(edge, member.type)


def still_allowed(graph: PermissionGraph, edge: Edge, member: Node) -> bool:
    """Whether a wide grant still holds for one of its members, Deny taken off."""
    if member.arn is None or (edge.kind is EdgeKind.CAN_ACCESS and not _can_be_about(edge.actions, member.arn)):
        return False
    source = graph.nodes[edge.source]
    if graph.decisions is None or source.kind not in _IDENTITIES:
        return True
    if edge.kind is not EdgeKind.CAN_ASSUME:
        left = agreed(graph.decisions, source, member, edge.actions)
        if member.kind is NodeKind.ROLE and any(
            one.target == member.id for one in graph.outgoing(edge.source, EdgeKind.CAN_ASSUME)
        ):
            left -= becoming()  # its own edge says it
        if not _can_be_about(left, member.arn):
            return False
    if edge.reason is None and edge.decision is Decision.ALLOW:
        return True  # a grant that nothing limits holds for every member
    return not graph.decisions.on(edge.source, member.arn).isdisjoint(edge.actions)


def _can_be_about(actions: ActionSet, arn: str) -> bool:
    """Whether one of some actions can be about a thing or what is below it."""
    for part in parts_of(encode(arn)):
        able = applicable_actions(part)
        if (able is None and actions) or (able is not None and not actions.isdisjoint(able)):
            return True
    return False


def _keep(network: nx.DiGraph[State], one: State, other: State, hop: Hop) -> None:
    """Of several edges between two nodes, the certain one."""
    weight = 1.0 + (0.0 if hop.edge.decision is Decision.ALLOW else _CONDITIONAL_COST)
    known = network.get_edge_data(one, other)
    hops = [*known["hops"], hop] if known is not None else [hop]
    if known is None or known["weight"] > weight:
        network.add_edge(one, other, weight=weight, hop=hop, hops=hops)
    else:
        known["hops"] = hops
