"""How broad a principal's effective access is: everything, whole services, every resource of a kind.

All finders look at the grants that are left after Deny, permissions boundary and control policies, over all policies
of the principal together, so that splitting or merging statements changes nothing. AWS's own managed policies count
in sums, but their statements are never blamed: the rules about attachments speak of those.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from functools import cache
from itertools import islice
from typing import Any

from permscope.audit.checks.resources import covers_type_for, is_star
from permscope.audit.conditions import narrowing
from permscope.audit.findings import Hit
from permscope.audit.fixes import reference, resource_fix
from permscope.audit.generated import is_generated
from permscope.audit.subjects import Subject
from permscope.audit.world import PrincipalView, World
from permscope.catalog.actions import ActionSet, load
from permscope.graph.model import Decision, EdgeKind, NodeKind
from permscope.inventory.arn import account_of
from permscope.inventory.located import source_of
from permscope.inventory.policies import Policy, PolicyKind, Statement
from permscope.inventory.source import NOWHERE, Source
from permscope.inventory.tokens import ACCOUNT
from permscope.lazy import dataclass

MOSTLY = 0.9  # a service counts as whole from here on: leaving out one action does not make it narrow
_IAM_SHARE = 0.8
FEW = 4
SENSITIVE_SERVICES = frozenset(
    {"iam", "sts", "kms", "lambda", "secretsmanager", "ssm", "s3", "dynamodb", "organizations", "sso", "sso-directory"}
)
# What every function does for its own log group: worth a remark, not an alarm.
_ROUTINE = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
# And for its network interface, whose id nobody knows before (AWSLambdaVPCAccessExecutionRole names no resource).
_NETWORK = (
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
    "ec2:DetachNetworkInterface",
)


@dataclass(slots=True)
class Share:
    """The part of one grant that reaches every resource, or every resource of a kind.

    Attributes:
        actions: for which it does.
        pattern: the `Resource` element that does it.
        narrowed: condition key that really narrows it, or empty.
    """

    grant: Any
    actions: ActionSet
    pattern: str
    narrowed: str = ""

    @property
    def statement(self) -> Statement:
        """The statement that grants it."""
        statement: Statement = self.grant.statement
        return statement

    @property
    def policy(self) -> Policy:
        """The policy of the statement."""
        policy: Policy = self.grant.policy
        return policy

    @property
    def blamable(self) -> bool:
        """Whether the statement is the user's own, neither AWS's nor made by SAM."""
        return self.policy.kind is not PolicyKind.AWS_MANAGED and not is_generated(self.statement)

    @property
    def inverted(self) -> bool:
        """Whether it says what it does not mean (`NotAction`, `NotResource`); those have rules of their own."""
        return self.statement.not_actions is not None or self.statement.not_resources is not None


@dataclass(slots=True)
class Breadth:
    """The grants of one principal by what they reach."""

    star: list[Share] = field(default_factory=list)
    wide: list[Share] = field(default_factory=list)
    scoped: list[Share] = field(default_factory=list)
    excluded: list[Share] = field(default_factory=list)  # NotResource

    def everywhere(self) -> ActionSet:
        """What it may do on every resource, no condition narrowing it."""
        return load().union(share.actions for share in self.star if not share.narrowed)


def breadth_of(view: PrincipalView) -> Breadth:
    """The breadth of a principal, worked out once."""
    key = ("breadth", id(view))
    found = view.world.memo.get(key)
    if found is None:
        found = view.world.memo[key] = _breadth(view)
    return found


def _breadth(view: PrincipalView) -> Breadth:
    found = Breadth()
    for grant in view.access.grants:
        narrowed = narrowing(grant.conditions)
        if grant.not_resources:
            found.excluded.append(Share(grant, grant.actions, grant.not_resources[0], narrowed))
            continue
        star = next((pattern for pattern in grant.resources if is_star(pattern)), None)
        if star is not None:
            found.star.append(Share(grant, grant.actions, _as_written(grant.statement, star), narrowed))
            continue
        for pattern in grant.resources:
            wide = covers_type_for(pattern) & grant.actions
            if wide:
                found.wide.append(Share(grant, wide, _as_written(grant.statement, pattern), narrowed))
        found.scoped.append(Share(grant, grant.actions, "", narrowed))
    return found


def _as_written(statement: Statement, pattern: str) -> str:
    """A resource pattern with the place it stands at."""
    return next((text for text in statement.resources or () if text == pattern), pattern)


@cache
def iam_writes() -> ActionSet:
    """Every IAM action that changes something."""
    catalog = load()
    iam = catalog.expand("iam:*")
    return iam & (catalog.level_set("Write") | catalog.level_set("Permissions management"))


@cache
def _powers() -> ActionSet:
    """What an administrator has: every IAM and STS write on something that has a name, which is all but settings."""
    return (iam_writes() | sts_writes()) & load().restrictable


@cache
def routine_actions() -> ActionSet:
    """What nearly every function is given for its own log group and network interface."""
    return load().action_set((*_ROUTINE, *_NETWORK))


@cache
def looks() -> ActionSet:
    """Actions that show which things there are and how they are set up, and nothing that is in them."""
    catalog = load()
    named = ActionSet.empty
    for pattern in ("*:Describe*", "*:List*"):
        named |= catalog.expand(pattern)
    return catalog.level_set("List") | (named & catalog.level_set("Read"))


@cache
def sts_writes() -> ActionSet:
    """Becoming another role."""
    return load().action_set(("sts:AssumeRole",))


def is_admin(actions: ActionSet) -> bool:
    """Whether actions on every resource make an administrator: everything, or every IAM and STS write."""
    return load().everything <= actions or _powers() <= actions


def gives_iam(actions: ActionSet) -> bool:
    """Whether actions on every resource hold nearly all that IAM can change."""
    writes = iam_writes()
    return len(writes & actions) >= _IAM_SHARE * len(writes)


def covers_service(actions: ActionSet, service: str) -> bool:
    """Whether actions hold (nearly) all of a service."""
    catalog = load()
    own, whole = actions.of_service(service), catalog.expand(f"{service}:*")
    return bool(whole) and (len(own) >= len(whole) or (len(whole) >= 10 and len(own) >= MOSTLY * len(whole)))  # noqa: PLR2004


# Making hits


def action_text(statement: Statement, actions: ActionSet) -> str:
    """The `Action` element of a statement that has most to do with some actions; the same one in whatever order."""
    catalog = load()
    texts = statement.actions if statement.actions is not None else statement.not_actions or ("",)
    if statement.actions is None:
        return min(texts)
    return max(sorted(texts), key=lambda text: len(catalog.expand(text) & actions))


def _place(statement: Statement, text: str) -> Source:
    place = source_of(text)
    return place if place is not NOWHERE and place.line else statement.source


def hit_in(view: PrincipalView, share: Share, guilty: ActionSet, text: str) -> Hit:
    """A hit at one element of a statement, with the values that every finder of this module offers."""
    statement, policy = share.statement, share.policy
    place = _place(statement, text)
    if place is NOWHERE or not place.line:
        place = policy.source if policy.source.line else view.fact.source
    resource = policy.logical_id or policy.arn or view.fact.logical_id or getattr(view.fact, "arn", view.label)
    shown = guilty.patterns(5, wildcards=False) if len(guilty) <= FEW else _said_by(statement, guilty)
    return Hit(
        element=str(text),
        source=place,
        values={
            "actions": ", ".join(shown),
            "count": str(len(guilty)),
            "element": str(text),
            "resources": _resources_text(share),
            "principal": view.label,
            "fix": _fix(view, guilty, place.file, share.pattern) if guilty else "",
            "elsewhere": f" of account {other}" if (other := _other_account(view, share.pattern)) else "",
            "services": ", ".join(guilty.services()[:6]),
        },
        resource=resource,
        nodes=(view.node.id,) if view.node else (),
        confidence="medium" if share.grant.limited_by or view.boundary_missing else None,
        conditioned=f"`{share.narrowed}` narrows it" if share.narrowed else _CAPPED if view.boundary_missing else "",
        claims=guilty,
        statement=statement,
    )


def _said_by(statement: Statement, guilty: ActionSet) -> tuple[str, ...]:
    """Many actions as the one element that gives them all, where there is one; otherwise the first of them."""
    text = action_text(statement, guilty) if statement.actions is not None else ""
    whole = load().expand(text) if "*" in text else ActionSet.empty
    if guilty <= whole and (text.endswith(":*") or len(guilty) >= MOSTLY * len(whole)):
        return (f"{text} ({len(guilty)} actions)",)
    return guilty.patterns(5, wildcards=True)


def _fix(view: PrincipalView, guilty: ActionSet, file: str | None, pattern: str) -> str:
    """The `Resource` to write, worked out once for the same actions of an account's principals."""
    if _ASSUME in guilty and len(guilty) == 1:
        return _roles_to_assume(view, file, _other_account(view, pattern))
    key = ("fix", guilty, file, _function_of(view))
    found: str | None = view.world.memo.get(key)
    if found is None:
        found = view.world.memo[key] = resource_fix(view.world, guilty, file, key[3])
    return found


def _other_account(view: PrincipalView, pattern: str) -> str | None:
    """The account of a pattern that is not the principal's own."""
    account = account_of(pattern) if pattern else None
    own = account_of(getattr(view.fact, "arn", "")) or ACCOUNT
    return account if account and account.isdigit() and account != own else None


def _roles_to_assume(view: PrincipalView, file: str | None, other: str | None) -> str:
    """The roles of the same template whose trust lets the principal in; else what the ARN of a role looks like.

    Args:
        view: of the principal.
        file: template whose roles can be referred to.
        other: account the statement names, where that is another one: no role of the template is meant then.
    """
    if other:
        return f"Resource: arn:aws:iam::{other}:role/<RoleName>"
    graph = view.world.graph
    edges = graph.outgoing(view.node.id, EdgeKind.CAN_ASSUME) if view.node and file else ()
    roles = (
        view.world.inventory.roles[edge.target]
        for edge in edges
        if edge.decision is not Decision.DENY and edge.target in view.world.inventory.roles
    )
    written = (reference(role) for role in roles if role.source.file == file)
    named = list(dict.fromkeys(islice(filter(None, written), _SHOWN_ROLES)))
    if not named:
        return 'Resource: !Sub "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/<RoleName>"'
    return f"Resource: {named[0]}" if len(named) == 1 else "\n".join(["Resource:", *(f"  - {text}" for text in named)])


_ASSUME = "sts:AssumeRole"
_SHOWN_ROLES = 4
_CAPPED = "its permissions boundary is in no input, and may cap it"


def _function_of(view: PrincipalView) -> str | None:
    """Logical id of the only function that runs with a principal."""
    if view.node is None:
        return None
    graph = view.world.graph
    users = [graph.nodes[edge.source] for edge in graph.incoming(view.node.id, EdgeKind.EXECUTES_AS)]
    functions = {user.logical_id for user in users if user.kind is NodeKind.FUNCTION}
    return functions.pop() if len(functions) == 1 else None


def _resources_text(share: Share) -> str:
    if share.pattern:
        return f"`{share.pattern}`"
    return ", ".join(f"`{text}`" for text in share.grant.resources[:2])


VALUES = ("actions", "count", "element", "resources", "principal", "fix", "services", "elsewhere")


def by_statement(shares: list[Share]) -> Iterator[tuple[Share, ActionSet]]:
    """Each statement once, with the actions of all its shares; narrowed parts apart from the others."""
    merged: dict[tuple[int, str], tuple[Share, ActionSet]] = {}
    for share in shares:
        key = (id(share.statement), share.narrowed)
        known = merged.get(key)
        if known is None:
            merged[key] = (share, share.actions)
        else:
            merged[key] = (min(known[0], share, key=widest_first), known[1] | share.actions)
    yield from merged.values()


def widest_first(share: Share) -> tuple[int, str]:
    """What puts the shares of a statement in order, in whatever order it lists its resources."""
    return -len(share.actions), share.pattern


def main_share(shares: list[Share], actions: ActionSet) -> Share | None:
    """The share that gives most of some actions: the one to blame; of several alike one that the user wrote."""
    best = max(shares, key=lambda share: (len(share.actions & actions), share.blamable), default=None)
    return best if best is not None and best.actions & actions else None


def view_of(subject: Subject) -> PrincipalView:
    """The principal that a subject is."""
    view: PrincipalView = subject.it
    return view


def admin_principals(world: World) -> frozenset[str]:
    """Node ids of the principals that are administrators."""
    known = world.memo.get("admins")
    if known is None:
        known = world.memo["admins"] = frozenset(
            view.node.id for view in world.principals if view.node and is_admin(breadth_of(view).everywhere())
        )
    return known
