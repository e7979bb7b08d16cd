"""What roles, users and groups may do, as edges: `can_access`, `can_pass` and `can_invoke`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from permscope.catalog.actions import ActionSet, load
from permscope.graph.collector import EdgeCollector, Permit, grant_conditions, grant_limits, grant_said_by
from permscope.graph.decisions import Decisions
from permscope.graph.doors import Doors
from permscope.graph.guards import Guards, becoming
from permscope.graph.model import Decision, EdgeKind, Node, NodeKind
from permscope.graph.nodes import Nodes
from permscope.graph.targets import Target, Targets
from permscope.inventory.tokens import has_unknown
from permscope.policy.effective import Grant


class AccessEdges:
    """Turns grants into edges.

    Args:
        nodes: the nodes.
        edges: where the edges go.
        targets: what patterns mean.
        doors: where invoking actions lead.
        guards: what resource policies take away.
        decisions: where policies are attached.

    Attributes:
        assume_grants: grants of `sts:AssumeRole`, which hold only where the role agrees.
    """

    def __init__(
        self,
        nodes: Nodes,
        edges: EdgeCollector,
        targets: Targets,
        doors: Doors,
        guards: Guards,
        decisions: Decisions,
    ) -> None:
        self._decisions = decisions
        self._nodes = nodes
        self._graph = nodes.graph
        self._edges = edges
        self._targets = targets
        self._doors = doors
        self._guards = guards
        catalog = load()
        self._pass = catalog.expand("iam:PassRole")
        self._assume = catalog.expand("sts:AssumeRole")
        self.assume_grants: list[tuple[str, Target, Grant]] = []

    def add_limited(self, principal: Node, grants: tuple[Grant, ...], reason: str) -> None:
        """The edges of a principal of whom something that nobody shows may take away what these grants allow."""
        limited = (replace(grant, conditional=True) for grant in grants)
        self.add(principal, tuple(limited), reason)

    def add(self, principal: Node, grants: tuple[Grant, ...], reason: str | None = None) -> None:
        """The edges of one principal; `reason` is what may limit all of them."""
        for grant in grants:
            if grant.not_resources:
                self._grant(principal, self._targets.all_but(grant.not_resources), grant, None, reason)
                continue
            for pattern in grant.resources:
                for target in self._targets.of(pattern):
                    self._grant(principal, target, grant, pattern, reason)

    def _grant(self, principal: Node, target: Target, grant: Grant, pattern: str | None, reason: str | None) -> None:
        conditions = grant_conditions(grant)
        if target.assumes:
            assumed = {key: [value] for key, value in target.assumes.items()}
            conditions["template"] = {**conditions.get("template", {}), **assumed}
        elif target.kind is NodeKind.EXTERNAL:
            conditions |= self._of_stranger(principal, target)
        said = self._decisions.located(principal.id, grant_said_by(grant, principal.logical_id))
        for left in self._guards.leaves(principal, self._graph.nodes[target.id], grant, grant.actions):
            limited = left.grant or grant
            conditional = bool(conditions) or grant.conditional or left.conditional
            permit = Permit(
                principal.id,
                said,
                conditions,
                Decision.CONDITIONAL if conditional else Decision.ALLOW,
                pattern,
                grant_limits(limited) or grant_limits(grant) or reason,
            )
            self._edges_of(permit, target, grant, left.actions)

    def _edges_of(self, permit: Permit, target: Target, grant: Grant, actions: ActionSet) -> None:
        passes = actions & self._pass
        if passes:
            self._edges.permit(EdgeKind.CAN_PASS, target.id, passes, permit)
        if not actions.isdisjoint(self._assume):
            self.assume_grants.append((permit.source, target, grant))
        rest = self._doors.open(permit, target, actions)
        if target.kind is not NodeKind.RESOURCE_SET:
            rest = rest - passes
        if target.kind is NodeKind.ROLE and self._trust_is_known(target.id):
            rest = rest - becoming()  # `can_assume` says it, where the role trusts
        if rest:
            self._edges.permit(EdgeKind.CAN_ACCESS, target.id, rest, permit)

    def _trust_is_known(self, role_arn: str) -> bool:
        """Whether a role's trust policy says by name whom it trusts, rather than everyone or somebody unknown."""
        role = self._decisions.inventory.roles.get(role_arn)
        return role is not None and all(
            statement.principals is not None
            and not any(each.value == "*" or has_unknown(each.value) for each in statement.principals)
            for statement in role.trust.statements
            if statement.effect == "Allow"
        )

    def _of_stranger(self, principal: Node, target: Target) -> dict[str, Any]:
        """Access to another account needs a policy over there, which nobody gave."""
        account = self._graph.nodes[target.id].account
        if account in (None, principal.account, "aws") or self._nodes.is_trusted_account(account) is None:
            return {}
        return {"cross-account": {"policy-in-account": [account]}}
