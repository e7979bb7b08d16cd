"""Who is let in by a resource's own policy: `can_invoke` for functions and routes, `can_access` for everything else."""

from __future__ import annotations

from permscope.catalog.actions import ActionSet, load
from permscope.graph.collector import EdgeCollector, Permit, grant_conditions, grant_limits, grant_said_by
from permscope.graph.decisions import Decisions
from permscope.graph.doors import Doors
from permscope.graph.model import Decision, EdgeKind, Node, NodeKind
from permscope.graph.nodes import Nodes
from permscope.graph.targets import Target, Targets
from permscope.inventory.arn import function_arn_and_qualifier
from permscope.inventory.facts import Resource, ResourcePolicy
from permscope.inventory.tokens import ACCOUNT
from permscope.policy.applicable import limit_to_resource
from permscope.policy.effective import Grant, parts_of
from permscope.policy.matching import encode


class ResourcePolicyEdges:
    """Turns resource policies into edges from those they let in.

    Args:
        nodes: the nodes.
        edges: where the edges go.
        decisions: the policy decisions.
        targets: what ARNs mean.
        doors: where invoking actions lead.
    """

    def __init__(
        self, nodes: Nodes, edges: EdgeCollector, decisions: Decisions, targets: Targets, doors: Doors
    ) -> None:
        self._nodes = nodes
        self._graph = nodes.graph
        self._edges = edges
        self._decisions = decisions
        self._targets = targets
        self._doors = doors
        self._api = load().expand("execute-api:Invoke")

    def add(self, policies: tuple[ResourcePolicy, ...]) -> None:
        """The edges of one resource's policy, whose statements may come as several facts."""
        arn = str(policies[0].resource_arn)
        if _is_filter(arn):
            return
        base, qualifier = function_arn_and_qualifier(arn)
        target = self._targets.of(base)[0]
        if qualifier:
            target = target._replace(rest=f":{qualifier}")
        for principal, grants in self._decisions.granted_by(tuple(fact.policy for fact in policies)):
            source = self._nodes.principal(principal)
            for grant in grants:
                self._grant(source, target, arn, grant)

    def _grant(self, source: Node, target: Target, arn: str, grant: Grant) -> None:
        conditions = grant_conditions(grant)
        actions = grant.actions
        if "*" in grant.resources:
            # `*` means the resource that has the policy.
            actions = limit_to_resource(actions, encode(arn))
            for part in parts_of(encode(arn))[1:]:
                actions |= limit_to_resource(grant.actions, part)
        node = self._graph.nodes[target.id]
        if source.kind in (NodeKind.ROLE, NodeKind.USER) and source.account != node.account:
            actions &= self._decisions.on(source.id, arn)
        is_kept_out = not conditions and _blocks_public_policies(node)
        if source.kind is NodeKind.PUBLIC and (is_kept_out or _is_for_owner(grant, node)):
            source = self._nodes.account(node.account or ACCOUNT)
        permit = Permit(
            source.id,
            grant_said_by(grant, node.logical_id),
            conditions,
            Decision.CONDITIONAL if conditions or grant.conditional else Decision.ALLOW,
            None,
            grant_limits(grant),
        )
        if self._api & actions:
            actions -= self._callers(permit, source, arn, grant)
        rest = self._doors.open(permit, target, actions)
        if rest:
            qualifier = target.rest.removeprefix(":") if target.rest.startswith(":") else None
            self._edges.permit(EdgeKind.CAN_ACCESS, target.id, rest, permit, qualifier=qualifier)

    def _callers(self, permit: Permit, source: Node, arn: str, grant: Grant) -> ActionSet:
        """Callers that an API's policy names: edges to its routes; who calls without credentials is on the routes."""
        routes = self._doors.api_routes(arn)
        if not routes:
            return ActionSet.empty
        if source.kind is NodeKind.PUBLIC:
            signed = {**permit.conditions, "auth": {"type": ["iam"]}}
            permit = permit._replace(conditions=signed, decision=Decision.CONDITIONAL)
        self._doors.routes(permit, grant.resources, routes, self._api)
        return self._api


def _is_filter(arn: str) -> bool:
    """Whether a policy only cuts down what goes through the thing it is on, and lets nobody in.

    https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
    """
    return arn.startswith("AWS::EC2::VPCEndpoint/") or ":vpc-endpoint/" in arn


def _is_for_owner(grant: Grant, node: Node) -> bool:
    """Whether a topic's policy lets in its own account in the words of the one that every topic begins with.

    https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html#source-account-versus-source-owner
    """
    return node.type == "AWS::SNS::Topic" and any(
        entry.key.lower() == "aws:sourceowner"
        and entry.operator.lower() == "stringequals"
        and set(entry.values) == {node.account}
        for entry in grant.conditions
    )


def _blocks_public_policies(node: Node) -> bool:
    """Whether a bucket keeps everyone but its own account out, whatever its policy says of everyone.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
    """
    attributes = node.fact.attributes if isinstance(node.fact, Resource) else {}
    return attributes.get("restrict_public_buckets") is True
