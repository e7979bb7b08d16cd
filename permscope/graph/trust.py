"""Who may become which role: `can_assume`.

Inside one account a trust policy that names a principal is enough; one that names the account leaves it to the identity
policies of the account's principals. Between accounts both sides must allow.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from permscope.catalog.actions import ActionSet, load
from permscope.graph.collector import EdgeCollector, grant_conditions, grant_said_by
from permscope.graph.decisions import Decisions, requester_of
from permscope.graph.model import Decision, EdgeKind, NodeKind
from permscope.graph.nodes import Nodes
from permscope.graph.questions.queries import in_set
from permscope.graph.targets import Target
from permscope.inventory.facts import Role
from permscope.inventory.policies import PolicyKind

if TYPE_CHECKING:
    from permscope.graph.outcome import Outcome
    from permscope.policy.effective import Grant

_LIMIT = 20_000  # pairs of a principal that may assume anything and a role that trusts its whole account


class TrustEdges:
    """Turns trust policies, and grants of `sts:AssumeRole`, into edges."""

    def __init__(self, nodes: Nodes, edges: EdgeCollector, decisions: Decisions) -> None:
        self._nodes = nodes
        self._graph = nodes.graph
        self._edges = edges
        self._decisions = decisions
        self._assume = load().action_set(("sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML"))
        # account id -> role ARN -> what the trust in the whole account depends on, with its statements
        self._by_account: dict[str, dict[str, list[Grant]]] = defaultdict(dict)

    def add_trust(self, role: Role) -> None:
        """Everyone a trust policy names."""
        for principal, grants in self._decisions.granted_by((role.trust,)):
            node = self._nodes.principal(principal)
            for grant in grants:
                actions = grant.actions & self._assume
                if not actions:
                    continue
                if node.kind is NodeKind.ACCOUNT and node.account:
                    self._by_account[node.account].setdefault(role.arn, []).append(grant)
                if node.kind in (NodeKind.ROLE, NodeKind.USER):
                    self._named_principal(node.id, role, grant, actions)
                    continue
                conditions = grant_conditions(grant)
                self._edges.add(
                    EdgeKind.CAN_ASSUME,
                    node.id,
                    role.arn,
                    actions=actions,
                    provenance=grant_said_by(grant, role.logical_id),
                    conditions=conditions,
                    decision=Decision.CONDITIONAL if conditions or grant.conditional else Decision.ALLOW,
                )

    def _named_principal(self, principal_id: str, role: Role, grant: Grant, actions: ActionSet) -> None:
        """A role or user that a trust policy names: in another account, its own policies must allow it too.

        In the same account they need not, but what they deny, or a boundary leaves out, stays denied.
        """
        conditions = grant_conditions(grant)
        decision = Decision.CONDITIONAL if conditions or grant.conditional else Decision.ALLOW
        if self._graph.nodes[principal_id].account != self._graph.nodes[role.arn].account:
            access = self._decisions.on(principal_id, role.arn)
            if access.isdisjoint(actions):
                return
        elif "sts:AssumeRole" in actions and (answer := self._limited(principal_id, role)) is not None:
            if answer.authorized is False:
                return
            if answer.authorized is None:
                conditions, decision = {**conditions, **answer.conditions}, Decision.CONDITIONAL
        self._edges.add(
            EdgeKind.CAN_ASSUME,
            principal_id,
            role.arn,
            actions=actions,
            provenance=grant_said_by(grant, role.logical_id),
            conditions=conditions,
            decision=decision,
        )

    def _limited(self, principal_id: str, role: Role) -> Outcome | None:
        """What AWS decides where something may take away what a trust policy gives; None where nothing does."""
        decisions = self._decisions
        principal, requester = decisions.principal(principal_id), requester_of(principal_id)
        if principal is None or requester is None:
            return None
        identity, boundary = decisions.identity(principal), decisions.boundary(principal)
        controls = decisions.control_levels(requester.account, PolicyKind.SCP)
        denies = any(statement.effect == "Deny" for policy in identity for statement in policy.statements)
        if boundary is None and not denies and not controls:
            return None
        return decisions.ask(
            requester, "sts:AssumeRole", role.arn, {}, identity=identity, resource=(role.trust,), boundary=boundary
        )

    def add_grants(self, grants: Iterable[tuple[str, Target, Grant]]) -> None:
        """Principals whose own policies let them assume roles, where the roles trust their account."""
        budget = _LIMIT
        for principal_id, target, grant in grants:
            account = self._graph.nodes[principal_id].account or ""
            trusting = self._by_account.get(account, {})
            if target.kind is NodeKind.ROLE:
                for trust in trusting.get(target.id, ()):
                    self._edge(principal_id, target.id, grant, trust, target.assumes)
                continue
            if target.kind is NodeKind.EXTERNAL and ":iam:" not in target.id and "${" not in target.id:
                continue
            if target.kind not in (NodeKind.RESOURCE_SET, NodeKind.EXTERNAL):
                continue
            self._edge(principal_id, target.id, grant, None, target.assumes)
            if target.kind is NodeKind.RESOURCE_SET and len(trusting) <= budget:
                budget -= len(trusting)
                self._members(principal_id, target, grant, trusting)

    def _members(
        self, principal_id: str, target: Target, grant: Grant, trusting: Mapping[str, Iterable[Grant]]
    ) -> None:
        """Edges to the roles in a set that trust the principal's account."""
        members = self._graph.nodes[target.id]
        for role_arn, trusts in trusting.items():
            if role_arn == principal_id or not in_set(members, role_arn):
                continue
            # A grant that nothing limits holds for every member.
            if grant.limited_by and "sts:AssumeRole" not in self._decisions.on(principal_id, role_arn):
                continue
            for trust in trusts:
                self._edge(principal_id, role_arn, grant, trust, target.assumes)

    def _edge(
        self, principal_id: str, target_id: str, grant: Grant, trust: Grant | None, assumes: Mapping[str, str]
    ) -> None:
        conditions: dict[str, Any] = grant_conditions(grant)
        if trust is not None:
            conditions |= grant_conditions(trust)
        elif not conditions:
            # The other side has a word in it, and it is in no input.
            conditions = {"trust": {"role-trusts": [principal_id]}}
        if assumes:
            conditions["template"] = {**conditions.get("template", {}), **{key: [v] for key, v in assumes.items()}}
        conditional = bool(conditions) or grant.conditional or (trust is not None and trust.conditional)
        edge = self._edges.add(
            EdgeKind.CAN_ASSUME,
            principal_id,
            target_id,
            actions=self._assume & grant.actions,
            provenance=self._decisions.located(
                principal_id, grant_said_by(grant, self._graph.nodes[principal_id].logical_id)
            ),
            conditions=conditions,
            decision=Decision.CONDITIONAL if conditional else Decision.ALLOW,
        )
        if trust is not None:
            reason = grant_said_by(trust)
            if all(known.fact is not reason.fact for known in edge.provenance):
                edge.provenance = (*edge.provenance, reason)
