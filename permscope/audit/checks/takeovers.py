"""Escalation: what a principal can become, from the `can_take_over` edges of the graph.

The graph works out who can take over whom, by which permissions, and against which real targets; here this becomes one
finding per principal and way. A target that is in no input (`iam:PassRole` on roles nobody has shown) is latent: a
remark, because what can be gained is not known.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from permscope.audit.checks.breadth import admin_principals, breadth_of, is_admin, routine_actions, view_of
from permscope.audit.conditions import narrowing
from permscope.audit.findings import Hit
from permscope.audit.matching import action_set
from permscope.audit.predicates import Taken, finder
from permscope.audit.subjects import Subject
from permscope.audit.world import PrincipalView
from permscope.catalog.actions import ActionSet, load
from permscope.errors import RuleError
from permscope.graph.mapping_reader import no_such
from permscope.graph.model import Decision, Edge, EdgeKind, NodeKind
from permscope.inventory.facts import Role, User
from permscope.inventory.located import source_of
from permscope.inventory.policies import PolicyKind, Statement
from permscope.inventory.source import NOWHERE, Source

_CATEGORIES = ("new-work", "existing-work", "self-escalation", "boundary-removal", "principal-access")
_VALUES = ("principal", "targets", "actions", "reason", "paths", "fix")
SHOWN = 4
_LATENT = (NodeKind.RESOURCE_SET, NodeKind.EXTERNAL)
_MOST_GRANTS = 60


class _Wanted(NamedTuple):
    """Parameters of the finder `take_overs`."""

    categories: frozenset[str] | None
    actions: ActionSet | None
    without: ActionSet


def _take_over_parameters(given: object, place: Source) -> _Wanted:
    if not isinstance(given, dict) or not set(given) <= {"categories", "actions", "without"}:
        raise RuleError("expected `categories`, `actions` and `without`", source=place)
    categories = given.get("categories")
    for item in categories or ():
        if item not in _CATEGORIES:
            raise no_such("category", item, _CATEGORIES, source_of(item, place))
    actions = action_set(given["actions"], place) if given.get("actions") else None
    without = action_set(given["without"], place) if given.get("without") else ActionSet.empty
    return _Wanted(frozenset(categories) if categories else None, actions, without)


@finder("principal", values=_VALUES, check=_take_over_parameters)
def take_overs(subject: Subject, parameters: Any, taken: Taken) -> Iterator[Hit]:
    """Whom a principal can become, by ways of some categories whose actions are among those given.

    Parameters: `categories` of the graph's edges; `actions`, one of which the way needs; `without`, actions that a way
    may be made of and that other rules speak of. `critical` where an administrator can be had; a remark where the
    target is in no input.
    """
    wanted: _Wanted = parameters
    view = view_of(subject)
    if view.node is None or _is_service_role_of_aws(view):
        return
    real: list[Edge] = []
    latent: list[Edge] = []
    guilty = ActionSet.empty
    for edge in view.world.graph.outgoing(view.node.id, EdgeKind.CAN_TAKE_OVER):
        found = _signature(edge, wanted)
        if not found or not (found := taken.left_of(found)):
            continue
        target = view.world.graph.nodes[edge.target]
        if target.kind in _LATENT:
            latent.append(edge)
        elif edge.target == edge.source or is_stronger(view, view.world.by_arn.get(edge.target)):
            real.append(edge)
        else:
            continue
        guilty |= found
    if real or latent:
        yield _take_over_hit(view, real or latent, guilty, latent=not real)


# Services that run what their users hand them, so that a user acts with the service's role.
_RUN_CODE = (
    "lambda",
    "ec2",
    "ecs-tasks",
    "codebuild",
    "glue",
    "sagemaker",
    "cloudformation",
    "states",
    "events",
    "ssm",
)


def _is_service_role_of_aws(view: PrincipalView) -> bool:
    """Whether a role has AWS's own service policies only, and only services assume it that run nobody's code."""
    fact = view.fact
    if not isinstance(fact, Role) or not view.policies:
        return False
    if not all(":policy/service-role/" in (item.policy.arn or "") for item in view.policies):
        return False
    principals = [who for statement in fact.trust.statements for who in statement.principals or ()]
    return bool(principals) and all(
        who.kind == "Service" and who.value.partition(".")[0] not in _RUN_CODE for who in principals
    )


def _signature(edge: Edge, wanted: _Wanted) -> ActionSet:
    """The actions of an edge that make it one of the wanted ways."""
    category = edge.attributes.get("category")
    if edge.decision is Decision.DENY or (wanted.categories is not None and category not in wanted.categories):
        return ActionSet.empty
    if wanted.actions is not None:
        return edge.actions & wanted.actions
    return edge.actions - wanted.without - load().expand("iam:PassRole")


def _take_over_hit(view: PrincipalView, edges: list[Edge], guilty: ActionSet, *, latent: bool) -> Hit:
    world = view.world
    admins = admin_principals(world)
    targets = list(dict.fromkeys(world.graph.nodes[edge.target].label for edge in edges))
    gained = any(edge.target in admins for edge in edges)
    place, element = blamed(view, edges, guilty)
    sure = any(edge.decision is Decision.ALLOW for edge in edges)
    narrowed = "" if sure else _narrowed(edges, guilty)
    paths = list(dict.fromkeys(path for edge in edges for path in edge.attributes.get("paths", ())))
    return Hit(
        element=element,
        source=place,
        resource=view.fact.logical_id or getattr(view.fact, "arn", view.label),
        nodes=(edges[0].source, *dict.fromkeys(edge.target for edge in edges)),
        values={
            "principal": view.label,
            "targets": ", ".join(f"`{label}`" for label in targets[:SHOWN])
            + (f" and {len(targets) - SHOWN} more" if len(targets) > SHOWN else ""),
            "actions": ", ".join(guilty.patterns(5)),
            "reason": edges[0].reason or "",
            "paths": ", ".join(paths[:5]),
            "fix": f"# {', '.join(guilty.patterns(5))}: only on what `{view.label}` itself made, or not at all",
        },
        severity="info" if latent else "critical" if gained else "high" if _stays_in_bounds(view, edges) else None,
        confidence=None if sure else "medium",
        conditioned=f"`{narrowed}` narrows it" if narrowed else "",
        path=(view.label, targets[0]),
        claims=guilty,
    )


# Who may give itself these is not limited for long.
_UNLIMITING = ("iam:Delete*PermissionsBoundary", "iam:Put*PermissionsBoundary", "iam:CreatePolicyVersion")


def _stays_in_bounds(view: PrincipalView, edges: list[Edge]) -> bool:
    """Whether all there is to gain is what the principal's own permissions boundary leaves.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    """
    decisions, fact = view.world.graph.decisions, view.fact
    if decisions is None or not isinstance(fact, Role | User) or fact.boundary_arn is None:
        return False
    potential = decisions.potential(fact)
    unlimiting = load().action_set(_UNLIMITING)
    if potential is not None and not potential.actions.isdisjoint(unlimiting):
        return False
    return all(edge.target == edge.source and edge.attributes.get("category") == "self-escalation" for edge in edges)


def _narrowed(edges: list[Edge], guilty: ActionSet) -> str:
    """A condition key without which none of the ways is open, or the empty string."""
    found = ""
    for edge in edges:
        for reason in edge.provenance:
            statement = reason.fact
            if statement is None or load().action_set(statement.actions or ()).isdisjoint(guilty):
                continue
            key = narrowing(statement.conditions)
            if not key:
                return ""
            found = key
    return found


def blamed(view: PrincipalView, edges: list[Edge], guilty: ActionSet) -> tuple[Source, str]:
    """The place and text of an action element that gives the way: of several the same one in whatever order."""
    catalog = load()
    found: dict[tuple[bool, str], Source] = {}
    for statement in _written_by_the_user(edges):
        for text in statement.actions or statement.not_actions or ():
            if statement.actions is None or not catalog.expand(text).isdisjoint(guilty):
                place = source_of(text)
                key = (text.lower() in _USES, str(text))
                found.setdefault(key, place if place is not NOWHERE and place.line else statement.source)
    first = min(found, default=None)
    return (view.fact.source, view.label) if first is None else (found[first], first[1])


# What merely runs a thing is the last part of a way that is to blame.
_USES = frozenset({"lambda:invokefunction", "lambda:invokefunctionurl", "states:startexecution", "iam:passrole"})


def _written_by_the_user(edges: list[Edge]) -> list[Statement]:
    """The statements that edges stand on, but those of policies that AWS wrote."""
    found: dict[int, Statement] = {}
    for edge in edges:
        for reason in edge.provenance:
            by_aws = reason.policy is not None and reason.policy.kind is PolicyKind.AWS_MANAGED
            if reason.fact is not None and not by_aws:
                found.setdefault(id(reason.fact), reason.fact)
    return list(found.values())


def is_stronger(view: PrincipalView, other: PrincipalView | None) -> bool:
    """Whether another principal may do something that this one may not; what is not known is stronger."""
    if other is None:
        return True
    key = ("stronger", id(view), id(other))
    memo = view.world.memo
    if key not in memo:
        memo[key] = _has_more(view, other)
    return bool(memo[key])


def _has_more(view: PrincipalView, other: PrincipalView) -> bool:
    own = ActionSet.empty
    for grant in view.access.grants:
        own |= grant.actions
    routine = routine_actions()
    for grant in other.access.grants[:_MOST_GRANTS]:
        actions = grant.actions - routine
        if actions - own:
            return True
        for pattern in grant.resources:
            if actions - view.access.on(pattern).allowed:
                return True
        if grant.not_resources and not grant.resources:
            return True
    return len(other.access.grants) > _MOST_GRANTS


def place_of(statement: Any, action: str) -> tuple[Source, str]:
    """The place and text of the action element of a statement that names an action."""
    text = min((text for text in statement.actions or () if action in load().expand(text)), default=None)
    if text is None:
        return statement.source, action
    place = source_of(text)
    return (place if place.line else statement.source), str(text)


def granted_at(view: PrincipalView, held: ActionSet) -> tuple[Source, str]:
    """The action element, written by the user, that grants some actions."""
    found: dict[str, Source] = {}
    for grant in view.access.grants:
        if grant.policy.kind is not PolicyKind.AWS_MANAGED:
            for action in grant.actions & held:
                place, text = place_of(grant.statement, action)
                found.setdefault(text, place)
    element = min(found, default=None)
    return (view.fact.source, view.label) if element is None else (found[element], element)


# Where the graph has no target: permission sets


def _combinations(given: object, place: Source) -> tuple[ActionSet, ...]:
    if not isinstance(given, list) or not all(isinstance(item, list) for item in given):
        raise RuleError("expected a list of lists of actions", source=place)
    return tuple(action_set(item, place) for item in given)


@finder("principal", values=("principal", "actions"), check=_combinations)
def holds_all(subject: Subject, parameters: Any, taken: Taken) -> Iterator[Hit]:
    """A principal that may take all actions of one of several lists, each on something; parameter: the lists."""
    view = view_of(subject)
    if view.node is None or is_admin(breadth_of(view).everywhere()):
        return
    guilty, narrowed = ActionSet.empty, ""
    for actions in parameters:
        grants = [grant for grant in view.access.grants if not grant.actions.isdisjoint(actions)]
        held = ActionSet.empty
        for grant in grants:
            held |= grant.actions & actions
        if actions <= held:
            guilty |= actions
            narrowed = next(filter(None, (narrowing(grant.conditions) for grant in grants)), "")
    if not guilty or not (guilty := taken.left_of(guilty)):
        return
    place, element = granted_at(view, guilty)
    yield Hit(
        element=element,
        source=place,
        resource=view.fact.logical_id or getattr(view.fact, "arn", view.label),
        values={"principal": view.label, "actions": ", ".join(guilty.patterns(4))},
        nodes=(view.node.id,),
        conditioned=f"`{narrowed}` narrows it" if narrowed else "",
        claims=guilty,
    )
