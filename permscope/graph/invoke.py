"""Who is let in by a resource's own policy: `can_invoke` for functions, `can_access` for everything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from permscope.catalog.actions import load
from permscope.graph.collector import EdgeCollector, grant_conditions, grant_said_by
from permscope.graph.decisions import Decisions
from permscope.graph.model import Decision, EdgeKind, Node, NodeKind
from permscope.graph.nodes import Nodes
from permscope.graph.targets import Targets
from permscope.inventory.arn import function_arn_and_qualifier
from permscope.inventory.facts import ResourcePolicy

if TYPE_CHECKING:
    from permscope.policy.effective import Grant

_INVOKE = ("lambda:InvokeFunction", "lambda:InvokeAsync", "lambda:InvokeFunctionUrl")


class ResourcePolicyEdges:
    """Turns resource policies into edges from those they let in."""

    def __init__(self, nodes: Nodes, edges: EdgeCollector, decisions: Decisions, targets: Targets) -> None:
        self._nodes = nodes
        self._graph = nodes.graph
        self._edges = edges
        self._decisions = decisions
        self._targets = targets
        self._invoke = load().action_set(_INVOKE)

    def add(self, policies: tuple[ResourcePolicy, ...]) -> None:
        """The edges of one resource's policy, whose statements may come as several facts."""
        base, qualifier = function_arn_and_qualifier(policies[0].resource_arn)
        target = self._graph.nodes[self._targets.of(base)[0].id]
        for principal, grants in self._decisions.granted_by(tuple(fact.policy for fact in policies)):
            source = self._nodes.principal(principal)
            for grant in grants:
                self._grant(source, target, qualifier, grant)

    def _grant(self, source: Node, target: Node, qualifier: str | None, grant: Grant) -> None:
        conditions = grant_conditions(grant)
        decision = Decision.CONDITIONAL if conditions or grant.conditional else Decision.ALLOW
        actions = grant.actions
        if source.kind in (NodeKind.ROLE, NodeKind.USER) and source.account != target.account and target.arn:
            actions = actions & self._decisions.on(source.id, target.arn)
        provenance = grant_said_by(grant, target.logical_id)
        invokes = actions & self._invoke
        if target.kind is NodeKind.FUNCTION or ":lambda:" in target.id:
            if invokes:
                self._edges.add(
                    EdgeKind.CAN_INVOKE,
                    source.id,
                    target.id,
                    actions=invokes,
                    provenance=provenance,
                    conditions=conditions,
                    decision=decision,
                    qualifier=qualifier,
                )
            actions = actions - self._invoke
        if actions:
            self._edges.add(
                EdgeKind.CAN_ACCESS,
                source.id,
                target.id,
                actions=actions,
                provenance=provenance,
                conditions=conditions,
                decision=decision,
                qualifier=qualifier,
            )
