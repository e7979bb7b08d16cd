"""What a resource's own policy takes from those whose identity policies allow something.

A Deny in it wins; a KMS key hands over to identity policies only where its policy says so; another account's resource
needs an Allow of its own.
https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
"""

from __future__ import annotations

from typing import NamedTuple

from permscope.catalog.actions import ActionSet
from permscope.graph.decisions import Decisions
from permscope.graph.model import Node, NodeKind
from permscope.inventory.arn import account_of
from permscope.inventory.policies import Policy, Principal, Statement
from permscope.policy.effective import Grant


class Left(NamedTuple):
    """A part of a grant that the resource's policy leaves."""

    actions: ActionSet
    conditional: bool
    grant: Grant | None = None


class Guards:
    """Resource policies, asked about grants of identity policies.

    Args:
        decisions: the policy decisions.
    """

    def __init__(self, decisions: Decisions) -> None:
        self._decisions = decisions
        self._denies: dict[str, tuple[tuple[Policy, Statement], ...]] = {}
        self._granted: dict[str, tuple[tuple[Principal, tuple[Grant, ...]], ...]] = {}

    def leaves(self, principal: Node, target: Node, grant: Grant, actions: ActionSet) -> tuple[Left, ...]:
        """What is left of the actions a grant gives on a known resource."""
        whole: tuple[Left, ...] = (Left(actions, conditional=False),)
        if target.arn is None or target.kind in (NodeKind.ROLE, NodeKind.EXTERNAL, NodeKind.RESOURCE_SET):
            return whole
        policies = self._decisions.resource_policies(target.arn)
        # The ARN of a bucket has no account; a live bucket was read in one.
        owned = ":s3:::" not in target.arn or target.source.account is not None
        crosses = owned and target.account != principal.account
        if not policies:
            # The policy may not have been readable.
            return (Left(actions, conditional=crosses),)
        if ":kms:" in target.arn or crosses:
            whole = self._allowed_too(principal, target.arn, policies, actions)
        denies = self._denies_of(target.arn, policies)
        return (
            whole
            if not denies
            else tuple(part for each in whole for part in self._denied(principal, grant, denies, each))
        )

    def _allowed_too(
        self, principal: Node, arn: str, policies: tuple[Policy, ...], actions: ActionSet
    ) -> tuple[Left, ...]:
        """The actions that the resource's policy allows the principal or its account as well."""
        if arn not in self._granted:
            self._granted[arn] = tuple(self._decisions.granted_by(policies))
        sure = maybe = ActionSet.empty
        for element, grants in self._granted[arn]:
            if not names(element, principal):
                continue
            for grant in grants:
                if grant.conditional:
                    maybe |= grant.actions & actions
                else:
                    sure |= grant.actions & actions
        maybe -= sure
        return tuple(
            Left(part, conditional=conditional) for part, conditional in ((sure, False), (maybe, True)) if part
        )

    def _denies_of(self, arn: str, policies: tuple[Policy, ...]) -> tuple[tuple[Policy, Statement], ...]:
        if arn not in self._denies:
            self._denies[arn] = tuple(
                (policy, each) for policy in policies for each in policy.statements if each.effect == "Deny"
            )
        return self._denies[arn]

    def _denied(
        self, principal: Node, grant: Grant, denies: tuple[tuple[Policy, Statement], ...], part: Left
    ) -> tuple[Left, ...]:
        applying = tuple((policy, each) for policy, each in denies if _denies(each, principal))
        if not applying or grant.statement is None or grant.policy is None:
            return (part,)
        left = self._decisions.after((grant.policy, grant.statement), applying, principal.id)
        found = []
        for each in left:
            actions = each.actions & part.actions
            if actions:
                found.append(Left(actions, part.conditional or (each.conditional and bool(each.limited_by)), each))
        return tuple(found)


def agreed(decisions: Decisions, principal: Node, node: Node | None, actions: ActionSet) -> ActionSet:
    """Of actions granted on a set, those the account of a known member of it may have agreed to.

    A grant on `*` reaches into another account only where a policy over there lets the principal in.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
    """
    if node is None or node.arn is None:
        return actions
    # The ARN of a bucket has no account; a live bucket was read in one, that of a template may be in any.
    owner = account_of(node.arn) or node.source.account
    if owner is None or owner == principal.account:
        return actions
    if node.kind in (NodeKind.EXTERNAL, NodeKind.RESOURCE_SET) or node.arn in decisions.inventory.unread_policies:
        return actions
    left = ActionSet.empty
    for element, grants in decisions.granted_by(decisions.resource_policies(node.arn)):
        if names(element, principal):
            for grant in grants:
                left |= grant.actions & actions
    return left


def names(element: Principal, principal: Node) -> bool:
    """Whether a principal element stands for a role or user: itself, its account, or everyone."""
    if element.value in ("*", principal.id, principal.account):
        return True
    return principal.account is not None and element.value.endswith(f":{principal.account}:root")


def _denies(statement: Statement, principal: Node) -> bool:
    if statement.not_principals is not None:
        return not any(names(each, principal) for each in statement.not_principals)
    return any(names(each, principal) for each in statement.principals or ())
