"""The smallest set of statements whose removal breaks every way from one node to another, and what else it would break.

A permission holds while any statement behind it stands, so all of them must go; so does a wiring that the function's
own policy lets in. Any other wiring needs every one of its statements, so one is enough.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from permscope.graph.model import Edge, EdgeKind, Node, PermissionGraph, Provenance
from permscope.graph.paths import GOAL, Hop, start_of, ways

if TYPE_CHECKING:
    import networkx as nx

_WIRED = (EdgeKind.TRIGGERS, EdgeKind.DELIVERS_TO, EdgeKind.EXECUTES_AS, EdgeKind.CAN_TAKE_OVER)
_MOST_REMOVED = 4  # beyond that the minimum cut of hops is taken, which counts a shared statement more than once
_MOST_TRIES = 2_000
Key = tuple[int, int]


class Cut(NamedTuple):
    """What to remove.

    Attributes:
        statements: each once, in the order in which the ways meet them; empty where no statement can break them.
        broken: what else would stop working: edges that stand on the same statements and on no way.
        smallest: whether no smaller set does it, short of taking a role from what runs as it.
        possible: whether there is such a set, or nothing to cut.
    """

    statements: tuple[Provenance, ...]
    broken: tuple[Edge, ...]
    smallest: bool
    possible: bool


def find_cut(graph: PermissionGraph, start: Node, end: Node) -> Cut:
    """The statements to remove so that one node does not reach another any more."""
    network = ways(graph, start, end, detour=None) if start.id != end.id else None
    if network is None:
        return Cut((), (), smallest=True, possible=True)
    search = _Search(network, start_of(start), roles=False)
    removed = search.run()
    if removed is None:
        search = _Search(network, start_of(start), roles=True)
        removed = search.run()
    if removed is None:
        return Cut((), (), smallest=False, possible=False)
    statements = tuple(search.said[key] for key in removed)
    on_ways = {id(hop.edge) for _, _, found in network.edges(data=True) for hop in found["hops"]}
    gone = frozenset(removed)
    broken = tuple(edge for edge in graph.edges if id(edge) not in on_ways and _breaks(edge, gone))
    return Cut(statements, broken, smallest=search.exact, possible=True)


class _Search:
    """Tries ever larger sets: of the shortest way that is left, one hop must go.

    Args:
        network: the ways.
        first: where they begin.
        roles: also take a role from what runs as it, which nothing that is meant to run survives.
    """

    def __init__(self, network: nx.DiGraph[Any], first: Any, *, roles: bool) -> None:
        self._network = network
        self._roles = roles
        self._first = first
        self._tries = 0
        self.said: dict[Key, Provenance] = {}
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
            standing = other == GOAL or any(not _breaks(hop.edge, removed) for hop in found["hops"])
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
            if _breaks(hop.edge, removed):
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
        if edge.kind is EdgeKind.EXECUTES_AS and not self._roles:
            return
        for one in edge.provenance:
            if one.fact is not None:
                key = _key(one)
                self.said.setdefault(key, one)
                yield key

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


def _key(one: Provenance) -> Key:
    """A statement is the object that was read."""
    return id(one.fact), id(one.policy)


def _breaks(edge: Edge, removed: Collection[Key]) -> bool:
    """Whether an edge falls when statements are removed."""
    keys = [_key(one) for one in edge.provenance if one.fact is not None]
    if not keys:
        return False
    fallen = (key in removed for key in keys)
    return any(fallen) if _needs_all(edge) else all(fallen)


def _needs_all(edge: Edge) -> bool:
    """Whether an edge falls with any of its statements; those of a resource policy stand in for each other."""
    return edge.kind in _WIRED and edge.mechanism != "resource_policy"
