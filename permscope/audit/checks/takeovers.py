"""Escalation: what a principal can become, from the `can_take_over` edges of the graph.

The graph works out who can take over whom, by which permissions, and against which real targets; here this becomes one
finding per principal and way. A target that is in no input (`iam:PassRole` on roles nobody has shown) is latent: a
remark, because what can be gained is not known.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

from permscope.audit.checks.breadth import admin_principals, breadth_of, gives_iam, is_admin, routine_actions, view_of
from permscope.audit.conditions import narrowing
from permscope.audit.fields import Subject
from permscope.audit.findings import Hit
from permscope.audit.matching import action_set, no_such
from permscope.audit.predicates import Taken, finder
from permscope.audit.world import PrincipalView, World
from permscope.catalog.actions import ActionSet, load
from permscope.errors import RuleError
from permscope.graph.model import Decision, Edge, EdgeKind, NodeKind
from permscope.graph.questions.paths import still_allowed
from permscope.graph.questions.queries import in_set
from permscope.graph.takeover.gains import code_arns
from permscope.graph.takeover.rights import is_foreign, meant_as_own
from permscope.inventory.arn import account_of, split_arn
from permscope.inventory.facts import Role
from permscope.inventory.located import source_of
from permscope.inventory.policies import PolicyKind
from permscope.inventory.source import NOWHERE, Source
from permscope.inventory.tokens import ACCOUNT

_CATEGORIES = ("new-work", "existing-work", "self-escalation", "boundary-removal", "principal-access")
_VALUES = ("principal", "targets", "actions", "reason", "paths", "fix")
_SHOWN = 4
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
        elif edge.target == edge.source or _is_stronger(view, view.world.by_arn.get(edge.target)):
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
    place, element = _blamed(view, edges, guilty)
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
            "targets": ", ".join(f"`{label}`" for label in targets[:_SHOWN])
            + (f" and {len(targets) - _SHOWN} more" if len(targets) > _SHOWN else ""),
            "actions": ", ".join(guilty.patterns(5)),
            "reason": edges[0].reason or "",
            "paths": ", ".join(paths[:5]),
            "fix": f"# {', '.join(guilty.patterns(5))}: only on what `{view.label}` itself made, or not at all",
        },
        severity="info" if latent else "critical" if gained else None,
        confidence=None if sure else "medium",
        conditioned=f"`{narrowed}` narrows it" if narrowed else "",
        path=(view.label, targets[0]),
        claims=guilty,
    )


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


def _blamed(view: PrincipalView, edges: list[Edge], guilty: ActionSet) -> tuple[Source, str]:
    """The place and text of the action element that gives the way."""
    catalog = load()
    for edge in edges:
        for reason in edge.provenance:
            statement = reason.fact
            if statement is None or (reason.policy and reason.policy.kind is PolicyKind.AWS_MANAGED):
                continue
            for text in statement.actions or statement.not_actions or ():
                if statement.actions is None or not catalog.expand(text).isdisjoint(guilty):
                    place = source_of(text)
                    return (place if place is not NOWHERE and place.line else statement.source), str(text)
    return view.fact.source, view.label


def _is_stronger(view: PrincipalView, other: PrincipalView | None) -> bool:
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


# Chains


_STEPS = (EdgeKind.CAN_TAKE_OVER, EdgeKind.CAN_ASSUME)


@finder("principal", values=("principal", "targets", "chain"))
def chains_to_administrators(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """The shortest way of two or more steps by which a principal becomes an administrator."""
    view = view_of(subject)
    world = view.world
    admins = admin_principals(world)
    if view.node is None or view.node.id in admins or not admins:
        return
    came: dict[str, Edge] = {}
    todo = deque([view.node.id])
    while todo:
        at = todo.popleft()
        for edge in world.graph.outgoing(at, *_STEPS):
            if edge.decision is Decision.DENY or edge.target in came or edge.target == view.node.id:
                continue
            came[edge.target] = edge
            if edge.target in admins:
                way = _way(came, view.node.id, edge.target)
                if len(way) > 1:
                    yield _chain_hit(view, way)
                return  # a single step has a rule of its own
            todo.append(edge.target)


def _way(came: dict[str, Edge], start: str, end: str) -> list[Edge]:
    found: list[Edge] = []
    at = end
    while at != start:
        found.append(came[at])
        at = came[at].source
    return found[::-1]


def _chain_hit(view: PrincipalView, way: list[Edge]) -> Hit:
    nodes = view.world.graph.nodes
    labels = tuple(nodes[step].label for step in (way[0].source, *(edge.target for edge in way)))
    steps = [
        f"{number}. {edge.reason or f'assumes `{nodes[edge.target].label}`'}"
        for number, edge in enumerate(way, start=1)
    ]
    place, element = _blamed(view, way[:1], way[0].actions)
    return Hit(
        element=element,
        source=place,
        resource=view.fact.logical_id or getattr(view.fact, "arn", view.label),
        nodes=(way[0].source, *(edge.target for edge in way)),
        values={"principal": view.label, "targets": labels[-1], "chain": "; ".join(steps)},
        confidence=None if all(edge.decision is Decision.ALLOW for edge in way) else "medium",
        path=labels,
    )


@finder("principal", values=("principal", "targets"))
def circles(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each principal that can become this one and that this one can become; said once, at the name that sorts first."""
    view = view_of(subject)
    world = view.world
    if view.node is None:
        return
    graph, own = world.graph, view.node.id
    others = {edge.target for edge in graph.outgoing(own, *_STEPS) if edge.decision is not Decision.DENY}
    for other in sorted(others):
        if other <= own or other not in world.by_arn:
            continue
        if any(edge.target == own and edge.decision is not Decision.DENY for edge in graph.outgoing(other, *_STEPS)):
            label = graph.nodes[other].label
            yield Hit(
                element=label,
                nodes=(own, other),
                values={"principal": view.label, "targets": label},
                path=(view.label, label, view.label),
            )


# Functions


def _runs_as(world: World, function_id: str) -> str | None:
    for edge in world.graph.outgoing(function_id, EdgeKind.EXECUTES_AS):
        if edge.target in world.by_arn:
            return edge.target
    return None


def _admin_functions(world: World) -> dict[str, str]:
    """Functions that run as administrators: node id and label."""
    known: dict[str, str] | None = world.memo.get("admin_functions")
    if known is None:
        admins = admin_principals(world)
        known = world.memo["admin_functions"] = {
            node.id: node.label
            for node in (world.graph.of_kind(NodeKind.FUNCTION) if admins else ())
            if _runs_as(world, node.id) in admins
        }
    return known


@finder("principal", values=("principal", "targets"))
def invokes_administrators(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """The functions of administrators that a principal without such power may invoke."""
    view = view_of(subject)
    world = view.world
    functions = _admin_functions(world)
    if not functions or view.node is None or view.node.id in admin_principals(world):
        return
    found: dict[str, Edge] = {}
    for edge in world.graph.outgoing(view.node.id, EdgeKind.CAN_INVOKE, EdgeKind.CAN_ACCESS):
        if edge.decision is Decision.DENY or "lambda:InvokeFunction" not in edge.actions:
            continue
        target = world.graph.nodes[edge.target]
        if target.id in functions:
            found.setdefault(target.id, edge)
        elif target.kind is NodeKind.RESOURCE_SET:
            for function in functions:
                if in_set(target, function) and still_allowed(world.graph, edge, world.graph.nodes[function]):
                    found.setdefault(function, edge)
    if not found:
        return
    labels = [functions[function] for function in found]
    edges = list(found.values())
    place, element = _blamed(view, edges, load().expand("lambda:InvokeFunction"))
    yield Hit(
        element=element,
        source=place,
        resource=view.fact.logical_id or getattr(view.fact, "arn", view.label),
        nodes=(view.node.id, *found),
        values={"principal": view.label, "targets": ", ".join(f"`{label}`" for label in labels[:_SHOWN])},
        path=(view.label, labels[0]),
    )


@finder("function", values=("role", "target", "reason"))
def one_step_from_administrator(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """The administrator that the role of a function can become in one step."""
    world = subject.world
    admins = admin_principals(world)
    role = _runs_as(world, subject.it.id)
    if role is None or role in admins or not admins:
        return
    for edge in world.graph.outgoing(role, *_STEPS):
        if edge.target in admins and edge.decision is not Decision.DENY:
            target, own = world.graph.nodes[edge.target], world.graph.nodes[role]
            reason = edge.reason or f"assumes `{target.label}`"
            yield Hit(
                element=target.label,
                nodes=(role, target.id),
                values={"role": own.label, "target": target.label, "reason": reason},
                confidence=None if edge.decision is Decision.ALLOW else "medium",
                path=(subject.it.label, own.label, target.label),
            )
            return


# Resource policies


_SELF_GRANTS = (
    # what changes the policy, what can be gained by it, what stands behind the ARN for that
    ("s3:PutBucketPolicy", "s3:GetObject", "/*"),
    ("sqs:SetQueueAttributes", "sqs:ReceiveMessage", ""),
    ("sqs:AddPermission", "sqs:ReceiveMessage", ""),
    ("sns:SetTopicAttributes", "sns:Publish", ""),
    ("sns:AddPermission", "sns:Publish", ""),
    ("kms:PutKeyPolicy", "kms:Decrypt", ""),
    ("kms:CreateGrant", "kms:Decrypt", ""),
    ("secretsmanager:PutResourcePolicy", "secretsmanager:GetSecretValue", ""),
    ("dynamodb:PutResourcePolicy", "dynamodb:GetItem", ""),
    ("kinesis:PutResourcePolicy", "kinesis:GetRecords", ""),
    ("ecr:SetRepositoryPolicy", "ecr:BatchGetImage", ""),
    ("events:PutPermission", "events:PutEvents", ""),
    ("lambda:AddPermission", "lambda:InvokeFunction", ""),
)


def _self_grant_parameters(given: object, place: Source) -> ActionSet:
    return action_set(given, place)


@finder("principal", values=("principal", "action", "gain", "resources"), check=_self_grant_parameters)
def lets_itself_in(subject: Subject, parameters: Any, taken: Taken) -> Iterator[Hit]:
    """Where a principal may change the policy of a named resource that it may not use: it can let itself in.

    Parameter: the actions that change policies. On every resource of the account another rule speaks of them.
    """
    view = view_of(subject)
    breadth = breadth_of(view)
    if all(share.actions.isdisjoint(parameters) for share in breadth.scoped):
        return
    everywhere = breadth.everywhere()
    if is_admin(everywhere) or gives_iam(everywhere):
        return
    for share in breadth.scoped:
        if share.actions.isdisjoint(parameters) or share.narrowed or not share.blamable or share.inverted:
            continue
        for action, gain, tail in _SELF_GRANTS:
            if action not in parameters or action not in share.actions or not taken.left_of(load().expand(action)):
                continue
            resources = [
                pattern
                for pattern in share.grant.resources
                if _is_of(pattern, action)
                and not _is_of_others(view, pattern)
                and gain not in view.access.on(pattern + tail).allowed
            ]
            if resources:
                place, element = _place_of(share.statement, action)
                yield Hit(
                    element=element,
                    source=place,
                    resource=share.policy.logical_id or view.fact.logical_id,
                    nodes=(view.node.id,) if view.node else (),
                    values={
                        "principal": view.label,
                        "action": action,
                        "gain": gain,
                        "resources": ", ".join(f"`{text}`" for text in resources[:2]),
                    },
                    statement=share.statement,
                )


def _is_of(pattern: str, action: str) -> bool:
    parts = split_arn(pattern)
    bucket = parts is not None and parts.service == "s3" and "/" in parts.resource
    return parts is not None and parts.service == action.partition(":")[0] and not bucket


def _is_of_others(view: PrincipalView, pattern: str) -> bool:
    """Whether a pattern is about another account, which alone says who may change its policies.

    Where nobody says into which account a template goes, it may be the one that its statements name.
    """
    return view.node is not None and view.node.account != ACCOUNT and is_foreign(view.node, account_of(pattern))


def _place_of(statement: Any, action: str) -> tuple[Source, str]:
    for text in statement.actions or ():
        if action in load().expand(text):
            place = source_of(text)
            return (place if place.line else statement.source), str(text)
    return statement.source, action


# Code


@finder("principal", values=("principal", "targets", "resources", "action"), check=_self_grant_parameters)
def rewrites_code(subject: Subject, parameters: Any, taken: Taken) -> Iterator[Hit]:
    """The functions whose code lies where a principal may write: a bucket, an image repository, a layer.

    Parameter: `s3:PutObject`, `ecr:PutImage` or `lambda:PublishLayerVersion`. An image named by its digest stays what
    it is; a layer counts where the principal may point the function to the new version too.
    """
    view = view_of(subject)
    (action,) = parameters
    places = _code_places(view.world, action)
    if not places or view.node is None or not taken.left_of(parameters) or view.node.id in admin_principals(view.world):
        return
    held = ActionSet.empty
    for grant in view.access.grants:
        held |= grant.actions & parameters
    if not held:
        return
    found: dict[str, str] = {}
    for place, functions in places.items():
        if action not in view.access.on(place).allowed or not _is_within_reach(view, parameters, place):
            continue
        for function in functions:
            role = _runs_as(view.world, function)
            if is_foreign(view.node, account_of(function)):
                continue  # the owner of the function would have to let it in
            if role is None or role == view.node.id or not _is_stronger(view, view.world.by_arn.get(role)):
                continue
            if action == "lambda:PublishLayerVersion" and not _may_repoint(view, function):
                continue
            found.setdefault(function, place)
    if not found:
        return
    nodes = view.world.graph.nodes
    labels = [nodes[function].label for function in found]
    at, element = _granted_at(view, held)
    yield Hit(
        element=element,
        source=at,
        resource=view.fact.logical_id or getattr(view.fact, "arn", view.label),
        nodes=(view.node.id, *found),
        values={
            "principal": view.label,
            "targets": ", ".join(f"`{label}`" for label in labels[:_SHOWN])
            + (f" and {len(labels) - _SHOWN} more" if len(labels) > _SHOWN else ""),
            "resources": ", ".join(f"`{place}`" for place in list(dict.fromkeys(found.values()))[:2]),
            "action": action,
        },
        path=(view.label, labels[0]),
        claims=held,
    )


def _code_places(world: World, action: str) -> dict[str, list[str]]:
    """ARNs of the objects, repositories or layers that functions take code from, with the functions."""
    known: dict[str, list[str]] | None = world.memo.get(("code", action))
    if known is not None:
        return known
    known = world.memo["code", action] = {}
    for function in world.inventory.functions.values():
        for place in code_arns(_ARTIFACTS[action], function, world.inventory):
            known.setdefault(place, []).append(function.arn)
    return known


def _is_within_reach(view: PrincipalView, actions: ActionSet, place: str) -> bool:
    """Whether the identity policies of a principal decide on their own about what an ARN names."""
    if view.node is None or not is_foreign(view.node, account := account_of(place)):
        return True
    grants = (grant for grant in view.access.grants if not grant.actions.isdisjoint(actions))
    return meant_as_own(view.node, account, (account_of(text) for grant in grants for text in grant.resources))


_ARTIFACTS = {"lambda:PublishLayerVersion": "layer", "s3:PutObject": "object", "ecr:PutImage": "image"}


def _may_repoint(view: PrincipalView, function: str) -> bool:
    return "lambda:UpdateFunctionConfiguration" in view.access.on(function).allowed


def _granted_at(view: PrincipalView, held: ActionSet) -> tuple[Source, str]:
    """The action element, written by the user, that grants some actions."""
    for grant in view.access.grants:
        if not grant.actions.isdisjoint(held) and grant.policy.kind is not PolicyKind.AWS_MANAGED:
            for action in held:
                return _place_of(grant.statement, action)
    return view.fact.source, view.label


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
    place, element = _granted_at(view, guilty)
    yield Hit(
        element=element,
        source=place,
        resource=view.fact.logical_id or getattr(view.fact, "arn", view.label),
        values={"principal": view.label, "actions": ", ".join(guilty.patterns(4))},
        nodes=(view.node.id,),
        conditioned=f"`{narrowed}` narrows it" if narrowed else "",
        claims=guilty,
    )
