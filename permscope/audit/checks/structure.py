"""What resources lack beside each other: keys for encryption, triggers for permissions, users for roles."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from permscope.audit.checks.breadth import VALUES, action_text, admin_principals, breadth_of, hit_in, view_of
from permscope.audit.checks.principals import service_name
from permscope.audit.checks.wiring import function_name
from permscope.audit.fields import Subject
from permscope.audit.findings import Hit
from permscope.audit.fixes import written_arn
from permscope.audit.matching import action_set
from permscope.audit.predicates import Taken, finder, predicate
from permscope.audit.world import StatementView, World
from permscope.catalog.actions import ActionSet, load
from permscope.graph.model import EdgeKind, NodeKind
from permscope.inventory.arn import split_arn
from permscope.inventory.facts import (
    Function,
    GroupMembership,
    ManagedPolicy,
    Mechanism,
    Need,
    Output,
    PolicyAttachment,
    Resource,
    Role,
    RoleUse,
    Trigger,
    User,
)
from permscope.inventory.located import source_of
from permscope.inventory.policies import Statement
from permscope.inventory.source import Source
from permscope.inventory.tokens import has_unknown
from permscope.lazy import regex

# Encryption


# What a caller must be allowed with the key for what it does with the resource:
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html,
# https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html,
# https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html,
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html,
# https://docs.aws.amazon.com/streams/latest/dev/permissions-user-key-KMS.html
_KEY_NEEDS = (
    ("sqs", "sqs:SendMessage", "kms:GenerateDataKey"),
    ("sqs", "sqs:ReceiveMessage", "kms:Decrypt"),
    ("sns", "sns:Publish", "kms:GenerateDataKey"),
    ("secretsmanager", "secretsmanager:GetSecretValue", "kms:Decrypt"),
    ("kinesis", "kinesis:PutRecord", "kms:GenerateDataKey"),
    ("kinesis", "kinesis:GetRecords", "kms:Decrypt"),
    ("s3", "s3:GetObject", "kms:Decrypt"),
    ("s3", "s3:PutObject", "kms:GenerateDataKey"),
)
# Of a source that Lambda polls, `esm-role-missing-poll` names the key.
_POLLING = frozenset({"sqs:ReceiveMessage", "kinesis:GetRecords"})
_KEY_VALUES = ("role", "resource", "action", "missing", "key", "fix")


def _encrypted(world: World) -> Mapping[str, str]:
    """Resources of the input by ARN with their customer managed key, which is in the input too."""
    known: dict[str, str] | None = world.memo.get("encrypted")
    if known is None:
        known = world.memo["encrypted"] = {}
        keys = {fact.id for fact in world.inventory.resources.values() if fact.type == "AWS::KMS::Key"}
        for fact in world.inventory.resources.values() if keys else ():
            key = fact.attributes.get("kms_key_arn")
            if fact.arn and isinstance(key, str) and key in keys:
                known[fact.arn] = key
    return known


@finder("function", values=_KEY_VALUES)
def locked_out_by_a_key(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """What the role of a function may use, but not decrypt or encrypt with the key that protects it."""
    world = subject.world
    encrypted = _encrypted(world)
    decisions = world.graph.decisions
    if not encrypted or decisions is None:
        return
    for edge in world.graph.outgoing(subject.it.id, EdgeKind.EXECUTES_AS):
        role = world.inventory.roles.get(edge.target)
        if role is None or world.inventory.missing_policies(role):
            continue
        view = world.by_arn[role.arn]
        for arn, key in encrypted.items():
            parts = split_arn(arn)
            service = parts.service if parts else ""
            allowed = None
            for of, action, needed in _KEY_NEEDS:
                if of != service:
                    continue
                tail = "/*" if service == "s3" else ""
                allowed = allowed if allowed is not None else view.access.on(arn + tail).allowed
                if action not in allowed or (action in _POLLING and _is_polled(world, subject.it.id, arn)):
                    continue
                if decisions.role_may(role.arn, Need(actions=(needed,), resource_arn=key)).authorized is False:
                    yield _key_hit(world, role, arn, (action, needed, key))
                    break


def _is_polled(world: World, function_id: str, source_id: str) -> bool:
    return any(
        edge.source == source_id and edge.mechanism == Mechanism.POLL
        for edge in world.graph.incoming(function_id, EdgeKind.TRIGGERS)
    )


def _key_hit(world: World, role: Role, arn: str, what: tuple[str, str, str]) -> Hit:
    action, needed, key = what
    node, key_node = world.graph.nodes.get(arn), world.graph.nodes.get(key)
    label = key_node.label if key_node else key
    reference = f"!GetAtt {key_node.logical_id}.Arn" if key_node and key_node.logical_id else key
    return Hit(
        element=f"{needed} {label}",
        nodes=(role.arn, arn),
        values={
            "role": role.logical_id or role.name,
            "resource": node.label if node else arn,
            "action": action,
            "missing": needed,
            "key": label,
            "fix": f"- Effect: Allow\n  Action: {needed}\n  Resource: {reference}",
        },
    )


# Services that write into an encrypted queue or topic need a word in the policy of the key.
@finder("delivers_to", values=("service", "resource", "key", "fix"))
def senders_locked_out_by_a_key(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """A service that delivers into a queue or topic encrypted with a key whose policy does not let it in."""
    world, edge = subject.world, subject.it
    fact = world.inventory.resources.get(edge.target)
    service = world.graph.nodes[edge.source].type or ""
    principal = _SENDERS.get(service)
    if fact is None or principal is None or edge.via is not None:
        return
    if fact.type not in ("AWS::SQS::Queue", "AWS::SNS::Topic"):
        return
    key = fact.attributes.get("kms_key_arn")
    if not isinstance(key, str) or has_unknown(key):
        return
    managed = ":alias/aws/" in key
    policies = world.inventory.resource_policies.get(key, ())
    let_in = any(_lets_in(world, held.policy.statements, principal) for held in policies)
    if not managed and (key not in world.inventory.resources or let_in):
        return
    label = "the key that AWS manages" if managed else f"`{world.graph.nodes[key].label}`"
    target = world.graph.nodes[edge.target].label
    yield Hit(
        element=f"{principal} {target}",
        values={
            "service": principal,
            "resource": target,
            "key": label,
            "fix": "\n".join(
                [
                    "- Effect: Allow",
                    f"  Principal: {{Service: {principal}}}",
                    "  Action: [kms:Decrypt, kms:GenerateDataKey*]",
                    '  Resource: "*"',
                ]
            ),
        },
    )


_SENDERS = {
    "AWS::S3::Bucket": "s3.amazonaws.com",
    "AWS::SNS::Topic": "sns.amazonaws.com",
    "AWS::Events::Rule": "events.amazonaws.com",
}


def _lets_in(world: World, statements: tuple[Statement, ...], service: str) -> bool:
    wanted = load().expand("kms:GenerateDataKey") | load().expand("kms:Decrypt")
    return any(
        statement.effect == "Allow"
        and not wanted.isdisjoint(world.actions_of(statement))
        and any(principal.value in (service, "*") for principal in statement.principals or ())
        for statement in statements
    )


# Permissions and triggers


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


# Functions


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


# Roles, users, groups


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


# APIs


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


# Buckets, queues, topics


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


# Identities


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
