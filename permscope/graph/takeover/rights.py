"""What one principal may do, as escalation paths ask: somewhere, on a known thing, and compared with another's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from permscope.catalog.actions import ActionSet, load
from permscope.graph.acting import is_wired_call
from permscope.graph.collector import distinct
from permscope.graph.decisions import Decisions
from permscope.graph.model import Decision, Edge, EdgeKind, Node, NodeKind, PermissionGraph, Provenance
from permscope.graph.questions.queries import in_set
from permscope.inventory.arn import account_of
from permscope.inventory.inventory import IamPrincipal
from permscope.inventory.policies import PolicyKind
from permscope.inventory.tokens import ACCOUNT, URL_SUFFIX, has_unknown
from permscope.policy.effective import Grant
from permscope.policy.matching import glob
from permscope.policy.protected import is_protected

_RIGHTS = (EdgeKind.CAN_ACCESS, EdgeKind.CAN_INVOKE, EdgeKind.CAN_PASS, EdgeKind.CAN_ASSUME)
# What every function may do; to gain it is to gain nothing.
_ROUTINE = (
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "logs:DescribeLogGroups",
    "logs:DescribeLogStreams",
    "xray:Put*",
    "xray:GetSampling*",
    "cloudwatch:PutMetricData",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)
_MOST_GRANTS = 60


class May(NamedTuple):
    """That a principal may take actions, surely or not, and why."""

    sure: bool
    provenance: tuple[Provenance, ...] = ()

    def also(self, other: May) -> May:
        """Both at once."""
        return May(self.sure and other.sure, distinct((*self.provenance, *other.provenance)))


class Rights:
    """The permissions of one principal.

    Args:
        graph: with every permission edge in it.
        principal: a role or user.

    Attributes:
        granted: every action it may take somewhere.
    """

    def __init__(self, graph: PermissionGraph, principal: Node) -> None:
        self._graph = graph
        self.principal = principal
        edges = [
            edge
            for edge in graph.outgoing(principal.id, *_RIGHTS)
            if edge.decision is not Decision.DENY and not is_wired_call(edge)
        ]
        self.passes = [edge for edge in edges if edge.kind is EdgeKind.CAN_PASS]
        self.assumes = [edge for edge in edges if edge.kind is EdgeKind.CAN_ASSUME]
        self._edges = edges
        self.granted = ActionSet.empty
        for edge in edges:
            self.granted = self.granted | edge.actions
        self._giving: dict[str, list[Edge]] = {}
        self._somewhere: dict[str, May | None] = {}

    def is_everything(self) -> bool:
        """Whether it surely may do everything, so that there is nothing to gain."""
        everything = load().everything
        return any(
            edge.target == "set:*" and edge.decision is Decision.ALLOW and edge.actions >= everything
            for edge in self._edges
        )

    def giving(self, action: str) -> list[Edge]:
        """The edges that give an action."""
        if action not in self._giving:
            self._giving[action] = [edge for edge in self._edges if action in edge.actions]
        return self._giving[action]

    def somewhere(self, action: str) -> May | None:
        """Whether it may take an action on something."""
        if action not in self._somewhere:
            edges = self.giving(action)
            self._somewhere[action] = may_by(edges) if edges else None
        return self._somewhere[action]

    def on(self, action: str, node: Node) -> May | None:
        """Whether it may take an action on one known thing."""
        if is_protected(action, node.arn or ""):
            return None
        edges = [edge for edge in self.giving(action) if self._reaches(edge, action, node)]
        if is_foreign(self.principal, node.account):
            edges = [edge for edge in edges if edge.target == node.id and _is_agreed(edge)]
        if action == "sts:AssumeRole" and node.kind is NodeKind.ROLE:
            edges = [edge for edge in edges if edge.kind is EdgeKind.CAN_ASSUME]
        edges = [edge for edge in edges if not self._keeps_in_bounds(edge, action)]
        return may_by(edges) if edges else None

    def _keeps_in_bounds(self, edge: Edge, action: str) -> bool:
        """Whether conditions of an IAM action see to it that nobody gains rights by it.

        With `iam:PermissionsBoundary` only identities that the boundary caps can be changed; with `iam:PolicyARN` only
        the policies named can be attached.
        https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html#access_policies_boundaries-delegate
        """
        if not action.startswith("iam:") or not edge.conditions:
            return False
        if "Delete" not in action and _positive(edge.conditions, "iam:permissionsboundary"):
            return True
        named = _positive(edge.conditions, "iam:policyarn")
        return bool(named) and action.startswith("iam:Attach") and all(map(self._is_modest, named))

    def _is_modest(self, policy_arn: str) -> bool:
        """Whether a managed policy is known to change no permissions."""
        decisions = self._graph.decisions
        policy = decisions.inventory.managed_policy(policy_arn) if decisions is not None else None
        if policy is None:
            return False
        catalog = load()
        powerful = catalog.level_set("Permissions management") & catalog.expand("iam:*")
        return all(
            statement.effect == "Deny"
            or (statement.actions is not None and catalog.action_set(statement.actions).isdisjoint(powerful))
            for statement in policy.statements
        )

    def on_arn(self, action: str, arn: str) -> May | None:
        """Whether it may take an action on what an ARN names, known or not."""
        decisions, account = self._graph.decisions, account_of(arn)
        named = (self._graph.nodes[edge.target].account for edge in self.giving(action))
        if decisions is None or (
            is_foreign(self.principal, account) and not meant_as_own(self.principal, account, named)
        ):
            return None
        allowed, conditional = decisions.access(self.principal.id, arn)
        if action not in allowed and action not in conditional:
            return None
        return May(action in allowed, may_by(self.giving(action)).provenance)

    def _reaches(self, edge: Edge, action: str, node: Node) -> bool:
        if edge.target == node.id:
            return True
        target = self._graph.nodes[edge.target]
        if target.kind is not NodeKind.RESOURCE_SET or node.arn is None:
            return False
        if not in_set(target, node.arn) and not self._is_itself(target, node):
            return False
        decisions = self._graph.decisions
        return edge.reason is None or decisions is None or action in decisions.on(edge.source, node.arn)

    def _is_itself(self, target: Node, node: Node) -> bool:
        """Whether a pattern such as `user/${aws:username}` means the principal, and so does the node."""
        name = getattr(node.fact, "name", None)
        if node.id != self.principal.id or name is None or "${aws:username}" not in target.id:
            return False
        return in_set(replace(target, id=target.id.replace("${aws:username}", name)), node.arn or "")


def is_foreign(principal: Node, account: str | None) -> bool:
    """Whether an account is surely another one than a principal's."""
    own = principal.account
    return bool(account and own) and account != own and "*" not in str(account) and not has_unknown(str(account))


def meant_as_own(principal: Node, account: str | None, named: Iterable[str | None]) -> bool:
    """Whether an account that only looks foreign is taken for the principal's.

    Where nobody says into which account a template goes, an account that the principal's own statements name, and not
    just cover with `*`, may be that one.
    """
    return principal.account == ACCOUNT and any(each == account for each in named)


def _is_agreed(edge: Edge) -> bool:
    """Whether the owner of the target has a word in an edge: its policy, or that of a role."""
    kinds = (PolicyKind.RESOURCE, PolicyKind.TRUST)
    return any(reason.policy is not None and reason.policy.kind in kinds for reason in edge.provenance)


def _positive(conditions: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """The values that a key must have, where the conditions of an edge ask for exact ones."""
    found: list[str] = []
    for operator, keys in conditions.items():
        if operator.lower() not in ("stringequals", "arnequals", "stringlike", "arnlike"):
            continue
        for key, values in keys.items():
            if key.lower() == name:
                found.extend(values)
    return tuple(found) if all(value.strip("*?") for value in found) else ()


def may_by(edges: list[Edge]) -> May:
    """What the edges together allow; the sure ones say why."""
    sure = [edge for edge in edges if edge.decision is Decision.ALLOW]
    return May(bool(sure), distinct(one for edge in (sure or edges)[:3] for one in edge.provenance))


class Strength:
    """Compares what principals may do.

    Args:
        decisions: the policy decisions.
    """

    def __init__(self, decisions: Decisions) -> None:
        self._decisions = decisions
        self._known: dict[tuple[str, str], bool | None] = {}
        self._actions: dict[str, ActionSet] = {}
        self._routine = load().action_set(_ROUTINE)

    def exceeds(self, other_id: str, own_id: str) -> bool | None:
        """Whether another principal may do something, beyond routine, that one may not; None where nobody knows."""
        key = (other_id, own_id)
        if key not in self._known:
            self._known[key] = self._exceeds(other_id, own_id)
        return self._known[key]

    def could_exceed(self, other_id: str, own_id: str) -> bool | None:
        """Whether another principal, or oneself, given every permission, may do what one may not.

        A boundary or SCP that leaves no more than one has makes it pointless; None where nobody has the boundary.
        """
        other, own = self._decisions.principal(other_id), self._decisions.principal(own_id)
        if other is None or own is None:
            return True
        potential = self._decisions.potential(other)
        if getattr(other, "boundary_arn", None) is not None and self._decisions.boundary(other) is None:
            return None
        return potential is None or self._grants_exceed(potential.grants, own)

    def _exceeds(self, other_id: str, own_id: str) -> bool | None:
        other, own = self._decisions.principal(other_id), self._decisions.principal(own_id)
        if other is None or own is None:
            return None
        if self._grants_exceed(self._decisions.effective(other).grants, own):
            return True
        return False if self._decisions.is_complete(other) else None

    def _grants_exceed(self, grants: Sequence[Grant], own: IamPrincipal) -> bool:
        mine = self._actions_of(own.arn)
        access = self._decisions.effective(own)
        for grant in grants[:_MOST_GRANTS]:
            actions = grant.actions - self._routine
            if actions - mine or (actions and grant.not_resources and not grant.resources):
                return True
            if actions and any(actions - access.on(pattern).allowed for pattern in grant.resources):
                return True
        return len(grants) > _MOST_GRANTS

    def _actions_of(self, arn: str) -> ActionSet:
        if arn not in self._actions:
            principal = self._decisions.principal(arn)
            self._actions[arn] = self._decisions.effective(principal).actions if principal else ActionSet.empty
        return self._actions[arn]


def passes_to(conditions: Mapping[str, Any], service: str) -> bool | None:
    """Whether the conditions of `iam:PassRole` let a role be passed to a service; None when they do not tell.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#ck_PassedToService
    """
    answer: bool | None = True
    for operator, keys in conditions.items():
        for key, values in keys.items():
            if key.lower() != "iam:passedtoservice":
                continue
            name = operator.lower().removesuffix("ifexists").rpartition(":")[2]
            if name not in _COMPARES:
                answer = None
                continue
            known = [text.replace(URL_SUFFIX, "amazonaws.com") for text in values]
            if any(_COMPARES[name](text, service) for text in known) is name.startswith("stringnot"):
                if not any(map(has_unknown, known)):
                    return False
                answer = None
    return answer


def _equals(value: str, service: str) -> bool:
    return value == service


def _equals_in_any_case(value: str, service: str) -> bool:
    return value.lower() == service.lower()


_COMPARES = {
    "stringequals": _equals,
    "stringequalsignorecase": _equals_in_any_case,
    "stringlike": glob,
    "stringnotequals": _equals,
    "stringnotequalsignorecase": _equals_in_any_case,
    "stringnotlike": glob,
}


def only_passed_to(conditions: Mapping[str, Any]) -> bool:
    """Whether the service a role is passed to is all that conditions ask about."""
    return all(key.lower() == "iam:passedtoservice" for keys in conditions.values() for key in keys)


def all_of(parts: Iterable[May | None]) -> May | None:
    """Every part, or None where one is missing."""
    sure = True
    said: list[Provenance] = []
    for part in parts:
        if part is None:
            return None
        sure = sure and part.sure
        said.extend(part.provenance)
    return May(sure, distinct(said))
