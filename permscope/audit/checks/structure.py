"""How layers, APIs, buckets and identities are put together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from permscope.audit.checks.breadth import VALUES, action_text, admin_principals, breadth_of, hit_in, view_of
from permscope.audit.findings import Hit
from permscope.audit.fixes import written_arn
from permscope.audit.matching import action_set
from permscope.audit.predicates import Taken, finder, predicate
from permscope.audit.subjects import Subject
from permscope.audit.world import StatementView
from permscope.catalog.actions import ActionSet, load
from permscope.graph.model import NodeKind
from permscope.inventory.arn import split_arn
from permscope.inventory.facts import (
    Function,
    Resource,
    RoleUse,
)
from permscope.inventory.located import source_of
from permscope.inventory.policies import Statement
from permscope.inventory.source import Source
from permscope.lazy import regex

_AWS_LAYERS = regex(
    r"AWSLambdaPowertools\w*|LambdaInsightsExtension\S*|AWS-Parameters-and-Secrets-Lambda-Extension\S*|"
    r"AWS-AppConfig-Extension\S*|AWSSDKPandas-\S*|AWSDataWrangler-\S*|aws-otel-\S*|AWSOpenTelemetryDistro\S*|"
    r"LambdaAdapterLayer\S*|AmazonCodeGuru\S*|AWSCodeGuruProfiler\S*|CloudWatchSyntheticsLayer\S*|AWSLambda\S*|"
    r"AWS-Lambda-\S*|aws-\S*",
    re.IGNORECASE,
)


@finder("function", values=("layer", "account"))
def foreign_layers(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each layer from an account that nobody vouches for; layers that AWS publishes are left out."""
    fact, world = subject.fact, subject.world
    for layer in fact.layers if isinstance(fact, Function) else ():
        parts = split_arn(layer)
        if parts is None or not world.is_external(parts.account) or world.trusted.trusts_account(parts.account):
            continue
        name = parts.resource.removeprefix("layer:").partition(":")[0]
        if _AWS_LAYERS.fullmatch(name) is None:
            yield Hit(element=str(layer), source=source_of(layer), values={"layer": name, "account": parts.account})


@predicate("resource")
def takes_tokens_for_anybody(subject: Subject) -> bool:
    """A JWT authorizer that does not say for whom tokens must be made."""
    fact = subject.fact
    if not isinstance(fact, Resource) or fact.type != "AWS::ApiGatewayV2::Authorizer":
        return False
    return str(fact.attributes.get("authorizer_type", "")).lower() == "jwt" and not fact.attributes.get("audience")


@predicate("resource")
def asks_for_keys_without_plan(subject: Subject) -> bool:
    """A REST API with methods that ask for an API key, and no usage plan in the input that names the API."""
    fact, world = subject.fact, subject.world
    if not isinstance(fact, Resource) or fact.type != "AWS::ApiGateway::RestApi":
        return False
    if not any(route.api_key for route in world.routes.values() if route.api_id == fact.id):
        return False
    plans = [plan for plan in world.inventory.resources.values() if plan.type == "AWS::ApiGateway::UsagePlan"]
    name = str(fact.attributes.get("api_id") or fact.name)
    return not any(name in str(plan.attributes.get("api_stages", name)) for plan in plans)


@finder("executes_as", values=("user", "role", "reason"))
def broad_integrations(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """An API integration that acts as an administrator."""
    world, edge = subject.world, subject.it
    user, role = world.graph.nodes[edge.source], world.graph.nodes[edge.target]
    is_api = user.kind is NodeKind.ROUTE or (user.type or "").startswith(("AWS::ApiGateway", "AWS::AppSync::"))
    if is_api and role.id in admin_principals(world):
        use = next(
            (use for use in world.inventory.of(RoleUse) if (use.user_id, use.role_arn) == (user.id, role.id)), None
        )
        yield Hit(
            element=user.label,
            source=source_of(use.role_arn, use.source) if use else subject.source,
            values={"user": user.label, "role": role.label, "reason": "may do everything in the account"},
            nodes=(role.id,),
        )


_SSL_TYPES = {"AWS::S3::Bucket": "s3:*", "AWS::SQS::Queue": "sqs:*", "AWS::SNS::Topic": "sns:Publish"}


@finder("resource", values=("fix",))
def takes_plain_http(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """A bucket, queue or topic whose policy does not deny requests without TLS; `low` where it has a policy at all."""
    fact, world = subject.fact, subject.world
    if not isinstance(fact, Resource) or fact.type not in _SSL_TYPES or fact.arn is None:
        return
    policies = world.inventory.resource_policies.get(fact.arn, ())
    statements = [statement for held in policies for statement in held.policy.statements]
    if fact.id in subject.world.inventory.unread_policies:
        return
    if any(statement.effect == "Deny" and _about_tls(statement) for statement in statements):
        return
    resource = written_arn(world, fact.arn)
    if fact.type == "AWS::S3::Bucket":
        objects = f'!Sub "${{{fact.logical_id}.Arn}}/*"' if fact.logical_id else f'"{fact.arn}/*"'
        resource = f"[{resource}, {objects}]"
    yield Hit(
        severity="low" if statements else None,
        values={
            "fix": "\n".join(
                [
                    "- Effect: Deny",
                    '  Principal: "*"',
                    f"  Action: {_SSL_TYPES[fact.type]}",
                    f"  Resource: {resource}",
                    '  Condition: {Bool: {"aws:SecureTransport": "false"}}',
                ]
            )
        },
    )


def _about_tls(statement: Statement) -> bool:
    keys = ("aws:securetransport", "s3:tlsversion")
    return any(entry.key.lower() in keys for entry in statement.conditions)


@finder("statement", values=("text",))
def locks_everybody_out(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """A Deny for everybody, without exception, of changing the bucket's policy: only the account's root can undo it."""
    view: StatementView = subject.it
    statement = view.statement
    everybody = any(principal.value == "*" for principal in statement.principals or ())
    if statement.effect != "Deny" or not everybody or statement.conditions:
        return
    change = load().expand("s3:PutBucketPolicy")
    if change.isdisjoint(view.actions) or not view.holder or not view.holder.arn:
        return
    bucket = view.holder.arn
    if any(text in (bucket, "*") or (text.endswith("*") and "/" not in text) for text in statement.resources or ()):
        text = action_text(statement, change)
        yield Hit(element=text, source=source_of(text), values={"text": text}, statement=statement)


def _actions_parameter(given: object, place: Source) -> ActionSet:
    return action_set(given, place)


@finder("principal", values=VALUES, check=_actions_parameter)
def allowed_anywhere(subject: Subject, parameters: Any, taken: Taken) -> Iterator[Hit]:
    """Actions that are allowed on everything, those too that cannot be limited to a resource."""
    view = view_of(subject)
    for share in breadth_of(view).star:
        guilty = taken.left_of(share.actions & parameters)
        if guilty and share.blamable and not share.inverted:
            yield hit_in(view, share, guilty, action_text(share.statement, guilty))


@cache
def _iot_writes() -> tuple[str, ...]:
    return ("iot:*", "iot:publish", "iot:subscribe", "iot:receive", "iot:updatethingshadow", "iot:getthingshadow")


@finder("resource", values=("text", "reason"))
def open_iot_policies(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """An IoT policy that lets a device do everything, or talk on every topic."""
    fact = subject.fact
    if not isinstance(fact, Resource) or fact.type != "AWS::IoT::Policy":
        return
    actions = fact.attributes.get("allowed_actions", ())
    resources = fact.attributes.get("allowed_resources", ())
    if not isinstance(actions, tuple) or not isinstance(resources, tuple):
        return
    for text in actions:
        if text.lower() in ("*", "iot:*"):
            yield Hit(
                element=text,
                source=source_of(text),
                values={"text": text, "reason": "every action of IoT"},
            )
            return
    named = [action for action in actions if action.lower() in _iot_writes()]
    for text in resources:
        if named and (not text.strip("*") or text.endswith((":topic/*", ":topicfilter/*", ":*"))):
            shown = ", ".join(str(action) for action in named[:3])
            yield Hit(element=text, source=source_of(text), values={"text": text, "reason": f"{shown} on every topic"})
            return
