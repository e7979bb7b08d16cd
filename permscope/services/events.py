"""EventBridge: rules and their targets, event buses and their policies, API destinations and connections.

Lambda, SQS, SNS and CloudWatch Logs targets are let in by the target's own policy; every other target is reached with
a role. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from permscope.inventory.arn import function_arn_and_qualifier, split_arn
from permscope.inventory.facts import AnyFact, Delivery, Mechanism, Need, ResourcePolicy, RoleUse, Trigger
from permscope.inventory.located import LocatedStr, source_of, value_source
from permscope.inventory.policies import PolicyKind
from permscope.services._answers import differing, each, picked
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._targets import sending, target
from permscope.services._values import Item, Text, about, branches, json_value, located, mappings, origin_of, root
from permscope.services.interface import TemplateResource

SERVICE = "events.amazonaws.com"
SERVICE_PRINCIPALS = (SERVICE, "apidestinations.events.amazonaws.com")


def read_rule(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Events::Rule`: a rule, each of its targets, and their dead-letter queues."""
    enabled = (resource.text("State") or "ENABLED") != "DISABLED"
    yield resource.resource(
        event_bus=bus_arn(resource, resource.text("EventBusName") or "default"),
        schedule_expression=resource.text("ScheduleExpression"),
        state=resource.text("State"),
        role_arn=resource.text("RoleArn"),
        event_pattern=pattern_keys(resource.get("EventPattern")),
    )
    for item in mappings(resource.get("Targets")):
        for text in item.texts("Arn"):
            yield from _target(resource, item, text, enabled=enabled)
        for queue in item.texts("DeadLetterConfig", "Arn"):
            yield Delivery(
                sender_id=resource.id,
                target_arn=located(queue),
                event="dead-letter-queue",
                service=SERVICE,
                source_arn=resource.arn,
                source_account=resource.stack.account,
                enabled=enabled,
                **about(resource, queue.source, queue.only_if),
            )
    if resource.get("EventPattern") is not None:
        bus = resource.text("EventBusName") or "default"
        yield Delivery(
            sender_id=bus_arn(resource, bus),
            target_arn=resource.id,
            event="event-bus",
            enabled=enabled,
            **about(resource, source_of(bus, resource.source)),
        )


def _target(resource: TemplateResource, item: Item, text: Text, *, enabled: bool) -> Iterator[AnyFact]:
    where = target(resource.stack, located(text))
    shared = about(resource, text.source, text.only_if or item.only_if)
    roles = [*item.texts("RoleArn")]
    needs = sending(resource.stack, where, item.value)
    if where.is_function:
        yield Trigger(
            function_arn=where.arn,
            event="schedule" if resource.get("ScheduleExpression") else "event-rule",
            mechanism=Mechanism.RESOURCE_POLICY,
            service=SERVICE,
            source_id=resource.id,
            source_arn=resource.arn,
            source_account=resource.stack.account,
            enabled=enabled,
            **shared,
        )
    if not where.known:
        yield resource.unknown(f"target `{text.text}`", "only a deployment tells what it is", "target", text.source)
    for role in roles:
        yield RoleUse(
            user_id=resource.id,
            role_arn=located(role),
            service=SERVICE,
            required=needs,
            exact=bool(needs),
            **{**shared, "only_if": role.only_if or shared["only_if"]},
        )
    if not where.is_function:
        role_arn = located(roles[0]) if roles else None
        by_policy: dict[str, Any] = {
            "service": SERVICE,
            "source_arn": resource.arn,
            "source_account": resource.stack.account,
        }
        yield Delivery(
            sender_id=resource.id,
            target_arn=where.node,
            event="rule-target",
            role_arn=role_arn,
            required=needs if role_arn else (),
            enabled=enabled,
            **({} if role_arn else by_policy),
            **shared,
        )


def bus_arn(resource: TemplateResource, name: str) -> str:
    """The ARN of an event bus given by name or ARN."""
    if name.startswith("arn:"):
        return name
    found = resource.stack.find(name, "AWS::Events::EventBus")
    arn = found.arn if found is not None and found.arn else resource.stack.arn("events", f"event-bus/{name}")
    return LocatedStr(arn, source_of(name, resource.source))


def pattern_keys(value: object) -> tuple[str, ...]:
    """The top-level keys of an event pattern: what it narrows by."""
    document = json_value(value)
    return tuple(str(key) for key in document) if isinstance(document, Mapping) else ()


def read_event_bus(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Events::EventBus`: a bus, its inline policy, its dead-letter queue."""
    yield resource.resource(
        kms_key_arn=resource.text("KmsKeyIdentifier"), event_source_name=resource.text("EventSourceName")
    )
    document = resource.get("Policy")
    if document is not None and resource.arn:
        policy = resource.policy(
            _as_document(document), PolicyKind.RESOURCE, name=f"{resource.origin or resource.logical_id}/Policy"
        )
        yield ResourcePolicy(resource_arn=resource.arn, policy=policy, **about(resource, source_of(document)))
    for queue in root(resource).texts("DeadLetterConfig", "Arn"):
        yield Delivery(
            sender_id=resource.id,
            target_arn=located(queue),
            event="dead-letter-queue",
            service=SERVICE,
            source_arn=resource.arn,
            **about(resource, queue.source, queue.only_if),
        )


def _as_document(value: object) -> object:
    """A policy property that may hold a whole document or a single statement."""
    if isinstance(value, Mapping) and "Statement" not in value and "Effect" in value:
        return {"Version": "2012-10-17", "Statement": value}
    return value


def read_event_bus_policy(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Events::EventBusPolicy`: one statement, written whole or as `Principal`, `Action` and `Condition`.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-eventbuspolicy.html
    """
    yield resource.resource()
    bus = bus_arn(resource, resource.text("EventBusName") or "default")
    statement = resource.get("Statement")
    document: object = _statement_document(resource) if statement is None else _whole(statement)
    name = f"{resource.origin or resource.logical_id}/Statement"
    policy = resource.policy(document, PolicyKind.RESOURCE, name=name)
    yield ResourcePolicy(
        resource_arn=bus, policy=policy, **about(resource, source_of(statement, resource.place("Principal")))
    )


def _whole(statement: object) -> object:
    """The document of a `Statement` property, which may hold text, a statement, or a whole document."""
    value = json_value(statement)
    if isinstance(value, Mapping) and "Statement" in value:
        return value
    return {"Version": "2012-10-17", "Statement": value}


def _statement_document(resource: TemplateResource) -> dict[str, Any]:
    """The statement that the older properties stand for: an account or everyone may put events on the bus."""
    principal = resource.text("Principal") or ""
    if principal != "*" and not principal.startswith("arn:"):
        place = source_of(principal, resource.source)
        principal = LocatedStr(resource.stack.arn("iam", "root", region="", account=principal), place)
    statement: dict[str, Any] = {
        "Sid": resource.text("StatementId") or resource.logical_id,
        "Effect": "Allow",
        "Principal": "*" if principal == "*" else {"AWS": principal},
        "Action": resource.text("Action") or "events:PutEvents",
        "Resource": bus_arn(resource, resource.text("EventBusName") or "default"),
    }
    conditions = [
        {item.text("Type") or "StringEquals": {item.text("Key") or "aws:PrincipalOrgID": item.get("Value")}}
        for item in mappings(resource.get("Condition"))
    ]
    if conditions:
        statement["Condition"] = conditions[0]
    return {"Version": "2012-10-17", "Statement": statement}


def read_api_destination(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Events::ApiDestination`: an HTTP endpoint and the connection that authorizes calls to it."""
    yield resource.resource(
        connection_arn=resource.text("ConnectionArn"),
        invocation_endpoint=origin_of(resource.text("InvocationEndpoint")),
        http_method=resource.text("HttpMethod"),
    )


def read_connection(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Events::Connection`: how API destinations sign in; its secrets are never kept."""
    yield resource.resource(
        authorization_type=resource.text("AuthorizationType"), kms_key_arn=resource.text("KmsKeyIdentifier")
    )


def read_archive(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Events::Archive`: a copy of what a bus receives."""
    yield resource.resource(source_arn=resource.text("SourceArn"), kms_key_arn=resource.text("KmsKeyIdentifier"))


def read_endpoint(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Events::Endpoint`: a global endpoint over two buses, and the role that replicates between them."""
    buses = tuple(text for item in mappings(resource.get("EventBuses")) if (text := item.text("EventBusArn")))
    yield resource.resource(event_buses=buses)
    for role in root(resource).texts("RoleArn"):
        yield RoleUse(
            user_id=resource.id,
            role_arn=located(role),
            service=SERVICE,
            required=tuple(
                Need(actions=("events:PutEvents",), resource_arn=bus, why="to replicate events") for bus in buses
            ),
            **about(resource, role.source, role.only_if),
        )


def read_events_v2(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::EventsV2::*`: its wiring is not known to permscope, which is said rather than guessed."""
    yield resource.resource()
    yield resource.unknown(f"wiring of `{resource.type}`", "this resource type is not understood", "unsupported")
    for found in _functions_in(resource.properties):
        yield resource.unknown(f"use of `{found}`", "this resource type is not understood", "unsupported", found)


def _functions_in(value: object, depth: int = 0) -> Iterator[str]:
    """Function ARNs anywhere in a document."""
    if depth > 20:  # noqa: PLR2004 - deeper nesting than any resource type has
        return
    if isinstance(value, str):
        parts = split_arn(value)
        if parts is not None and parts.service == "lambda" and parts.resource.startswith("function:"):
            yield LocatedStr(function_arn_and_qualifier(value)[0], source_of(value))
    elif isinstance(value, Mapping):
        for key in value:
            yield from _functions_in(
                LocatedStr(value[key], value_source(value, key)) if isinstance(value[key], str) else value[key],
                depth + 1,
            )
    elif isinstance(value, list):
        for inner, _ in branches(value):
            yield from _functions_in(inner, depth + 1)


TEMPLATE = {
    "AWS::Events::Rule": read_rule,
    "AWS::Events::EventBus": read_event_bus,
    "AWS::Events::EventBusPolicy": read_event_bus_policy,
    "AWS::Events::ApiDestination": read_api_destination,
    "AWS::Events::Connection": read_connection,
    "AWS::Events::Archive": read_archive,
    "AWS::Events::Endpoint": read_endpoint,
    "AWS::EventsV2::*": read_events_v2,
}


_TARGET_PARTS = ("Arn", "RoleArn", "DeadLetterConfig", "EcsParameters", "BatchParameters", "AppSyncParameters")
"""What of a target matters; what is sent to it (`Input`, headers, query strings) does not."""


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every event bus with its policy, rules and targets, then API destinations, connections, archives, endpoints."""
    buses = [bus["Name"] for bus in session.pages("events", "list_event_buses", "EventBuses")]
    yield from each(session, _live_bus, buses)
    for bus in buses:
        rules = session.pages("events", "list_rules", "Rules", none=_GONE, EventBusName=bus)
        yield from each(session, _live_rule, rules)
    for key, name, operation, type_name, parts in _LISTS:
        for item in session.pages("events", operation, key):
            properties = picked(item, *parts)
            if "EventSourceArn" in properties:
                properties["SourceArn"] = properties.pop("EventSourceArn")
            arn = item.get(f"{type_name}Arn") or item.get("Arn")
            yield session.resource(
                f"AWS::Events::{type_name}", properties, name=item[name], arn=arn, call=f"events.{operation}"
            )


_GONE = ("ResourceNotFoundException",)
_LISTS = (
    (
        "ApiDestinations",
        "Name",
        "list_api_destinations",
        "ApiDestination",
        ("ConnectionArn", "InvocationEndpoint", "HttpMethod"),
    ),
    ("Connections", "Name", "list_connections", "Connection", ("AuthorizationType",)),
    ("Archives", "ArchiveName", "list_archives", "Archive", ("EventSourceArn",)),
    ("Endpoints", "Name", "list_endpoints", "Endpoint", ("EventBuses", "RoleArn")),
)


def _live_bus(session: Session, name: str) -> Iterator[LiveFact]:
    answer = session.call("events", "describe_event_bus", none=_GONE, Name=name)
    if answer:
        properties = picked(answer, "Policy", "KmsKeyIdentifier", "DeadLetterConfig")
        yield session.resource(
            "AWS::Events::EventBus", properties, name=name, arn=answer.get("Arn"), call="events.describe_event_bus"
        )


def _live_rule(session: Session, item: Mapping[str, Any]) -> Iterator[LiveFact]:
    bus = item.get("EventBusName") or "default"
    targets = session.pages(
        "events", "list_targets_by_rule", "Targets", none=_GONE, of=item["Arn"], Rule=item["Name"], EventBusName=bus
    )
    properties = {
        **picked(item, "EventPattern", "ScheduleExpression", "RoleArn"),
        **differing(item, State="ENABLED"),
        "EventBusName": None if bus == "default" else bus,
        "Targets": [picked(target, *_TARGET_PARTS) for target in targets],
    }
    ref = item["Name"] if bus == "default" else f"{bus}|{item['Name']}"
    yield session.resource(
        "AWS::Events::Rule", properties, name=item["Name"], arn=item["Arn"], ref=ref, call="events.list_rules"
    )


LIVE = (
    LiveReader(
        read=read_live,
        client="events",
        operations={
            "events.list_event_buses": "which event buses there are",
            "events.describe_event_bus": "who may put events on a bus",
            "events.list_rules": "which rules and schedules there are",
            "events.list_targets_by_rule": "what a rule or schedule runs",
            "events.list_api_destinations": "which endpoints outside of AWS events are sent to",
            "events.list_connections": "how endpoints outside of AWS are signed in to",
            "events.list_archives": "which copies of events are kept",
            "events.list_endpoints": "which role replicates events to another Region",
        },
    ),
)
