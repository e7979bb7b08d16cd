"""What managed policies give, judged by their documents and not by their names alone; SAM policy templates too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import Any

from permscope.audit.checks.breadth import (
    SENSITIVE_SERVICES,
    VALUES,
    breadth_of,
    covers_service,
    gives_iam,
    hit_in,
    is_admin,
    looks,
    routine_actions,
)
from permscope.audit.checks.resources import is_star
from permscope.audit.findings import Hit
from permscope.audit.fixes import restrictable
from permscope.audit.generated import policy_template_of
from permscope.audit.predicates import Taken, finder, predicate
from permscope.audit.replacements import grants_for
from permscope.audit.subjects import Subject
from permscope.audit.world import AttachmentView, PrincipalView, World
from permscope.catalog.actions import ActionSet, load
from permscope.inventory.policies import Policy

_SHOWN = 4


def _everywhere(world: World, policy: Policy) -> ActionSet:
    """What a managed policy alone allows on every resource, worked out once for each policy."""
    key = ("everywhere", policy.arn or id(policy))
    found = world.memo.get(key)
    if found is None:
        found = ActionSet.empty
        for statement in policy.statements:
            everywhere = statement.not_resources is not None or any(map(is_star, statement.resources or ()))
            if statement.effect == "Allow" and everywhere:
                found |= world.actions_of(statement)
        world.memo[key] = found
    return found


def _left_of(view: AttachmentView, policy: Policy) -> ActionSet:
    """What Deny, boundary and control policies leave its holder of what a managed policy allows on every resource."""
    return _everywhere(view.world, policy) & breadth_of(view.principal).everywhere()


@predicate("attachment")
def grants_administration(subject: Subject) -> bool:
    """The managed policy allows everything, or every IAM and STS write, on every resource, and nothing caps it."""
    view: AttachmentView = subject.it
    if view.policy is None:
        return view.name == "AdministratorAccess"
    return is_admin(_left_of(view, view.policy))


@cache
def _writes() -> ActionSet:
    """Changes to something that has a name: what holds a channel open (`ssmmessages`) is none."""
    catalog = load()
    return (catalog.level_set("Write") | catalog.level_set("Permissions management")) & catalog.restrictable


@finder("attachment", values=("name", "fix"))
def replaceable_managed_policy(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """The managed policy, with what its holder is seen to use instead."""
    view: AttachmentView = subject.it
    yield Hit(element=view.name, source=view.source, values={"name": view.name, "fix": _instead(view, None)})


def _instead(view: AttachmentView, services: Iterable[str] | None) -> str:
    """What to write in place of a managed policy: grants on what its holder is seen to use, else what to look for."""
    role = view.principal.node
    grants = grants_for(view.world, role.id, services) if role is not None else ""
    what = "actions" if services is None else f"actions of {', '.join(services)}"
    if grants:
        return f"# in place of {view.name}, with the other {what} that are needed\n{grants}"
    return f"Replace `{view.name}` by those {what} that are needed, each on the resources it is needed for."


@lru_cache(maxsize=1024)
def _changed_whole(actions: ActionSet) -> tuple[str, ...]:
    """The services that actions hold as a whole, writes included; one policy is attached to many."""
    return tuple(
        name
        for name in actions.services()
        if covers_service(actions, name) and not _writes().isdisjoint(actions.of_service(name))
    )


@finder("attachment", values=("what", "name", "fix"))
def elevated_managed_policy(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """A managed policy whose document gives a whole service, writes included, on every resource."""
    view: AttachmentView = subject.it
    if view.policy is None:
        return
    everywhere = _left_of(view, view.policy)
    services = _changed_whole(everywhere)
    severity = None
    if gives_iam(everywhere):
        what, severity = "everything with IAM", "critical"  # administrator in one more step
    elif services:
        shown = ", ".join(f"`{name}`" for name in services[:_SHOWN])
        more = f" and {len(services) - _SHOWN} more services" if len(services) > _SHOWN else ""
        what = f"everything with {shown}{more}"
        if SENSITIVE_SERVICES.isdisjoint(services):
            severity = "medium"
    else:
        return
    fix = _instead(view, services[:_SHOWN] or ["iam"])
    values = {"what": what, "name": view.name, "fix": fix}
    yield Hit(element=view.name, source=view.source, values=values, severity=severity)


@finder("principal", values=(*VALUES, "template"))
def broad_policy_templates(subject: Subject, _parameters: Any, taken: Taken) -> Iterator[Hit]:
    """SAM policy templates whose expansion reaches every resource for actions that could name theirs."""
    view: PrincipalView = subject.it
    breadth = breadth_of(view)
    seen: set[tuple[str, object]] = set()
    for share in (*breadth.star, *breadth.wide):
        template = policy_template_of(share.policy, share.statement)
        if template is None:
            continue
        guilty = taken.left_of(share.actions & restrictable())
        key = (template, share.statement.source)
        if not guilty or key in seen:
            continue
        seen.add(key)
        hit = hit_in(view, share, guilty, share.pattern)
        hit.element = template
        hit.values["template"] = template
        if guilty <= routine_actions() or guilty <= looks():
            hit.severity = "low"
        yield hit


@predicate("statement")
def holder_may_read_everything(subject: Subject) -> bool:
    """AWS's `ReadOnlyAccess` is attached to the role of a trust policy."""
    view = subject.world.by_arn.get(subject.holder.id) if subject.holder else None
    return view is not None and any(
        (item.policy.arn or "").endswith(":policy/ReadOnlyAccess") for item in view.policies
    )
