"""Permissions without triggers, functions that nothing runs, roles and policies that nobody has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from permscope.audit.checks.principals import service_name
from permscope.audit.checks.wiring import function_name
from permscope.audit.findings import Hit
from permscope.audit.predicates import Taken, finder, predicate
from permscope.audit.subjects import Subject
from permscope.audit.world import StatementView, World
from permscope.graph.model import EdgeKind, NodeKind
from permscope.inventory.arn import split_arn
from permscope.inventory.facts import (
    GroupMembership,
    ManagedPolicy,
    Output,
    PolicyAttachment,
    Resource,
    Role,
    RoleUse,
    Trigger,
    User,
)
from permscope.inventory.located import source_of
from permscope.inventory.tokens import has_unknown

_WIRED_TYPES = frozenset({"AWS::S3::Bucket", "AWS::SNS::Topic", "AWS::Events::Rule"})
_API_TYPES = frozenset({"AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api"})
# Services that have no use for a function's policy, and what takes its place:
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html,
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-services.html
_POLLED = "Lambda polls for it with the function's execution role"
_BY_ROLE = "it invokes with a role of its own"
_WITHOUT_POLICY: Mapping[str, str] = {
    **dict.fromkeys(("sqs", "dynamodb", "streams.dynamodb", "kinesis", "kafka", "mq"), _POLLED),
    **dict.fromkeys(
        ("scheduler", "pipes", "states", "firehose", "codepipeline", "codedeploy", "batchoperations.s3"), _BY_ROLE
    ),
    "cloudwatch": "alarms invoke as `lambda.alarms.cloudwatch.amazonaws.com`",
    "cloudtrail": "it writes to buckets and log groups",
    "delivery.logs": "it writes log files",
}


@finder("statement", values=("source", "service", "said", "fix"))
def idle_permissions(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """A permission for a source of this input that is not wired to the function, or for a service that never uses it.

    An API without any route here may get them from a file that nobody has read, so it is left out; so is a permission
    of a function that is not known.
    """
    view: StatementView = subject.it
    world = subject.world
    for principal, who in zip(view.statement.principals or (), view.who, strict=False):
        name = service_name(who.text) if who.kind == "service" else ""
        if name in _WITHOUT_POLICY:
            function = view.holder.label if view.holder else "the function"
            values = {
                "source": who.text,
                "service": name,
                "said": f"`{who.text}` never invokes `{function}` by this permission: {_WITHOUT_POLICY[name]}",
                "fix": "Remove the `AWS::Lambda::Permission`.",
            }
            yield Hit(
                element=who.text,
                source=source_of(principal.value),
                values=values,
                statement=view.statement,
                confidence="high",
            )
            return
    if view.holder is None or has_unknown(view.holder.id):
        return
    service = next((service_name(who.text) for who in view.who if who.kind == "service"), "")
    wired = _wired_to(world).get(function_name(view.holder.id), frozenset())
    for entry in view.statement.conditions:
        if entry.key.lower() != "aws:sourcearn":
            continue
        for value in entry.values:
            found = _source_in_input(world, value)
            if found is None or found.id in wired or any(found.id in one for one in wired):
                continue
            if found.type in _API_TYPES and not _has_routes(world, found.id):
                continue
            if world.inventory.may_lack(found.source.account, *_clients_of(value)):
                continue
            node = world.graph.nodes.get(found.id)
            label = node.label if node else found.name
            yield Hit(
                element=str(value),
                source=source_of(value),
                values={
                    "source": label,
                    "service": service,
                    "said": f"`{label}` may invoke `{view.holder.label}` and is not wired to it",
                    "fix": f"Remove the `AWS::Lambda::Permission`, or wire `{label}` to the function.",
                },
                statement=view.statement,
            )


def _source_in_input(world: World, arn: str) -> Resource | None:
    fact = world.inventory.resources.get(arn)
    if fact is not None and fact.type in _WIRED_TYPES:
        return fact
    parts = split_arn(arn)
    if parts is not None and parts.service == "execute-api" and not has_unknown(parts.resource):
        api = arn[: len(arn) - len(parts.resource)] + parts.resource.partition("/")[0]
        fact = world.inventory.resources.get(api)
        if fact is not None and fact.type in _API_TYPES:
            return fact
    return None


def _has_routes(world: World, api_id: str) -> bool:
    known: set[str] | None = world.memo.get("apis_with_routes")
    if known is None:
        known = world.memo["apis_with_routes"] = {route.api_id for route in world.routes.values()}
    return api_id in known


_CLIENTS = {
    "bedrock": ("bedrock-agent",),
    "elasticloadbalancing": ("elbv2",),
    "execute-api": ("apigateway", "apigatewayv2"),
    "lex": ("lexv2-models", "lex-models"),
    "monitoring": ("cloudwatch",),
    "states": ("stepfunctions",),
}


def _clients_of(arn: str) -> tuple[str, ...]:
    """The boto3 clients that would tell what a thing is wired to."""
    parts = split_arn(arn)
    return _CLIENTS.get(parts.service, (str(parts.service),)) if parts else ()


def _wired_to(world: World) -> Mapping[str, frozenset[str]]:
    """The sources wired to each function: their ids, and the ids of the APIs of routes and authorizers."""
    known: dict[str, frozenset[str]] | None = world.memo.get("wired_to")
    if known is None:
        found: dict[str, set[str]] = {}
        for trigger in world.inventory.of(Trigger):
            sources = found.setdefault(function_name(trigger.function_arn), set())
            route = world.routes.get(trigger.source_id or "")
            sources.update(text for text in (trigger.source_id, trigger.source_arn, route and route.api_id) if text)
        known = world.memo["wired_to"] = {function: frozenset(sources) for function, sources in found.items()}
    return known


@predicate("function")
def nothing_runs_it(subject: Subject) -> bool:
    """Nothing of the input triggers or may invoke the function, and no output hands it to anybody."""
    world, node = subject.world, subject.it
    if world.inventory.may_lack(node.source.account):
        return False
    kinds = (EdgeKind.TRIGGERS, EdgeKind.CAN_INVOKE, EdgeKind.WRITES_INTO, EdgeKind.DELIVERS_TO)
    if any(
        world.graph.nodes[edge.source].kind is not NodeKind.ACCOUNT for edge in world.graph.incoming(node.id, *kinds)
    ):
        return False
    marks = [text for text in (node.arn, f"${{{node.logical_id}}}" if node.logical_id else "", node.label) if text]
    texts = [output.value for output in world.inventory.of(Output)]
    texts += [need.resource_arn for use in world.inventory.of(RoleUse) for need in use.required]
    return not any(mark in text for text in texts for mark in marks)


@predicate("role")
def nobody_uses_it(subject: Subject) -> bool:
    """A role for functions that no function of the input runs with, and that no output hands to anybody."""
    world, fact = subject.world, subject.fact
    if not isinstance(fact, Role) or world.inventory.may_lack(fact.source.account, "lambda"):
        return False
    named = [str(who.value) for statement in fact.trust.statements for who in statement.principals or ()]
    if not named or any(name != "lambda.amazonaws.com" for name in named):
        return False
    if any(True for _ in world.graph.incoming(fact.arn, EdgeKind.EXECUTES_AS, EdgeKind.CAN_PASS)):
        return False
    mark = f"${{{fact.logical_id}" if fact.logical_id else fact.arn
    if any(mark in output.value or fact.arn in output.value for output in world.inventory.of(Output)):
        return False
    return not any(unknown.kind == "role" for unknown in world.inventory.unknowns)


@predicate("role")
def has_no_boundary(subject: Subject) -> bool:
    """No permissions boundary caps the role."""
    return isinstance(subject.fact, Role) and subject.fact.boundary_arn is None


@predicate("user")
def is_in_no_group(subject: Subject) -> bool:
    """The user is in no group."""
    fact = subject.fact
    if not isinstance(fact, User) or fact.group_arns:
        return False
    return not any(item.user_arn == fact.arn for item in subject.world.inventory.of(GroupMembership))


@predicate("policy")
def names_a_user(subject: Subject) -> bool:
    """A policy that says itself that it is attached to a user, who need not be in the input."""
    fact = subject.it.fact
    return isinstance(fact, PolicyAttachment) and ":user/" in fact.principal_arn


@predicate("policy")
def attached_to_nothing(subject: Subject) -> bool:
    """A managed policy that no role, user or group of the input has, and that no output hands to anybody."""
    world, fact = subject.world, subject.fact
    if not isinstance(fact, ManagedPolicy):
        return False
    held: set[str] | None = world.memo.get("attached")
    if held is None:
        held = world.memo["attached"] = _attached(world)
    if fact.arn in held:
        return False
    return not any(fact.arn in output.value or fact.name in output.value for output in world.inventory.of(Output))


def _attached(world: World) -> set[str]:
    found = {item.policy_arn for item in world.inventory.of(PolicyAttachment) if item.policy_arn}
    for facts in (world.inventory.roles, world.inventory.users, world.inventory.groups):
        for fact in facts.values():
            found.update(fact.managed_policy_arns)
            found.add(getattr(fact, "boundary_arn", None) or "")
    return found
