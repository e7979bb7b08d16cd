"""An inventory becomes a graph: nodes from facts, edges from what the policies decide."""

from __future__ import annotations

from permscope.graph.access import AccessEdges
from permscope.graph.bucket_acls import add_bucket_acls
from permscope.graph.collector import EdgeCollector
from permscope.graph.decisions import Decisions
from permscope.graph.doors import Doors
from permscope.graph.guards import Guards
from permscope.graph.invoke import ResourcePolicyEdges
from permscope.graph.model import PermissionGraph
from permscope.graph.nodes import Nodes
from permscope.graph.routes import RouteEdges
from permscope.graph.takeover.edges import TakeOver
from permscope.graph.takeover.indirect import Indirect
from permscope.graph.targets import Targets
from permscope.graph.trust import TrustEdges
from permscope.graph.trusted import TrustedParties
from permscope.graph.wiring import Wiring
from permscope.inventory.facts import Route
from permscope.inventory.inventory import Inventory


def build_graph(
    inventory: Inventory, trusted: TrustedParties | None = None, *, derived: bool = True
) -> PermissionGraph:
    """Everything the facts say about who can invoke what and what each function can touch.

    Args:
        inventory: the facts of one run.
        trusted: accounts, organizations and subjects outside the input that the user vouches for.
        derived: whether to derive `writes_into` and `can_take_over` from the other edges.
    """
    graph = PermissionGraph(inventory.unknowns)
    nodes = Nodes(inventory, graph, trusted or TrustedParties())
    nodes.add_facts()
    decisions = Decisions(inventory)
    graph.decisions = decisions
    edges = EdgeCollector(graph)
    Wiring(nodes, decisions).add()
    routes = RouteEdges(nodes, edges, decisions)
    for route in inventory.of(Route):
        routes.add(route)
    targets = Targets(nodes)
    doors = Doors(nodes, edges)
    resource_policies = ResourcePolicyEdges(nodes, edges, decisions, targets, doors)
    for policies in decisions.policies_by_resource.values():
        resource_policies.add(policies)
    add_bucket_acls(nodes, edges)
    access = AccessEdges(nodes, edges, targets, doors, Guards(decisions), decisions)
    for principals in (inventory.roles, inventory.users, inventory.groups):
        for principal in principals.values():
            access.add(graph.nodes[principal.arn], decisions.effective(principal).grants)
    for arn in inventory.strangers:
        reason = "its boundary and its other policies are in no input"
        access.add_limited(nodes.named(arn), decisions.of_stranger(arn), reason)
    trust = TrustEdges(nodes, edges, decisions)
    for role in inventory.roles.values():
        trust.add_trust(role)
    trust.add_grants(access.assume_grants)
    if derived:
        Indirect(graph).add()
        TakeOver(graph, inventory).add()
    return graph
