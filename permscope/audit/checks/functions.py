"""What functions can and cannot do with the role they run with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from permscope.audit.checks.breadth import admin_principals
from permscope.audit.checks.wiring import functions_of, triggers_between
from permscope.audit.findings import Hit
from permscope.audit.fixes import written_arn
from permscope.audit.predicates import Taken, finder, predicate
from permscope.audit.replacements import grant_on, resource_named, role_of
from permscope.audit.subjects import Subject
from permscope.audit.world import World
from permscope.catalog.actions import load
from permscope.graph.model import Edge, EdgeKind, NodeKind
from permscope.inventory.arn import split_arn
from permscope.inventory.facts import Delivery, Function, Need, Role, RoleUse, Trigger
from permscope.inventory.located import source_of
from permscope.inventory.tokens import has_unknown

# What writing into a source means, by the service of its ARN.
_WRITES = {
    "s3": ("s3:PutObject",),
    "sqs": ("sqs:SendMessage",),
    "sns": ("sns:Publish",),
    "dynamodb": ("dynamodb:PutItem", "dynamodb:UpdateItem"),
    "kinesis": ("kinesis:PutRecord", "kinesis:PutRecords"),
}


@predicate("function")
def runs_as_administrator(subject: Subject) -> bool:
    """The function's role may do everything, or every IAM and STS write, on every resource."""
    return role_of(subject.world, subject.it.id) in admin_principals(subject.world)


@predicate("function")
def has_no_code_signing(subject: Subject) -> bool:
    """The function takes any code, signed or not."""
    return isinstance(subject.fact, Function) and not subject.fact.code_signing_config


@predicate("statement")
def holder_is_administrator(subject: Subject) -> bool:
    """The role of a trust policy is an administrator."""
    return subject.holder is not None and subject.holder.id in admin_principals(subject.world)


@finder("function", values=("role", "log_group"))
def cannot_log(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """A function whose role may not write to its log group."""
    world, fact = subject.world, subject.fact
    role = role_of(world, subject.it.id)
    decisions = getattr(world.graph, "decisions", None)
    if role is None or decisions is None or not isinstance(fact, Function):
        return
    if world.inventory.missing_policies(world.inventory.roles[role]):
        return
    parts = split_arn(fact.arn)
    if parts is None:
        return
    group = fact.log_group or f"/aws/lambda/{fact.name}"
    arn = f"arn:{parts.partition}:logs:{parts.region}:{parts.account}:log-group:{group}:log-stream:any"
    need = Need(actions=("logs:CreateLogStream", "logs:PutLogEvents"), resource_arn=arn)
    access, wanted = world.by_arn[role].access, load().action_set(need.actions)
    everywhere = (grant for grant in access.grants if "*" in grant.resources and not grant.conditional)
    if has_unknown(arn) or any(wanted <= grant.actions for grant in everywhere) or wanted <= access.on(arn).allowed:
        return
    if decisions.role_may(role, need).authorized is False:
        yield Hit(values={"role": world.graph.nodes[role].label, "log_group": group}, nodes=(role,))


# What Lambda does with the execution role before the code runs, whatever the resource:
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions,
# https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html#services-xray-permissions
_VPC = ("ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface")
_TRACING = ("xray:PutTraceSegments", "xray:PutTelemetryRecords")


@finder("function", values=("role", "missing", "feature", "effect", "managed"))
def features_without_permission(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """A function in a VPC, or with active tracing (`low`), whose role may not do what Lambda does for that."""
    world, fact = subject.world, subject.fact
    role = role_of(world, subject.it.id)
    if role is None or not isinstance(fact, Function) or world.inventory.missing_policies(world.inventory.roles[role]):
        return
    granted = {
        action for grant in world.by_arn[role].access.grants for action in (*_VPC, *_TRACING) if action in grant.actions
    }
    for used, feature, needed, effect, managed, severity in (
        (
            fact.in_vpc,
            "VpcConfig",
            _VPC,
            "so Lambda refuses to create it",
            "service-role/AWSLambdaVPCAccessExecutionRole",
            None,
        ),
        (fact.tracing, "TracingConfig", _TRACING, "so no trace arrives", "AWSXRayDaemonWriteAccess", "low"),
    ):
        missing = [action for action in needed if action not in granted]
        if used and missing:
            yield Hit(
                element=feature,
                values={
                    "role": world.graph.nodes[role].label,
                    "missing": ", ".join(f"`{action}`" for action in missing),
                    "feature": feature,
                    "effect": effect,
                    "managed": managed,
                },
                nodes=(role,),
                severity=severity,
            )


@finder("function", values=("role", "variable", "resource", "fix"))
def configured_without_access(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """A function that is told the name of a resource its role may not touch at all."""
    world, fact = subject.world, subject.fact
    role = role_of(world, subject.it.id)
    if role is None or not isinstance(fact, Function) or world.inventory.missing_policies(world.inventory.roles[role]):
        return
    view = world.by_arn[role]
    if any("iam:PassRole" in grant.actions for grant in view.access.grants):
        return  # it tells another service, with another role, what to work on
    for variable, value in fact.environment.items():
        node = resource_named(world, value)
        if node is None or node in world.inventory.resource_policies or node == fact.arn:
            continue
        access = view.access.on(node)
        target = world.graph.nodes[node]
        # A grant may name the resource by another of its attributes than the ARN is made of.
        mark = f"${{{target.logical_id}."
        named = any(mark in pattern for grant in view.access.grants for pattern in grant.resources)
        if not access.allowed and not access.conditional and not named:
            yield Hit(
                element=variable,
                resource=fact.logical_id,
                values={
                    "role": view.label,
                    "variable": variable,
                    "resource": target.label,
                    "fix": _how_to_allow(world, role, fact, node),
                },
                nodes=(role, node),
            )


def _how_to_allow(world: World, role: str, function: Function, arn: str) -> str:
    """What to add so that a function may use a resource, as its role is written."""
    sam = world.inventory.roles[role].logical_id == function.logical_id
    grant = grant_on(world, arn, sam=sam)
    return grant or f"# the actions that the code calls, on {written_arn(world, arn)}"


# What fires which of S3's events:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
_FIRES = {
    "s3:objectcreated": ("s3:PutObject",),
    "s3:objectremoved": ("s3:DeleteObject", "s3:DeleteObjectVersion"),
    "s3:objecttagging": ("s3:PutObjectTagging", "s3:DeleteObjectTagging"),
    "s3:objectacl": ("s3:PutObjectAcl",),
}


@finder("function", values=("resource", "action", "role"))
def writes_to_its_own_trigger(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """A function that may do to the bucket, queue, topic, table or stream that runs it what runs it."""
    world = subject.world
    role = role_of(world, subject.it.id)
    if role is None:
        return
    access = world.by_arn[role].access
    for edge in world.graph.incoming(subject.it.id, EdgeKind.TRIGGERS):
        source = world.graph.nodes[edge.source]
        parts = split_arn(source.arn or "")
        if source.kind is not NodeKind.RESOURCE or parts is None or source.arn is None:
            continue
        arn = source.arn.partition("/stream/")[0] if parts.service == "dynamodb" else source.arn
        wirings = triggers_between(world, edge) if parts.service == "s3" else []
        writes = [action for wiring in wirings for action in _refired(access, arn, wiring)]
        if not wirings:
            granted = _named_grants(access, arn)
            writes = [action for action in _WRITES.get(parts.service, ()) if action in granted]
        if writes and edge.event != "self-managed-kafka":
            yield Hit(
                element=source.label,
                values={"resource": source.label, "action": writes[0], "role": world.graph.nodes[role].label},
                nodes=(source.id, role),
            )


def _refired(access: Any, bucket: str, wiring: Trigger) -> list[str]:
    """What a function may do in a bucket that fires the notification which runs it, under the prefix it is about."""
    granted = _named_grants(access, bucket, f"/{wiring.below}of-its-own" if wiring.below else "")
    occasions = [":".join(text.lower().split(":")[:2]) for text in wiring.occasions] or ["s3:objectcreated"]
    return [action for text in occasions for action in _FIRES.get(text, ()) if action in granted]


def _named_grants(access: Any, arn: str, below: str = "") -> Any:
    """What is allowed on a resource by grants that name it: a grant on everything has rules of its own."""
    found = access.on(arn + below).allowed
    wide = access.on(arn + "-of-somebody-else" + below).allowed
    return found - wide


_DELIVERED = {
    "dead-letter-queue": "dead-letter queue",
    "on-success": "on-success destination",
    "on-failure": "on-failure destination",
}


@finder("delivers_to", values=("said", "fix"))
def undeliverable(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """A destination or dead-letter queue that its sender may not write to, with the statement to add."""
    world, edge = subject.world, subject.it
    source, target = world.graph.nodes[edge.source], world.graph.nodes[edge.target]
    if edge.event in _READ:
        return  # what the target's own role lacks is said where that role is used
    delivery = _delivery_of(world, edge)
    if delivery is not None and _is_said_of_role(world, edge, delivery):
        return
    written = written_arn(world, target.id)
    if target.type == "AWS::S3::Bucket" and target.logical_id:
        written = f'[{written}, !Sub "${{{target.logical_id}.Arn}}/*"]'
    actions = _sending(delivery, target.id)
    if delivery is not None and delivery.service and not delivery.role_arn:
        wired = f"its {_DELIVERED[edge.event]} " if edge.event in _DELIVERED else ""
        said = f"`{source.label}` sends to {wired}`{target.label}`, whose policy does not let `{delivery.service}` in"
        lines = [
            "- Effect: Allow",
            f"  Principal: {{Service: {delivery.service}}}",
            f"  Action: {actions}",
            f"  Resource: {written}",
        ]
        if delivery.source_arn:
            lines += ["  Condition:", f"    ArnLike: {{aws:SourceArn: {written_arn(world, delivery.source_arn)}}}"]
    else:
        what = _DELIVERED.get(edge.event or "", "destination")
        said = f"`{source.label}` may not write to its {what} `{target.label}`"
        lines = ["- Effect: Allow", f"  Action: {actions}", f"  Resource: {written}"]
    yield Hit(element=f"{edge.event or ''} {target.label}", values={"said": said, "fix": "\n".join(lines)})


def _is_said_of_role(world: World, edge: Edge, delivery: Delivery) -> bool:
    """Whether the role that a rule, pipe or schedule delivers with lacks it, which `powerless_callers` tells."""
    if (
        delivery.role_arn is None
        or delivery.sender_id in world.inventory.functions
        or " lacks " not in (edge.reason or "")
    ):
        return False
    uses = (use for use in world.inventory.of(RoleUse) if use.user_id == delivery.sender_id)
    return any(use.role_arn == delivery.role_arn and use.required for use in uses)


def _delivery_of(world: World, edge: Edge) -> Delivery | None:
    """The fact behind an edge: by its sender and kind, of several the one that names the target."""
    known: dict[tuple[str, str], list[Delivery]] = world.memo.setdefault("deliveries", {})
    if not known:
        for item in world.inventory.of(Delivery):
            known.setdefault((item.sender_id, item.event), []).append(item)
    found = known.get((edge.source, edge.event or ""), [])
    name = edge.target.rpartition(":")[2]
    return next((item for item in found if item.target_arn.rpartition(":")[2] == name), found[0] if found else None)


_READ = ("firehose-source", "kinesis-analytics-input", "pipe-source")
_SENDING = {
    "sqs": "sqs:SendMessage",
    "sns": "sns:Publish",
    "lambda": "lambda:InvokeFunction",
    "events": "events:PutEvents",
    "s3": "s3:PutObject",
    "kinesis": "kinesis:PutRecord",
    "firehose": "firehose:PutRecord",
}


def _sending(delivery: Delivery | None, target_arn: str) -> str:
    """The actions it takes to deliver, as YAML."""
    named = dict.fromkeys(action for need in delivery.required for action in need.actions) if delivery else {}
    parts = split_arn(target_arn)
    actions = list(named) or [_SENDING.get(parts.service if parts else "", "<the action that writes to it>")]
    return actions[0] if len(actions) == 1 else f"[{', '.join(actions)}]"


@predicate("role")
def trusts_services_it_does_not_serve(subject: Subject) -> bool:
    """A role that only functions of the input run with, and that other services may assume besides."""
    return bool(_idle_services(subject))


def _idle_services(subject: Subject) -> list[str]:
    world, fact = subject.world, subject.fact
    if not isinstance(fact, Role) or not functions_of(world, fact.arn):
        return []
    users = {edge.source for edge in world.graph.incoming(fact.arn, EdgeKind.EXECUTES_AS)}
    if any(world.graph.nodes[user].kind is not NodeKind.FUNCTION for user in users):
        return []
    trusted = {
        str(principal.value)
        for statement in fact.trust.statements
        if statement.effect == "Allow"
        for principal in statement.principals or ()
        if principal.kind == "Service"
    }
    return sorted(name for name in trusted if not name.startswith(("lambda.", "edgelambda.")) and "${" not in name)


@finder("role", values=("services",))
def idle_trusts(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """The services besides Lambda that may assume a role which only functions run with."""
    if subject.fact is None or subject.world.inventory.may_lack(subject.fact.source.account):
        return
    services = _idle_services(subject)
    if services:
        yield Hit(element=", ".join(services), values={"services": ", ".join(f"`{name}`" for name in services)})


@finder("function", values=("variable",))
def plain_credentials(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each environment variable of a function whose value is a credential in plain text."""
    fact = subject.fact
    for name in fact.credentials if isinstance(fact, Function) else ():
        yield Hit(element=name, source=source_of(name), values={"variable": name})
