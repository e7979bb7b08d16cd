"""The smallest set of statements whose removal breaks every way from one node to another, and what else it would break.

A permission holds while any statement behind it stands, so all of them must go; so does a wiring that the function's
own policy lets in. Any other wiring needs every one of its statements, so one is enough.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from permscope.graph.model import Edge, EdgeKind, Node, NodeKind, PermissionGraph, Provenance
from permscope.graph.questions.paths import GOAL, Hop, start_of, ways
from permscope.inventory.policies import PolicyKind
from permscope.inventory.source import Source

if TYPE_CHECKING:
    import networkx as nx

_WIRED = (EdgeKind.TRIGGERS, EdgeKind.DELIVERS_TO, EdgeKind.EXECUTES_AS, EdgeKind.CAN_TAKE_OVER)
_HOLDERS = (NodeKind.ROLE, NodeKind.USER)
_MOST_REMOVED = 4  # beyond that the minimum cut of hops is taken, which counts a shared statement more than once
_MOST_TRIES = 2_000
Key = tuple[int, int, str]


class Removal(NamedTuple):
    """One statement to remove; of a policy of AWS, which nobody can change, from one role.

    Attributes:
        said: the statement.
        holder: of a policy of AWS the role or user it is to be taken from.
        broken: what else would stop working, were it the only one removed.
    """

    said: Provenance
    holder: Node | None = None
    broken: tuple[Edge, ...] = ()

    @property
    def statement(self) -> str | None:
        """Its name."""
        return self.said.statement

    @property
    def logical_id(self) -> str | None:
        """The template resource it stands in."""
        return self.said.logical_id

    @property
    def source(self) -> Source:
        """Where it stands."""
        return self.said.source


class Cut(NamedTuple):
    """What to remove.

    Attributes:
        statements: each once, in the order in which the ways meet them; empty where no statement can break them.
        instead: where one statement is enough, the others that would do as well, each on its own.
        broken: what else would stop working: edges that stand on the same statements and on no way.
        smallest: whether no smaller set does it, short of taking a role from what runs as it.
        possible: whether there is such a set, or nothing to cut.
    """

    statements: tuple[Removal, ...]
    broken: tuple[Edge, ...]
    smallest: bool
    possible: bool
    instead: tuple[Removal, ...] = ()


def find_cut(graph: PermissionGraph, start: Node, end: Node) -> Cut:
    """The statements to remove so that one node does not reach another any more."""
    network = ways(graph, start, end, detour=None) if start.id != end.id else None
    if network is None:
        return Cut((), (), smallest=True, possible=True)
    search = _Search(graph, network, start_of(start), roles=False)
    removed = search.run()
    if removed is None:
        search = _Search(graph, network, start_of(start), roles=True)
        removed = search.run()
    if removed is None:
        return Cut((), (), smallest=False, possible=False)
    on_ways = {id(hop.edge) for _, _, found in network.edges(data=True) for hop in found["hops"]}
    others = [edge for edge in graph.edges if id(edge) not in on_ways]
    if len(removed) == 1:
        best, *instead = search.each_alone(others)
        return Cut((best,), best.broken, smallest=True, possible=True, instead=tuple(instead))
    gone = frozenset(removed)
    broken = tuple(edge for edge in others if search.breaks(edge, gone))
    statements = tuple(search.removal(key) for key in removed)
    return Cut(statements, broken, smallest=search.exact, possible=True)


class _Search:
    """Tries ever larger sets: of the shortest way that is left, one hop must go.

    Args:
        graph: for who holds a policy of AWS.
        network: the ways.
        first: where they begin.
        roles: also take a role from what runs as it, which nothing that is meant to run survives.
    """

    def __init__(self, graph: PermissionGraph, network: nx.DiGraph[Any], first: Any, *, roles: bool) -> None:
        self._graph = graph
        self._network = network
        self._roles = roles
        self._first = first
        self._tries = 0
        self._said: dict[Key, Provenance] = {}
        self.exact = True

    def run(self) -> tuple[Key, ...] | None:
        """The keys of the statements to remove; None where no set of statements does it."""
        for size in range(1, _MOST_REMOVED + 1):
            found = self._remove((), size)
            if found is not None:
                return found
            if self._tries > _MOST_TRIES:
                break
        self.exact = False
        return self._by_flow()

    def removal(self, key: Key, broken: tuple[Edge, ...] = ()) -> Removal:
        """What a key stands for."""
        return Removal(self._said[key], self._graph.nodes.get(key[2]), broken)

    def each_alone(self, others: Iterable[Edge]) -> list[Removal]:
        """Every statement that is enough alone, the one that breaks least besides first, policies of AWS last."""
        way = self._way(()) or []
        singles = dict.fromkeys(choice[0] for hops in way for choice in self._of_hop(hops, ()) if len(choice) == 1)
        enough = [key for key in singles if self._way((key,)) is None]
        broken: dict[Key, list[Edge]] = {key: [] for key in enough}
        for edge in others:
            keys = self._all_keys(edge)
            for key in keys if _needs_all(edge) or len(keys) == 1 else ():
                if key in broken:
                    broken[key].append(edge)
        ordered = sorted(enough, key=lambda key: (bool(key[2]), len(broken[key])))
        return [self.removal(key, tuple(broken[key])) for key in ordered]

    def _remove(self, removed: tuple[Key, ...], size: int) -> tuple[Key, ...] | None:
        self._tries += 1
        way = self._way(frozenset(removed))
        if way is None:
            return removed
        if self._tries > _MOST_TRIES:
            return None
        for more in self._choices(way, frozenset(removed)):
            if len(removed) + len(more) <= size:
                found = self._remove((*removed, *more), size)
                if found is not None:
                    return found
        return None

    def _way(self, removed: Collection[Key]) -> list[list[Hop]] | None:
        """The hops of the shortest way that is left, each with its parallel edges."""
        import networkx as nx

        def weight(_one: Any, other: Any, found: Any) -> float | None:
            standing = other == GOAL or any(not self.breaks(hop.edge, removed) for hop in found["hops"])
            return 1.0 if standing else None

        try:
            states = nx.dijkstra_path(self._network, self._first, GOAL, weight=weight)
        except nx.NetworkXNoPath:
            return None
        return [self._network.edges[one, other]["hops"] for one, other in pairwise(states) if other != GOAL]

    def _choices(self, way: list[list[Hop]], removed: Collection[Key]) -> Iterator[tuple[Key, ...]]:
        """For each hop what must be removed besides, the smallest first."""
        choices: dict[tuple[Key, ...], None] = {}
        for hops in way:
            for choice in self._of_hop(hops, removed):
                choices.setdefault(choice)
        yield from sorted(choices, key=len)

    def _of_hop(self, hops: list[Hop], removed: Collection[Key]) -> Iterator[tuple[Key, ...]]:
        """The sets of statements that break all parallel edges of a hop; of wirings the first statement counts."""
        parts: list[list[tuple[Key, ...]]] = []
        for hop in hops:
            if self.breaks(hop.edge, removed):
                continue
            keys = tuple(self._keys(hop.edge))
            if not keys:
                return
            parts.append([(key,) for key in keys] if _needs_all(hop.edge) else [keys])
        if len(parts) == 1:
            yield from parts[0]
            return
        together: dict[Key, None] = {}
        for options in parts:
            for key in options[0]:
                together.setdefault(key)
        if together:
            yield tuple(together)

    def _keys(self, edge: Edge) -> Iterator[Key]:
        """What can be removed of an edge: not the trust that lets something run as its role, unless roles may go."""
        if edge.kind is EdgeKind.EXECUTES_AS and not self._roles:
            return
        trust = edge.kind in _WIRED and not self._roles
        for key, one in self._all(edge):
            if not (trust and one.policy is not None and one.policy.kind is PolicyKind.TRUST):
                yield key

    def _all(self, edge: Edge) -> Iterator[tuple[Key, Provenance]]:
        for one in edge.provenance:
            if one.fact is not None:
                key = self._key(edge, one)
                self._said.setdefault(key, one)
                yield key, one

    def _all_keys(self, edge: Edge) -> list[Key]:
        return list(dict.fromkeys(key for key, _ in self._all(edge)))

    def _key(self, edge: Edge, one: Provenance) -> Key:
        """A statement is the object that was read; of a policy of AWS one with whoever it is attached to."""
        of_aws = one.policy is not None and one.policy.kind is PolicyKind.AWS_MANAGED
        return id(one.fact), id(one.policy), self._holder(edge) if of_aws else ""

    def _holder(self, edge: Edge) -> str:
        """Whose policies an edge stands on."""
        ends = (edge.via or "", edge.source, edge.target)
        found = (self._graph.nodes.get(end) for end in ends)
        held = next((node.id for node in found if node is not None and node.kind in _HOLDERS), None)
        if held is not None:
            return held
        roles = self._graph.outgoing(edge.target, EdgeKind.EXECUTES_AS)
        return next((run.target for run in roles), edge.source)

    def breaks(self, edge: Edge, removed: Collection[Key]) -> bool:
        """Whether an edge falls when statements are removed."""
        keys = self._all_keys(edge)
        if not keys:
            return False
        fallen = (key in removed for key in keys)
        return any(fallen) if _needs_all(edge) else all(fallen)

    def _by_flow(self) -> tuple[Key, ...] | None:
        import networkx as nx

        flow: nx.DiGraph[Any] = nx.DiGraph()
        chosen: dict[tuple[Any, Any], tuple[Key, ...]] = {}
        for one, other, found in self._network.edges(data=True):
            choice = min(self._of_hop(found["hops"], ()), key=len, default=None) if other != GOAL else None
            if choice is None:
                flow.add_edge(one, other)
            else:
                chosen[one, other] = choice
                flow.add_edge(one, other, capacity=float(len(choice)))
        try:
            _, (here, there) = nx.minimum_cut(flow, self._first, GOAL)
        except nx.NetworkXUnbounded:
            return None
        keys = [key for pair, choice in chosen.items() if pair[0] in here and pair[1] in there for key in choice]
        return tuple(dict.fromkeys(keys))


def _needs_all(edge: Edge) -> bool:
    """Whether an edge falls with any of its statements; those of a resource policy stand in for each other."""
    return edge.kind in _WIRED and edge.mechanism != "resource_policy"
