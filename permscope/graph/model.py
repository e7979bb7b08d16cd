"""The permission graph: nodes, edges, and the statements that make each edge true.

`PermissionGraph` keeps nodes and edges in plain indexes, so that building and auditing need no graph library;
`PermissionGraph.network` is the same graph as a `networkx.MultiDiGraph`, for path questions and exports.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from permscope.catalog.actions import ActionSet
from permscope.inventory.facts import Fact, Unknown
from permscope.inventory.policies import Policy, Statement
from permscope.inventory.source import NOWHERE, Source
from permscope.lazy import dataclass

if TYPE_CHECKING:
    import networkx as nx

    from permscope.graph.decisions import Decisions


class NodeKind(StrEnum):
    """What a node is."""

    PUBLIC = "public"
    ACCOUNT = "account"
    SERVICE = "service"
    FEDERATED = "federated"
    USER = "user"
    GROUP = "group"
    ROLE = "role"
    FUNCTION = "function"
    ROUTE = "route"
    RESOURCE = "resource"
    RESOURCE_SET = "resource_set"
    EXTERNAL = "external"


class EdgeKind(StrEnum):
    """What an edge says; see the design for the meaning of each."""

    TRIGGERS = "triggers"
    CAN_INVOKE = "can_invoke"
    EXECUTES_AS = "executes_as"
    CAN_ASSUME = "can_assume"
    CAN_ACCESS = "can_access"
    CAN_PASS = "can_pass"  # noqa: S105 (no password)
    DELIVERS_TO = "delivers_to"
    CAN_TAKE_OVER = "can_take_over"
    WRITES_INTO = "writes_into"


class Decision(StrEnum):
    """Whether an edge holds: surely, under conditions, or not (a wiring that is not authorized)."""

    ALLOW = "allow"
    CONDITIONAL = "conditional"
    DENY = "deny"


class Provenance(NamedTuple):
    """One reason for an edge: a statement, or the wiring fact it was read from.

    Attributes:
        source: where it stands.
        logical_id: the template resource it stands in.
        statement: sid, or `<policy name>[<index>]`; None for a wiring.
        policy: the policy of the statement.
        fact: the statement object, for rules and explanations.
    """

    source: Source
    logical_id: str | None = None
    statement: str | None = None
    policy: Policy | None = None
    fact: Statement | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Node:
    """A thing in the graph.

    Attributes:
        id: unique and stable between runs: an ARN, `resource_id`, `Route.id`, `service:<principal>`, `public`,
            `account:<id>`, `set:<pattern>`.
        label: what a person calls it: its path in a CDK app, else the logical id, else the name.
        account: account it is in; None where that has no meaning.
        type: CloudFormation type.
        service: principal, of a service node.
        auth, method, path: of a route node.
        fact: the inventory fact behind it, where there is one.
        trusted: of an account or something in another account: whether it is the user's own or he vouches for it.
    """

    id: str
    kind: NodeKind
    label: str
    account: str | None = None
    arn: str | None = None
    type: str | None = None
    logical_id: str | None = None
    source: Source = NOWHERE
    service: str | None = None
    auth: str | None = None
    method: str | None = None
    path: str | None = None
    only_if: str | None = None
    fact: Fact | None = None
    trusted: bool | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Edge:
    """Something one node can do to another, or is wired to.

    Attributes:
        source, target: node ids.
        mechanism: of a `triggers` edge.
        event: of a `triggers` or `delivers_to` edge: the kind of wiring.
        authorized: of a `triggers`, `delivers_to` or `executes_as` edge, and of a call that a service is wired to make
            with the role `via`: True, False, or None when unknown.
        actions: what is allowed.
        conditions: what the access depends on: operator -> key -> values, as in a policy; under `"template"` the
            undecided template condition; under `"qualifier"` a function qualifier.
        decision: whether it surely holds.
        qualifier: version or alias of the target function, where it is not the unqualified function.
        via: ARN of the role through which it happens; of a derived edge the service, or the label or ARN of the thing
            that is changed or written to.
        reason: of a derived edge: one clause.
        provenance: every statement and wiring that makes it true, in file order.
    """

    source: str
    target: str
    kind: EdgeKind
    mechanism: str | None = None
    event: str | None = None
    authorized: bool | None = None
    actions: ActionSet = field(default_factory=lambda: ActionSet.empty)
    conditions: Mapping[str, Any] = field(default_factory=dict)
    decision: Decision = Decision.ALLOW
    qualifier: str | None = None
    via: str | None = None
    reason: str | None = None
    provenance: tuple[Provenance, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)


class Latent(NamedTuple):
    """An escalation path of a principal that lacks one piece.

    Attributes:
        principal: id of the role or user.
        path: id of the path, as in `rules/escalation`.
        category: of the path.
        missing: the piece, in words: an action in backticks, or what is not there.
        target: id of the node that would be gained; None where none is known.
        provenance: the statements that allow the rest.
    """

    principal: str
    path: str
    category: str
    missing: str
    target: str | None
    provenance: tuple[Provenance, ...]


class PermissionGraph:
    """Nodes and edges with the indexes every question needs.

    Args:
        unknowns: what could not be read or decided while the graph was made.

    Attributes:
        decisions: the policy decisions behind the edges, to ask about single resources; None in a graph made by hand.
        latent: escalation paths that lack one piece.
    """

    def __init__(self, unknowns: Iterable[Unknown] = ()) -> None:
        self.nodes: dict[str, Node] = {}
        self.edges: list[Edge] = []
        self.unknowns: list[Unknown] = list(unknowns)
        self.decisions: Decisions | None = None
        self.latent: list[Latent] = []
        self._out: dict[str, list[Edge]] = defaultdict(list)
        self._in: dict[str, list[Edge]] = defaultdict(list)

    def add_node(self, node: Node) -> Node:
        """Add a node, or return the one that has its id already."""
        return self.nodes.setdefault(node.id, node)

    def add_edge(self, edge: Edge) -> Edge:
        """Add an edge between two nodes that are there."""
        self.edges.append(edge)
        self._out[edge.source].append(edge)
        self._in[edge.target].append(edge)
        return edge

    def outgoing(self, node_id: str, *kinds: EdgeKind) -> Iterator[Edge]:
        """Edges that start at a node, of the given kinds (none given: all)."""
        return (edge for edge in self._out.get(node_id, ()) if not kinds or edge.kind in kinds)

    def incoming(self, node_id: str, *kinds: EdgeKind) -> Iterator[Edge]:
        """Edges that end at a node, of the given kinds (none given: all)."""
        return (edge for edge in self._in.get(node_id, ()) if not kinds or edge.kind in kinds)

    def of_kind(self, *kinds: NodeKind) -> Iterator[Node]:
        """Nodes of the given kinds, in the order they were added."""
        return (node for node in self.nodes.values() if node.kind in kinds)

    def edges_of(self, *kinds: EdgeKind) -> Iterator[Edge]:
        """Edges of the given kinds, in the order they were added."""
        return (edge for edge in self.edges if edge.kind in kinds)

    @cached_property
    def network(self) -> nx.MultiDiGraph[str]:
        """The same graph for networkx; node and edge objects are under the attribute `of`."""
        import networkx as nx

        network: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        for node in self.nodes.values():
            network.add_node(node.id, of=node)
        for edge in self.edges:
            network.add_edge(edge.source, edge.target, kind=edge.kind.value, of=edge)
        return network
