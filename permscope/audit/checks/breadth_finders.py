"""What is too broad in a principal's effective access: the finders of the rules about identities."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

from permscope.audit.checks.breadth import (
    FEW,
    MOSTLY,
    SENSITIVE_SERVICES,
    VALUES,
    Share,
    action_text,
    breadth_of,
    by_statement,
    covers_service,
    gives_iam,
    hit_in,
    iam_writes,
    is_admin,
    looks,
    main_share,
    routine_actions,
    sts_writes,
    view_of,
    widest_first,
)
from permscope.audit.checks.resources import can_match, covers_type_for, formats_of, is_star
from permscope.audit.conditions import is_positive
from permscope.audit.findings import Hit
from permscope.audit.fixes import restrictable
from permscope.audit.predicates import Taken, finder
from permscope.audit.subjects import Subject
from permscope.audit.world import PrincipalView, World
from permscope.catalog.actions import LEVELS, ActionSet, load
from permscope.errors import RuleError
from permscope.graph.mapping_reader import no_such
from permscope.inventory.located import source_of
from permscope.inventory.policies import ConditionEntry
from permscope.inventory.source import Source


@finder("principal", values=VALUES)
def administrator_access(subject: Subject, _parameters: Any, taken: Taken) -> Iterator[Hit]:
    """Everything on every resource, or every IAM and STS write: administrator, however it is spelled."""
    view = view_of(subject)
    shares = [share for share in breadth_of(view).star if not share.narrowed]
    everywhere = breadth_of(view).everywhere()
    if not everywhere or not is_admin(everywhere):
        return
    guilty = taken.left_of(everywhere)
    writes = iam_writes() | sts_writes()
    best = main_share(shares, everywhere if load().everything <= everywhere else writes)
    if best is None or not best.blamable or best.inverted or not guilty:
        return
    yield hit_in(view, best, everywhere, action_text(best.statement, everywhere))


@finder("principal", values=VALUES)
def iam_control(subject: Subject, _parameters: Any, taken: Taken) -> Iterator[Hit]:
    """Nearly everything that IAM can change, on every resource."""
    view = view_of(subject)
    everywhere = breadth_of(view).everywhere()
    iam = everywhere.of_service("iam")
    if not iam or not gives_iam(iam):
        return
    guilty = taken.left_of(iam)
    best = main_share([share for share in breadth_of(view).star if not share.narrowed], iam)
    if best is not None and best.blamable and not best.inverted and guilty:
        yield hit_in(view, best, guilty, action_text(best.statement, guilty))


@finder("principal", values=VALUES)
def whole_services(subject: Subject, _parameters: Any, taken: Taken) -> Iterator[Hit]:
    """Every action of a service on every resource; one hit per statement, `high` for the services that hold power."""
    view = view_of(subject)
    breadth = breadth_of(view)
    for narrowed in (False, True):
        shares = [share for share in breadth.star if bool(share.narrowed) is narrowed and not share.inverted]
        yield from _whole(view, shares, taken)


def _whole(view: PrincipalView, shares: list[Share], taken: Taken) -> Iterator[Hit]:
    covered = _covered(tuple((share.actions, share.blamable) for share in shares))
    wide = [(shares[at], parts) for at, parts in covered if shares[at].blamable]
    found = [(share, [own for own in parts if _is_spelled_wide(share, own)]) for share, parts in wide]
    left = taken.left_of(load().union(own for _, parts in found for own in parts))
    blamed: dict[int, tuple[Share, ActionSet]] = {}
    for share, parts in found:
        guilty = load().union(own for own in parts if own <= left)
        if guilty:
            known = blamed.get(id(share.statement))
            blamed[id(share.statement)] = (share, guilty if known is None else known[1] | guilty)
    for share, guilty in blamed.values():
        hit = hit_in(view, share, guilty, action_text(share.statement, guilty))
        names = guilty.services()
        hit.values["services"] = ", ".join(f"`{name}`" for name in names[:5]) + (
            f" and {len(names) - 5} more services" if len(names) > 5 else ""  # noqa: PLR2004
        )
        if not SENSITIVE_SERVICES.isdisjoint(names):
            hit.severity = "high"
        yield hit


@lru_cache(maxsize=4096)
def _covered(shares: tuple[tuple[ActionSet, bool], ...]) -> tuple[tuple[int, tuple[ActionSet, ...]], ...]:
    """The services that shares cover, under the place of the share to blame for each; administrators are alike."""
    total = load().union(actions for actions, _ in shares)
    found: dict[int, list[ActionSet]] = {}
    for service in total.services():
        if covers_service(total, service):
            own = total.of_service(service)
            best = max(range(len(shares)), key=lambda at: (len(shares[at][0] & own), shares[at][1]))
            found.setdefault(best, []).append(own)
    return tuple((at, tuple(parts)) for at, parts in found.items())


def _is_spelled_wide(share: Share, actions: ActionSet) -> bool:
    """Whether a tiny service is meant as a whole: naming its only action is no breadth."""
    return len(actions) >= FEW or "*" in action_text(share.statement, actions)


@cache
def _count_of_all() -> int:
    return len(load().everything)


@finder("principal", values=VALUES)
def every_action_on_some_resource(subject: Subject, _parameters: Any, taken: Taken) -> Iterator[Hit]:
    """Every action there is, on resources that are named."""
    view = view_of(subject)
    everything = _count_of_all()
    by_pattern: dict[str, ActionSet] = {}
    shares = [share for share in breadth_of(view).scoped if not share.inverted]
    for share in shares:
        for pattern in share.grant.resources:
            # As written: on a named resource most of the actions there are can never take effect.
            written = view.world.actions_of(share.statement)
            by_pattern[pattern] = by_pattern.get(pattern, ActionSet.empty) | written
    of_statement: dict[int, list[tuple[str, Share, ActionSet]]] = {}
    for pattern, actions in sorted(by_pattern.items(), key=lambda item: item[0]):
        if len(actions) < MOSTLY * everything:
            continue
        best = main_share([share for share in shares if pattern in share.grant.resources], actions)
        if best is not None and best.blamable:
            of_statement.setdefault(id(best.statement), []).append((pattern, best, actions))
    for found in of_statement.values():
        _, best, actions = found[0]
        if not taken.left_of(actions):
            continue
        hit = hit_in(view, best, actions, action_text(best.statement, actions))
        hit.values["resources"] = _few([pattern for pattern, _, _ in found])
        yield hit


def _few(patterns: list[str]) -> str:
    named = ", ".join(f"`{pattern}`" for pattern in patterns[:3])
    return named if len(patterns) <= 3 else f"{named} and {len(patterns) - 3} more"  # noqa: PLR2004 - as named


def _unscoped_parameters(given: object, place: Source) -> tuple[ActionSet, tuple[str, ...], bool, bool]:
    if not isinstance(given, dict) or not set(given) <= {"levels", "on", "actions", "together", "without", "whole"}:
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
    for action in given.get("without", ()):
        if not catalog.expand(action):
            raise no_such("action", action, (catalog.closest(action) or "",), source_of(action, place))
        wanted -= catalog.expand(action)
    on = tuple(given.get("on", ("everything",)))
    for item in on:
        if item not in ("everything", "every-of-kind"):
            raise no_such("value", item, ("everything", "every-of-kind"), source_of(item, place))
    if not wanted:
        raise RuleError("a rule must say which actions it means", source=place)
    return wanted, on, given.get("together") is True, given.get("whole") is True


@finder("principal", values=VALUES, check=_unscoped_parameters)
def unscoped(subject: Subject, parameters: Any, taken: Taken) -> Iterator[Hit]:
    """Actions of some access levels on everything, or on every resource of a kind, that could name their resources.

    Parameters: `levels` (access levels) or `actions`, and `without` some actions; `on`: `everything` and/or
    `every-of-kind`; `together`: only where the principal may do all of the actions so; `whole`: where a statement gives
    the whole service of an action, the finding speaks of the service.
    """
    wanted, on, together, whole = parameters
    view = view_of(subject)
    limit = _restrictable_of(wanted)
    if together and not limit <= load().union(share.actions for share in _reaching(view, on)):
        return
    for share, actions in _to_blame(view, on):
        guilty = taken.left_of(actions & limit)
        if guilty and share.grant.limited_by:
            guilty = guilty - _denied_by_kind(view.world, share)
        if guilty and not is_star(share.pattern):
            guilty = guilty - _limited_otherwise(view, share, guilty)
        if not guilty:
            continue
        hit = hit_in(view, share, guilty, share.pattern)
        if whole:
            hit.claims = guilty | _whole_services_of(actions, guilty)
        if guilty <= routine_actions():
            hit.severity, hit.exposed = "low", ""
        elif guilty <= looks():
            hit.severity = "low"
        yield hit


def _reaching(view: PrincipalView, on: tuple[str, ...]) -> list[Share]:
    breadth = breadth_of(view)
    return (breadth.star if "everything" in on else []) + (breadth.wide if "every-of-kind" in on else [])


def _to_blame(view: PrincipalView, on: tuple[str, ...]) -> tuple[tuple[Share, ActionSet], ...]:
    """The statements that reach so far and are the user's own, found once for the many rules that ask."""
    key = ("to blame", id(view), on)
    found: tuple[tuple[Share, ActionSet], ...] | None = view.world.memo.get(key)
    if found is None:
        own = [share for share in _reaching(view, on) if not share.inverted and share.blamable]
        found = view.world.memo[key] = tuple(by_statement(own))
    return found


def _whole_services_of(actions: ActionSet, guilty: ActionSet) -> ActionSet:
    """All of each service that some actions are of and that others cover."""
    found = ActionSet.empty
    for service in guilty.services():
        if covers_service(actions, service):
            found |= actions.of_service(service)
    return found


def _limited_otherwise(view: PrincipalView, share: Share, actions: ActionSet) -> ActionSet:
    """Actions that need several resources, of which another statement names one: they are not as wide as a pattern.

    `batch:SubmitJob` on every job, but with one job definition and one queue.
    https://docs.aws.amazon.com/batch/latest/userguide/batch-supported-iam-actions-resources.html
    """
    found = []
    for service in _SEVERAL_AT_ONCE:
        for action in list(actions.of_service(service))[:_LOOKED_AT]:
            formats = [text for text in formats_of(action) or () if not can_match(share.pattern, text)]
            for grant in view.access.grants[:_LOOKED_AT]:
                if action in grant.actions and any(
                    not is_star(text) and action not in covers_type_for(text) and can_match(text, form)
                    for text in grant.resources
                    for form in formats
                ):
                    found.append(action)
                    break
    return load().action_set(found) if found else ActionSet.empty


_SEVERAL_AT_ONCE = ("batch", "ec2")
_LOOKED_AT = 60


@lru_cache(maxsize=256)
def _restrictable_of(wanted: ActionSet) -> ActionSet:
    return restrictable() & wanted


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


@cache
def _changes() -> ActionSet:
    """Every action that does more than look."""
    catalog = load()
    return catalog.everything - catalog.level_set("List") - catalog.level_set("Read")


@finder("principal", values=VALUES)
def action_patterns(subject: Subject, _parameters: Any, taken: Taken) -> Iterator[Hit]:
    """Action patterns that let something be changed (`dynamodb:P*`), with what they stand for today."""
    view = view_of(subject)
    catalog = load()
    changes = _changes()
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
                few = len(guilty) <= _NAMED
                hit.values["actions"] = (
                    f"among them {', '.join(guilty)}" if few else f"{len(guilty)} of which change something"
                )
                hit.values["count"] = str(len(expanded))
                hit.values["fix"] = "\n".join(["Action:", *_spelled(expanded, guilty)])
                yield hit


_NAMED, _SPELLED = 6, 8  # in a message, in a fix


def _spelled(expanded: ActionSet, guilty: ActionSet) -> Iterator[str]:
    names = list(expanded if len(expanded) <= _SPELLED else guilty)
    yield from (f"  - {name}" for name in names[:_SPELLED])
    if len(names) > _SPELLED:
        yield "  # ... only those the code calls"


@finder("principal", values=VALUES)
def everything_but_actions(subject: Subject, _parameters: Any, taken: Taken) -> Iterator[Hit]:
    """What `Allow` with `NotAction` leaves; critical where that holds IAM or STS writes on every resource."""
    view = view_of(subject)
    breadth = breadth_of(view)
    star = {id(share) for share in breadth.star}
    of_statement: dict[int, list[Share]] = {}
    for share in (*breadth.star, *breadth.scoped, *breadth.excluded):
        if share.statement.not_actions is not None and share.blamable:
            of_statement.setdefault(id(share.statement), []).append(share)
    for shares in of_statement.values():
        share = min(shares, key=lambda each: (id(each) not in star, *widest_first(each)))
        actions = load().union(each.actions for each in shares)
        if not taken.left_of(actions):
            continue
        hit = hit_in(view, share, actions, action_text(share.statement, actions))
        writes = iam_writes() | sts_writes()
        if id(share) in star and not share.narrowed and not writes.isdisjoint(share.actions):
            hit.severity = "critical"
        else:
            hit.claims = hit.claims - writes  # what they lead to is worse than what is said here
        yield hit


@finder("principal", values=VALUES)
def everything_but_resources(subject: Subject, _parameters: Any, taken: Taken) -> Iterator[Hit]:
    """What `Allow` with `NotResource` leaves."""
    view = view_of(subject)
    seen: set[int] = set()
    for share in breadth_of(view).excluded:
        statement = share.statement
        if statement.not_resources is None or not share.blamable or id(statement) in seen:
            continue
        seen.add(id(statement))
        guilty = taken.left_of(share.actions & restrictable())
        if guilty:
            yield hit_in(view, share, guilty, _left_out(share))


def _left_out(share: Share) -> str:
    """A resource that a statement with `NotResource` leaves out, as it is written; the same one in whatever order."""
    return min(share.statement.not_resources or (share.pattern,))


@cache
def _pass_role() -> ActionSet:
    return load().expand("iam:PassRole")


def _passed_to(share: Share) -> bool:
    """Whether a grant says which services a role may be passed to."""
    keys = ("iam:passedtoservice", "iam:associatedresourcearn")
    return any(entry.key.lower() in keys and _names(entry) for entry in share.grant.conditions)


def _names(entry: ConditionEntry) -> bool:
    """Whether a condition names services or resources, and not just anything there is."""
    return is_positive(entry.operator) and all(
        value.strip("*?").removesuffix(".amazonaws.com") for value in entry.values
    )


@finder("principal", values=VALUES)
def pass_any_role(subject: Subject, _parameters: Any, taken: Taken) -> Iterator[Hit]:
    """`iam:PassRole` on every role."""
    view = view_of(subject)
    breadth = breadth_of(view)
    for share, actions in by_statement([*breadth.star, *breadth.wide]):
        guilty = taken.left_of(actions & _pass_role())
        if not guilty or not share.blamable or share.inverted:
            continue
        yield hit_in(view, share, guilty, share.pattern)


@finder("principal", values=VALUES)
def pass_role_but(subject: Subject, _parameters: Any, taken: Taken) -> Iterator[Hit]:
    """`iam:PassRole` with `NotResource`."""
    view = view_of(subject)
    for share, actions in by_statement(breadth_of(view).excluded):
        guilty = taken.left_of(actions & _pass_role())
        if guilty and share.blamable and share.statement.not_resources:
            yield hit_in(view, share, guilty, _left_out(share))


@finder("principal", values=VALUES)
def pass_role_to_any_service(subject: Subject, _parameters: Any, taken: Taken) -> Iterator[Hit]:
    """`iam:PassRole` that does not say to which service (`iam:PassedToService`)."""
    view = view_of(subject)
    breadth = breadth_of(view)
    for share, actions in by_statement([*breadth.star, *breadth.scoped, *breadth.excluded]):
        guilty = taken.left_of(actions & _pass_role())
        if not guilty or not share.blamable or _passed_to(share):
            continue
        hit = hit_in(view, share, guilty, action_text(share.statement, guilty))
        hit.conditioned = ""
        names, known = _trusted_by(view.world, share)
        hit.values["services"] = _written(names)
        if known and len(names) == 1:
            hit.unreachable = f"only `{names[0]}` can assume it"
        yield hit


def _trusted_by(world: World, share: Share) -> tuple[list[str], bool]:
    """The services that trust policies of the passed roles name, and whether all these roles are known."""
    found: dict[str, None] = {}
    roles = [world.inventory.roles.get(arn) for arn in share.grant.resources]
    for role in roles:
        for statement in role.trust.statements if role else ():
            for principal in statement.principals or ():
                if principal.kind == "Service" and statement.effect == "Allow":
                    found.setdefault(str(principal.value), None)
    return list(found), bool(roles) and all(roles)


def _written(names: list[str]) -> str:
    if not names:
        return "<the service that takes the role, such as lambda.amazonaws.com>"
    return names[0] if len(names) == 1 else f"[{', '.join(names)}]"


@finder("principal", values=VALUES)
def create_any_service_linked_role(subject: Subject, _parameters: Any, taken: Taken) -> Iterator[Hit]:
    """`iam:CreateServiceLinkedRole` on every role, for any service."""
    view = view_of(subject)
    create = load().expand("iam:CreateServiceLinkedRole")
    for share, actions in by_statement([*breadth_of(view).star, *breadth_of(view).wide]):
        guilty = taken.left_of(actions & create)
        named = any(entry.key.lower() == "iam:awsservicename" and _names(entry) for entry in share.grant.conditions)
        if guilty and share.blamable and not named:
            yield hit_in(view, share, guilty, share.pattern)
