"""What a resource's own policy takes from those whose identity policies allow something.

A Deny in it wins; a KMS key hands over to identity policies only where its policy says so; another account's resource
needs an Allow of its own.
https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from permscope.catalog.actions import ActionSet, load
from permscope.graph.decisions import Decisions
from permscope.graph.model import Node, NodeKind
from permscope.inventory.arn import account_of, split_arn
from permscope.inventory.policies import Policy, Principal, Statement
from permscope.inventory.tokens import has_unknown
from permscope.policy.effective import Grant

# Whose policies a collection reads, so that what has none there has none.
_POLICIES_ARE_READ = frozenset(["dynamodb", "ecr", "events", "kinesis", "lambda", "s3", "secretsmanager", "sns", "sqs"])


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
        crosses = target.account != principal.account
        if not policies:
            if crosses and (principal.account or "").isdigit() and self._has_no_policy(target):
                return ()
            return (Left(actions, conditional=crosses),)
        if ":kms:" in target.arn or crosses:
            whole = self._allowed_too(principal, target.arn, policies, actions)
        denies = self._denies_of(target.arn, policies)
        return (
            whole
            if not denies
            else tuple(part for each in whole for part in self._denied(principal, grant, denies, each))
        )

    def _has_no_policy(self, target: Node) -> bool:
        """Whether it is known that a thing has no policy: its account was read, and said so."""
        parts = split_arn(target.arn or "")
        is_read = target.source.call is not None and parts is not None and parts.service in _POLICIES_ARE_READ
        return is_read and target.arn not in self._decisions.inventory.unread_policies

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
    """Of actions granted on a set, those that a known member of it, and its account, may have agreed to.

    A grant on `*` reaches into another account only where a policy over there lets the principal in, to a key only
    where the key's policy does or hands over to the account, and never past a Deny of the member's own policy.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
    """
    if node is None or node.arn is None:
        return actions
    assumes = actions & becoming()
    if assumes and node.kind is NodeKind.ROLE:
        # who has credentials of AWS uses `sts:AssumeRole`; the others are for tokens, or asked for beside it
        actions -= assumes - _plain_assuming()
        if not _may_trust(decisions, node.arn, principal):
            actions -= assumes
    if principal.kind in (NodeKind.ROLE, NodeKind.USER):
        for statement, denied in decisions.denials(node.arn):
            if not denied.isdisjoint(actions) and _surely_denies(statement, principal):
                actions -= denied
    owner = account_of(node.arn) or node.account  # the ARN of a bucket has no account
    is_key = ":kms:" in node.arn and bool(decisions.resource_policies(node.arn))
    if not is_key and (owner is None or owner == principal.account):
        return actions
    if node.kind in (NodeKind.EXTERNAL, NodeKind.RESOURCE_SET) or node.arn in decisions.inventory.unread_policies:
        return actions
    left = ActionSet.empty
    for element, grants in decisions.granted_by(decisions.resource_policies(node.arn)):
        if names(element, principal):
            for grant in grants:
                left |= grant.actions & actions
    return left


def _surely_denies(statement: Statement, principal: Node) -> bool:
    """Whether a Deny without condition names a role or user, its sessions or everybody of its account."""
    if statement.not_principals is not None:
        return False
    return any(names(each, principal) for each in statement.principals or ())


@cache
def assuming() -> ActionSet:
    """The actions by which somebody becomes a role."""
    return load().action_set(("sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"))


@cache
def _plain_assuming() -> ActionSet:
    return load().action_set(("sts:AssumeRole",))


@cache
def becoming() -> ActionSet:
    """The actions by which somebody becomes a role, and those that are asked for only then, such as `sts:TagSession`.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_permissions-required
    """
    return assuming() | load().action_set(("sts:TagSession", "sts:SetSourceIdentity", "sts:SetContext"))


def _may_trust(decisions: Decisions, role_arn: str, principal: Node) -> bool:
    """Whether a grant on a set of roles may be all there is to say: a role that states its terms has edges of its own.

    A role is assumed by whom its trust policy lets in, whatever the policies of others say:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-trust-policy.html
    """
    role = decisions.inventory.roles.get(role_arn)
    if role is None or role_arn in decisions.inventory.shared_roles:
        return True
    if any(_denies_assuming(each) and _surely_denies(each, principal) for each in role.trust.statements):
        return False
    return any(
        element.value == "*" or has_unknown(element.value) or (names(element, principal) and not grant.conditions)
        for element, grants in decisions.granted_by((role.trust,))
        for grant in grants
    )


def _denies_assuming(statement: Statement) -> bool:
    if statement.effect != "Deny" or statement.conditions or statement.only_if is not None:
        return False
    return statement.actions is not None and "sts:AssumeRole" in load().action_set(statement.actions)


def names(element: Principal, principal: Node) -> bool:
    """Whether a principal element stands for a role or user: itself, its account, or everyone."""
    if element.value in ("*", principal.id, principal.account):
        return True
    return principal.account is not None and element.value.endswith(f":{principal.account}:root")


def _denies(statement: Statement, principal: Node) -> bool:
    if statement.not_principals is not None:
        return not any(names(each, principal) for each in statement.not_principals)
    return any(names(each, principal) for each in statement.principals or ())
