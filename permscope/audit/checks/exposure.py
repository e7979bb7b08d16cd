"""Where the public, or another account, gets to by way of functions and roles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

from permscope.audit.checks.breadth import admin_principals, breadth_of
from permscope.audit.checks.callers import asks_who_calls
from permscope.audit.checks.resources import is_star
from permscope.audit.findings import Hit
from permscope.audit.predicates import Taken, finder, predicate
from permscope.audit.subjects import Subject
from permscope.audit.world import PrincipalView, World
from permscope.catalog.actions import ActionSet, load
from permscope.graph.model import Decision, Edge, EdgeKind, Node, NodeKind
from permscope.inventory.located import source_of
from permscope.inventory.policies import Statement
from permscope.inventory.source import NOWHERE, Source

_VALUES = ("how", "role", "what", "resources", "services")
_MANY_SERVICES = 3
_SHOWN = 3
_SECRETS = ("secretsmanager:GetSecretValue", "ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath")
# What is read, in words: all of a kind, and what to keep of it.
_READ = {
    ("secretsmanager:GetSecretValue",): ("every secret", "secrets"),
    _SECRETS[1:]: ("every parameter", "parameters"),
    ("s3:GetObject",): ("the objects of every bucket", "objects"),
}
_DATA = (
    *_SECRETS,
    "s3:GetObject",
    "dynamodb:GetItem",
    "dynamodb:Query",
    "dynamodb:Scan",
    "rds-data:ExecuteStatement",
    "redshift-data:ExecuteStatement",
    "athena:GetQueryResults",
    "sqs:ReceiveMessage",
    "kinesis:GetRecords",
    "es:ESHttpGet",
    "kms:Decrypt",
)
# What changes other functions, their triggers and their roles.
_DEPLOYS = (
    "lambda:CreateFunction", "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration", "lambda:DeleteFunction",
    "lambda:PublishLayerVersion", "cloudformation:CreateStack", "cloudformation:UpdateStack",
    "cloudformation:ExecuteChangeSet", "cloudformation:DeleteStack", "states:UpdateStateMachine",
    "states:CreateStateMachine", "codebuild:UpdateProject", "codepipeline:UpdatePipeline",
    "ecs:RegisterTaskDefinition", "ecs:UpdateService", "apigateway:PATCH", "apigateway:PUT", "iam:CreateRole",
    "iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:PassRole", "ecr:PutImage",
)  # fmt: skip


@cache
def _set_of(actions: tuple[str, ...]) -> ActionSet:
    return load().action_set(actions)


def _view_of(world: World, function_id: str) -> PrincipalView | None:
    """The role of the input that a function runs with."""
    for edge in world.graph.outgoing(function_id, EdgeKind.EXECUTES_AS):
        if edge.target in world.by_arn:
            return world.by_arn[edge.target]
    return None


@predicate("function")
def public_gets_there(subject: Subject) -> bool:
    """The public makes the function run, at once or over other functions, queues and state machines."""
    return subject.it.id in subject.world.exposed or subject.it.id in subject.world.led_to


def way_to(world: World, function_id: str) -> tuple[str, tuple[str, ...]]:
    """How the public gets to a function: as a clause, and as labels of the hops; both empty where it does not."""
    label = world.graph.nodes[function_id].label
    if function_id in world.exposed:
        return world.exposed[function_id], ("public", label)
    led = world.led_to.get(function_id)
    return (led.how, led.path) if led else ("", ())


class _Readable(NamedTuple):
    """Secrets, parameters and objects that a principal may read.

    Attributes:
        first: the first of them as the policy writes it; empty where there is none.
        words: what they are.
        kinds: `secrets`, `objects`, ...
        everything: whether all of a kind are among them.
    """

    first: str
    words: tuple[str, ...]
    kinds: tuple[str, ...]
    everything: bool


def _secrets_of(view: PrincipalView) -> _Readable:
    """The secrets and parameters a principal may read, and whether all of a kind are among them."""
    found: dict[str, str] = {}
    first = ""
    breadth = breadth_of(view)
    for share in (*breadth.star, *breadth.wide):
        for actions, (words, kind) in _READ.items():
            if not share.narrowed and not share.actions.isdisjoint(_set_of(actions)):
                first = first or str(share.pattern)
                found.setdefault(words, kind)
    everything = bool(found)
    secret = _set_of(("secretsmanager:GetSecretValue",))
    for share in breadth.scoped:
        if share.actions.isdisjoint(secret) or share.narrowed or "every secret" in found:
            continue
        for pattern in share.grant.resources:
            if ":secretsmanager:" in pattern or ":secret:" in pattern:
                called = _called(view.world, str(pattern))
                first = first or called
                found.setdefault(f"the secret `{called}`", "secrets")
    return _Readable(first, tuple(found), tuple(dict.fromkeys(found.values())), everything)


def _called(world: World, arn: str) -> str:
    node = world.graph.nodes.get(arn)
    return node.label if node else arn


@finder("function", values=("how",))
def exposed_role(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """A function that the public gets to, with the role it runs with and the way there."""
    world = subject.world
    how, way = way_to(world, subject.it.id)
    view = _view_of(world, subject.it.id)
    if how and view is not None and view.node is not None:
        yield Hit(values={"how": how}, nodes=(view.node.id,), path=(*way, view.node.label))


@finder("function", values=_VALUES)
def exposed_to_sensitive_data(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """A function that the public reaches and whose role reads secrets, or every bucket, secret or parameter.

    `medium` where it reads secrets that are named, which many a public function has to; or where the public gets to it
    over other functions, queues or state machines only.
    """
    world = subject.world
    how, way = way_to(world, subject.it.id)
    view = _view_of(world, subject.it.id) if how else None
    if view is None or view.node is None or view.node.id in admin_principals(world):
        return
    found = _secrets_of(view)
    direct = subject.it.id in world.exposed
    if not found.words or not (direct or found.everything):
        return
    yield Hit(
        element=found.first,
        values={
            "how": how,
            "role": view.label,
            "what": _listed(found.kinds),
            "resources": _listed(found.words[:_SHOWN]),
            "services": "",
        },
        nodes=(view.node.id,),
        severity=None if found.everything and direct else "medium",
        path=(*way, view.node.label, found.first),
    )


def _listed(words: Sequence[str]) -> str:
    """`a, b and c`."""
    return " and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


@finder("function", values=_VALUES)
def exposed_deployers(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """A function that the public reaches and whose role may change other functions, stacks, or roles."""
    world = subject.world
    how, way = way_to(world, subject.it.id)
    view = _view_of(world, subject.it.id) if how else None
    if view is None or view.node is None or view.node.id in admin_principals(world):
        return
    found = ActionSet.empty
    for grant in view.access.grants:
        found |= grant.actions & _set_of(_DEPLOYS)
    found = found - _set_of(("iam:PassRole",)) if found <= _set_of(("iam:PassRole",)) else found
    if found:
        yield Hit(
            element=view.label,
            values={
                "how": how,
                "role": view.label,
                "what": ", ".join(found.patterns(4)),
                "resources": "",
                "services": "",
            },
            nodes=(view.node.id,),
            path=(*way, view.node.label),
        )


@finder("function", values=_VALUES)
def wide_blast_radius(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """A function whose role changes every resource of several services: what a mistake in it may cost."""
    world = subject.world
    view = _view_of(world, subject.it.id)
    if view is None or view.node is None or view.node.id in admin_principals(world):
        return
    catalog = load()
    writes = ActionSet.empty
    breadth = breadth_of(view)
    for share in (*breadth.star, *breadth.wide):
        writes |= share.actions & _restrictable_writes()
    services = [name for name in writes.services() if name not in ("logs", "xray", "ec2", "cloudwatch")]
    if len(services) < _MANY_SERVICES:
        return
    reached = sum(1 for _ in world.graph.outgoing(view.node.id, EdgeKind.CAN_ACCESS))
    named = ", ".join(services[:6]) + (f" and {len(services) - 6} more" if len(services) > 6 else "")  # noqa: PLR2004
    yield Hit(
        element=view.label,
        values={
            "how": world.exposed.get(subject.it.id, ""),
            "role": view.label,
            "what": str(len(writes & catalog.everything)),
            "resources": str(reached),
            "services": named,
        },
        nodes=(view.node.id,),
    )


@cache
def _restrictable_writes() -> ActionSet:
    catalog = load()
    return (catalog.level_set("Write") | catalog.level_set("Permissions management")) & catalog.restrictable


@finder("can_assume", "can_invoke", values=("account", "role", "actions", "resources", "proof"))
def outsiders_reach_data(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """A foreign account that nobody vouches for, by way of a role or function of the input, reaches data."""
    world, edge = subject.world, subject.it
    source = world.graph.nodes[edge.source]
    foreign = source.kind in (NodeKind.ACCOUNT, NodeKind.EXTERNAL) and world.is_external(source.account)
    if not foreign or source.trusted or edge.decision is Decision.DENY:
        return
    view = world.by_arn.get(edge.target) or _view_of(world, edge.target)
    if view is None:
        return
    found = ActionSet.empty
    resources: dict[str, None] = {}
    for grant in view.access.grants:
        common = grant.actions & _set_of(_DATA)
        if common:
            found |= common
            for pattern in grant.resources:
                resources.setdefault("every resource" if is_star(pattern) else f"`{_called(world, pattern)}`", None)
    if found:
        target = world.graph.nodes[edge.target].label
        statement, place = _lets_in(world, edge, source)
        proven = statement is None or asks_who_calls(statement)
        yield Hit(
            element=source.label,
            source=place,
            values={
                "proof": "" if proven else ", and is asked for no external id, MFA or organization",
                "account": source.account or source.label,
                "role": target,
                "actions": ", ".join(found.patterns(3)),
                "resources": ", ".join(list(resources)[:_SHOWN]),
            },
            nodes=(view.node.id,) if view.node else (),
            path=(source.label, target, next(iter(resources)).strip("`")),
        )


def _lets_in(world: World, edge: Edge, source: Node) -> tuple[Statement | None, Source]:
    """The statement that lets an account in, and where it names it."""
    for reason in edge.provenance:
        for principal in reason.fact.principals or () if reason.fact is not None else ():
            if source.account and world.who(principal).account == source.account:
                place = source_of(principal.value)
                return reason.fact, place if place is not NOWHERE and place.line else reason.source
    return None, NOWHERE
