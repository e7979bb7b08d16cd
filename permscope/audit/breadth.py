"""How broad a principal's effective access is: everything, whole services, every resource of a kind.

All finders look at the grants that are left after Deny, permissions boundary and control policies, over all policies
of the principal together, so that splitting or merging statements changes nothing. AWS's own managed policies count
in sums, but their statements are never blamed: the rules about attachments speak of those.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from permscope.audit.conditions import narrowing
from permscope.audit.fields import Subject
from permscope.audit.findings import Hit
from permscope.audit.fixes import resource_fix, restrictable
from permscope.audit.generated import is_generated
from permscope.audit.matching import no_such
from permscope.audit.predicates import Taken, finder
from permscope.audit.resources import covers_type_for, is_star
from permscope.audit.world import PrincipalView, World
from permscope.catalog.actions import LEVELS, ActionSet, load
from permscope.errors import RuleError
from permscope.inventory.located import source_of
from permscope.inventory.policies import Policy, PolicyKind, Statement
from permscope.inventory.source import NOWHERE, Source

_MOSTLY = 0.9  # a service counts as whole from here on: leaving out one action does not make it narrow
_IAM_SHARE = 0.8
_FEW = 4
SENSITIVE_SERVICES = frozenset(
    {"iam", "sts", "kms", "lambda", "secretsmanager", "ssm", "s3", "dynamodb", "organizations", "sso", "sso-directory"}
)
# What every function does for its own log group and network interface: worth a remark, not an alarm.
_ROUTINE = (
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
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
        found = ActionSet.empty
        for share in self.star:
            if not share.narrowed:
                found |= share.actions
        return found


def breadth_of(view: PrincipalView) -> Breadth:
    """The breadth of a principal, worked out once."""
    key = ("breadth", id(view))
    found = view.world.memo.get(key)
    if found is None:
        found = view.world.memo[key] = _breadth(view)
    return found  # type: ignore[no-any-return]


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
def _iam_writes() -> ActionSet:
    catalog = load()
    iam = catalog.expand("iam:*")
    return iam & (catalog.level_set("Write") | catalog.level_set("Permissions management"))


@cache
def routine_actions() -> ActionSet:
    """What nearly every function is given for its own log group and network interface."""
    return load().action_set(_ROUTINE)


@cache
def _sts_writes() -> ActionSet:
    return load().action_set(("sts:AssumeRole",))


def is_admin(actions: ActionSet) -> bool:
    """Whether actions on every resource make an administrator: everything, or every IAM and STS write."""
    catalog = load()
    return catalog.everything <= actions or (_iam_writes() | _sts_writes()) <= actions


def gives_iam(actions: ActionSet) -> bool:
    """Whether actions on every resource hold nearly all that IAM can change."""
    writes = _iam_writes()
    return len(writes & actions) >= _IAM_SHARE * len(writes)


def covers_service(actions: ActionSet, service: str) -> bool:
    """Whether actions hold (nearly) all of a service."""
    catalog = load()
    own, whole = actions.of_service(service), catalog.expand(f"{service}:*")
    return bool(whole) and (len(own) >= len(whole) or (len(whole) >= 10 and len(own) >= _MOSTLY * len(whole)))  # noqa: PLR2004


# Making hits


def action_text(statement: Statement, actions: ActionSet) -> str:
    """The `Action` element of a statement that has most to do with some actions."""
    catalog = load()
    texts = statement.actions if statement.actions is not None else statement.not_actions or ("",)
    if statement.actions is None:
        return texts[0]
    return max(texts, key=lambda text: len(catalog.expand(text) & actions))


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
    shown = guilty.patterns(5, wildcards=False) if len(guilty) <= _FEW else guilty.patterns(5, wildcards=True)
    return Hit(
        element=str(text),
        source=place,
        values={
            "actions": ", ".join(shown),
            "count": str(len(guilty)),
            "element": str(text),
            "resources": _resources_text(share),
            "principal": view.label,
            "fix": resource_fix(view.world, guilty, place.file) if guilty else "",
            "services": ", ".join(guilty.services()[:6]),
        },
        resource=resource,
        nodes=(view.node.id,) if view.node else (),
        confidence="medium" if share.grant.limited_by or view.boundary_missing else None,
        conditioned=f"`{share.narrowed}` narrows it" if share.narrowed else "",
        claims=guilty,
        statement=statement,
    )


def _resources_text(share: Share) -> str:
    if share.pattern:
        return f"`{share.pattern}`"
    return ", ".join(f"`{text}`" for text in share.grant.resources[:2])


VALUES = ("actions", "count", "element", "resources", "principal", "fix", "services")


def _by_statement(shares: list[Share]) -> Iterator[tuple[Share, ActionSet]]:
    """Each statement once, with the actions of all its shares; narrowed parts apart from the others."""
    merged: dict[tuple[int, str], tuple[Share, ActionSet]] = {}
    for share in shares:
        key = (id(share.statement), share.narrowed)
        known = merged.get(key)
        merged[key] = (share, share.actions) if known is None else (known[0], known[1] | share.actions)
    yield from merged.values()


def _main(shares: list[Share], actions: ActionSet) -> Share | None:
    """The share that gives most of some actions: the one to blame."""
    best = max(shares, key=lambda share: len(share.actions & actions), default=None)
    return best if best is not None and best.actions & actions else None


def _view(subject: Subject) -> PrincipalView:
    view: PrincipalView = subject.it
    return view


# Finders


@finder("principal", values=VALUES)
def administrator_access(subject: Subject, _parameters: Any, taken: Taken) -> Iterator[Hit]:
    """Everything on every resource, or every IAM and STS write: administrator, however it is spelled."""
    view = _view(subject)
    shares = [share for share in breadth_of(view).star if not share.narrowed]
    everywhere = breadth_of(view).everywhere()
    if not everywhere or not is_admin(everywhere):
        return
    guilty = taken.left_of(everywhere)
    writes = _iam_writes() | _sts_writes()
    best = _main(shares, everywhere if load().everything <= everywhere else writes)
    if best is None or not best.blamable or best.inverted or not guilty:
        return
    yield hit_in(view, best, everywhere, action_text(best.statement, everywhere))


@finder("principal", values=VALUES)
def iam_control(subject: Subject, _parameters: Any, taken: Taken) -> Iterator[Hit]:
    """Nearly everything that IAM can change, on every resource."""
    view = _view(subject)
    everywhere = breadth_of(view).everywhere()
    iam = everywhere.of_service("iam")
    if not iam or not gives_iam(iam):
        return
    guilty = taken.left_of(iam)
    best = _main([share for share in breadth_of(view).star if not share.narrowed], iam)
    if best is not None and best.blamable and not best.inverted and guilty:
        yield hit_in(view, best, guilty, action_text(best.statement, guilty))


@finder("principal", values=VALUES)
def whole_services(subject: Subject, _parameters: Any, taken: Taken) -> Iterator[Hit]:
    """Every action of a service on every resource; one hit per statement, `high` for the services that hold power."""
    view = _view(subject)
    breadth = breadth_of(view)
    for narrowed in (False, True):
        shares = [share for share in breadth.star if bool(share.narrowed) is narrowed and not share.inverted]
        yield from _whole(view, shares, taken)


def _whole(view: PrincipalView, shares: list[Share], taken: Taken) -> Iterator[Hit]:
    total = ActionSet.empty
    for share in shares:
        total |= share.actions
    blamed: dict[int, tuple[Share, ActionSet]] = {}
    for service in total.services():
        own = total.of_service(service)
        if not covers_service(total, service):
            continue
        best = _main(shares, own)
        if best is None or not best.blamable or not _is_spelled_wide(best, own):
            continue
        left = taken.left_of(own)
        if left and covers_service(left, service):
            known = blamed.get(id(best.statement))
            blamed[id(best.statement)] = (best, left if known is None else known[1] | left)
    for share, guilty in blamed.values():
        hit = hit_in(view, share, guilty, action_text(share.statement, guilty))
        names = guilty.services()
        hit.values["services"] = ", ".join(f"`{name}`" for name in names[:5]) + (
            f" and {len(names) - 5} more services" if len(names) > 5 else ""  # noqa: PLR2004
        )
        if not SENSITIVE_SERVICES.isdisjoint(names):
            hit.severity = "high"
        yield hit


def _is_spelled_wide(share: Share, actions: ActionSet) -> bool:
    """Whether a tiny service is meant as a whole: naming its only action is no breadth."""
    return len(actions) >= _FEW or "*" in action_text(share.statement, actions)


@finder("principal", values=VALUES)
def every_action_on_some_resource(subject: Subject, _parameters: Any, taken: Taken) -> Iterator[Hit]:
    """Every action there is, on resources that are named."""
    view = _view(subject)
    catalog = load()
    everything = len(catalog.everything)
    by_pattern: dict[str, ActionSet] = {}
    shares = [share for share in breadth_of(view).scoped if not share.inverted]
    for share in shares:
        for pattern in share.grant.resources:
            # As written: on a named resource most of the actions there are can never take effect.
            written = view.world.actions_of(share.statement)
            by_pattern[pattern] = by_pattern.get(pattern, ActionSet.empty) | written
    seen: set[int] = set()
    for pattern, actions in by_pattern.items():
        if len(actions) < _MOSTLY * everything:
            continue
        best = _main([share for share in shares if pattern in share.grant.resources], actions)
        if best is None or not best.blamable or id(best.statement) in seen or not taken.left_of(actions):
            continue
        seen.add(id(best.statement))
        yield hit_in(view, best, actions, action_text(best.statement, actions))


def _unscoped_parameters(given: object, place: Source) -> tuple[ActionSet, tuple[str, ...]]:
    if not isinstance(given, dict) or not set(given) <= {"levels", "on", "actions"}:
        raise RuleError("expected `levels` or `actions`, and `on`", source=place)
    catalog = load()
    wanted = ActionSet.empty
    for level in given.get("levels", ()):
        if level not in LEVELS:
            raise no_such("access level", level, LEVELS, source_of(level, place))
        wanted |= catalog.level_set(level)
    for action in given.get("actions", ()):
        if not catalog.expand(action):
            raise no_such("action", action, (catalog.closest(action) or "",), source_of(action, place))
        wanted |= catalog.expand(action)
    on = tuple(given.get("on", ("everything",)))
    for item in on:
        if item not in ("everything", "every-of-kind"):
            raise no_such("value", item, ("everything", "every-of-kind"), source_of(item, place))
    if not wanted:
        raise RuleError("a rule must say which actions it means", source=place)
    return wanted, on


@finder("principal", values=VALUES, check=_unscoped_parameters)
def unscoped(subject: Subject, parameters: Any, taken: Taken) -> Iterator[Hit]:
    """Actions of some access levels on everything, or on every resource of a kind, that could name their resources.

    Parameters: `levels` (access levels) or `actions`, and `on`: `everything` and/or `every-of-kind`.
    """
    wanted, on = parameters
    view = _view(subject)
    breadth = breadth_of(view)
    shares = (breadth.star if "everything" in on else []) + (breadth.wide if "every-of-kind" in on else [])
    limit = restrictable() & wanted
    for share, actions in _by_statement([share for share in shares if not share.inverted and share.blamable]):
        guilty = taken.left_of(actions & limit)
        if guilty and share.grant.limited_by:
            guilty = guilty - _denied_by_kind(view.world, share)
        if not guilty:
            continue
        hit = hit_in(view, share, guilty, share.pattern)
        if guilty <= routine_actions():
            hit.severity = "low"
        yield hit


def _denied_by_kind(world: World, share: Share) -> ActionSet:
    """Actions that a Deny keeps from every resource of a kind: what is left has no resource to name.

    `Allow sns:Publish on *` with `Deny sns:Publish on every topic` is how sending text messages is granted.
    """
    found = ActionSet.empty
    for statement in share.grant.limited_by:
        if statement.effect == "Deny" and not statement.conditions:
            for pattern in statement.resources or ():
                found |= covers_type_for(pattern) & world.actions_of(statement)
    return found


@finder("principal", values=VALUES)
def action_patterns(subject: Subject, _parameters: Any, taken: Taken) -> Iterator[Hit]:
    """Action patterns that let something be changed (`dynamodb:P*`), with what they stand for today."""
    view = _view(subject)
    catalog = load()
    changes = catalog.everything - catalog.level_set("List") - catalog.level_set("Read")
    breadth = breadth_of(view)
    seen: set[tuple[int, str]] = set()
    for share in (*breadth.scoped, *breadth.star, *breadth.excluded):
        if not share.blamable:
            continue
        for text in share.statement.actions or ():
            if not any(mark in text for mark in "*?") or not text.strip("*:") or (id(share.statement), text) in seen:
                continue
            seen.add((id(share.statement), text))
            expanded = catalog.expand(text) & share.actions
            guilty = taken.left_of(expanded) & changes
            if guilty and len(expanded) > 1:
                hit = hit_in(view, share, expanded, text)
                hit.values["actions"] = ", ".join(guilty.patterns(8))
                hit.values["count"] = str(len(expanded))
                hit.values["fix"] = "\n".join(["Action:", *(f"  - {name}" for name in _spelled(expanded, guilty))])
                yield hit


def _spelled(expanded: ActionSet, guilty: ActionSet) -> Iterator[str]:
    names = list(expanded if len(expanded) <= 8 else guilty)  # noqa: PLR2004
    yield from names[:8]
    if len(names) > 8:  # noqa: PLR2004
        yield "# ... only those the code calls"


@finder("principal", values=VALUES)
def everything_but_actions(subject: Subject, _parameters: Any, taken: Taken) -> Iterator[Hit]:
    """What `Allow` with `NotAction` leaves; critical where that holds IAM or STS writes on every resource."""
    view = _view(subject)
    breadth = breadth_of(view)
    seen: set[int] = set()
    for share in (*breadth.star, *breadth.scoped, *breadth.excluded):
        statement = share.statement
        if statement.not_actions is None or not share.blamable or id(statement) in seen:
            continue
        seen.add(id(statement))
        if not taken.left_of(share.actions):
            continue
        hit = hit_in(view, share, share.actions, statement.not_actions[0])
        writes = _iam_writes() | _sts_writes()
        if share in breadth.star and not share.narrowed and not writes.isdisjoint(share.actions):
            hit.severity = "critical"
        yield hit


@finder("principal", values=VALUES)
def everything_but_resources(subject: Subject, _parameters: Any, taken: Taken) -> Iterator[Hit]:
    """What `Allow` with `NotResource` leaves."""
    view = _view(subject)
    seen: set[int] = set()
    for share in breadth_of(view).excluded:
        statement = share.statement
        if statement.not_resources is None or not share.blamable or id(statement) in seen:
            continue
        seen.add(id(statement))
        guilty = taken.left_of(share.actions & restrictable())
        if guilty:
            yield hit_in(view, share, guilty, statement.not_resources[0])


@cache
def _pass_role() -> ActionSet:
    return load().expand("iam:PassRole")


def _passed_to(share: Share) -> bool:
    """Whether a grant says which services a role may be passed to."""
    for entry in share.grant.conditions:
        if entry.key.lower() in ("iam:passedtoservice", "iam:associatedresourcearn"):
            return not entry.operator.lower().endswith("ifexists") and all(value.strip("*") for value in entry.values)
    return False


@finder("principal", values=VALUES)
def pass_any_role(subject: Subject, _parameters: Any, taken: Taken) -> Iterator[Hit]:
    """`iam:PassRole` on every role."""
    view = _view(subject)
    breadth = breadth_of(view)
    for share, actions in _by_statement([*breadth.star, *breadth.wide]):
        guilty = taken.left_of(actions & _pass_role())
        if not guilty or not share.blamable or share.inverted:
            continue
        yield hit_in(view, share, guilty, share.pattern)


@finder("principal", values=VALUES)
def pass_role_but(subject: Subject, _parameters: Any, taken: Taken) -> Iterator[Hit]:
    """`iam:PassRole` with `NotResource`."""
    view = _view(subject)
    for share, actions in _by_statement(breadth_of(view).excluded):
        guilty = taken.left_of(actions & _pass_role())
        if guilty and share.blamable and share.statement.not_resources:
            yield hit_in(view, share, guilty, share.statement.not_resources[0])


@finder("principal", values=VALUES)
def pass_role_to_any_service(subject: Subject, _parameters: Any, taken: Taken) -> Iterator[Hit]:
    """`iam:PassRole` that does not say to which service (`iam:PassedToService`)."""
    view = _view(subject)
    breadth = breadth_of(view)
    for share, actions in _by_statement([*breadth.star, *breadth.scoped, *breadth.excluded]):
        guilty = taken.left_of(actions & _pass_role())
        if not guilty or not share.blamable or _passed_to(share):
            continue
        hit = hit_in(view, share, guilty, action_text(share.statement, guilty))
        hit.conditioned = ""
        yield hit


def admin_principals(world: World) -> frozenset[str]:
    """Node ids of the principals that are administrators."""
    known = world.memo.get("admins")
    if known is None:
        known = world.memo["admins"] = frozenset(
            view.node.id for view in world.principals if view.node and is_admin(breadth_of(view).everywhere())
        )
    return known  # type: ignore[no-any-return]
