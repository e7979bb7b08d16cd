"""EventBridge of a live account: buses, rules, schedules, pipes."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import Delivery, Mechanism, Resource, ResourcePolicy, RoleUse, Trigger

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:pay"
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:failed"
BUS = "arn:aws:events:eu-west-1:123456789012:event-bus/shop"
RULE = "arn:aws:events:eu-west-1:123456789012:rule/shop/paid"
ROLE = "arn:aws:iam::123456789012:role/events"
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "partner",
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::210987654321:root"},
            "Action": "events:PutEvents",
            "Resource": BUS,
        }
    ],
}
SECRET = "4111-1111-1111-1111"


def rules(asked: Any) -> Any:
    """One rule, on the bus `shop`."""
    if asked["EventBusName"] != "shop":
        return {"Rules": []}
    rule = {
        "Name": "paid",
        "Arn": RULE,
        "EventPattern": '{"source": ["shop"]}',
        "State": "DISABLED",
        "EventBusName": "shop",
    }
    return {"Rules": [rule]}


EVENTS: dict[str, Any] = {
    "events.list_event_buses": lambda asked: (
        {"EventBuses": [{"Name": "default"}], "NextToken": "more"}
        if "NextToken" not in asked
        else {"EventBuses": [{"Name": "shop", "Arn": BUS}]}
    ),
    "events.describe_event_bus": lambda asked: {
        "Name": asked["Name"],
        "Arn": f"arn:aws:events:eu-west-1:123456789012:event-bus/{asked['Name']}",
        **({"Policy": json.dumps(POLICY)} if asked["Name"] == "shop" else {}),
    },
    "events.list_rules": rules,
    "events.list_targets_by_rule": {
        "Targets": [
            {"Id": "1", "Arn": FUNCTION, "Input": SECRET, "DeadLetterConfig": {"Arn": QUEUE}},
            {"Id": "2", "Arn": "arn:aws:kinesis:eu-west-1:123456789012:stream/paid", "RoleArn": ROLE},
        ]
    },
    "events.list_api_destinations": {
        "ApiDestinations": [
            {
                "Name": "shipper",
                "ApiDestinationArn": "arn:aws:events:eu-west-1:123456789012:api-destination/shipper/1",
                "ConnectionArn": "arn:aws:events:eu-west-1:123456789012:connection/shipper/2",
                "InvocationEndpoint": "https://example.com",
                "HttpMethod": "POST",
            }
        ]
    },
    "events.list_connections": {
        "Connections": [
            {
                "Name": "shipper",
                "ConnectionArn": "arn:aws:events:eu-west-1:123456789012:connection/shipper/2",
                "AuthorizationType": "API_KEY",
            }
        ]
    },
    "events.list_archives": {"Archives": [{"ArchiveName": "old", "EventSourceArn": BUS}]},
    "events.list_endpoints": {
        "Endpoints": [
            {
                "Name": "both",
                "Arn": "arn:aws:events:eu-west-1:123456789012:endpoint/both",
                "EventBuses": [{"EventBusArn": BUS}, {"EventBusArn": BUS.replace("eu-west-1", "eu-west-2")}],
                "RoleArn": ROLE,
            }
        ]
    },
}


def test_a_rule_of_another_bus_triggers_its_function(account: Callable[..., list[Any]]) -> None:
    """Rules are asked for bus by bus, the list of buses page by page."""
    (trigger,) = account("events", EVENTS, Trigger)
    assert (trigger.function_arn, trigger.source_arn, trigger.mechanism, trigger.enabled) == (
        FUNCTION,
        RULE,
        Mechanism.RESOURCE_POLICY,
        False,
    )


def test_a_rule_sends_to_its_queue_and_its_stream(account: Callable[..., list[Any]]) -> None:
    """Dead-letter queue and stream are deliveries; the bus delivers to the rule."""
    found = {(fact.event, fact.target_arn, fact.role_arn) for fact in account("events", EVENTS, Delivery)}
    assert found == {
        ("dead-letter-queue", QUEUE, None),
        ("rule-target", "arn:aws:kinesis:eu-west-1:123456789012:stream/paid", ROLE),
        ("event-bus", RULE, None),
    }


def test_the_policy_of_a_bus_protects_it(account: Callable[..., list[Any]]) -> None:
    """A bus without a policy has none."""
    (policy,) = account("events", EVENTS, ResourcePolicy)
    assert policy.resource_arn == BUS
    assert [statement.sid for statement in policy.policy.statements] == ["partner"]


def test_what_is_sent_to_a_target_is_not_kept(account: Callable[..., list[Any]]) -> None:
    """The constant input of a target is an event payload."""
    assert SECRET not in repr(account("events", EVENTS))


def test_endpoints_connections_destinations_and_archives_are_kept(account: Callable[..., list[Any]]) -> None:
    """A global endpoint uses its role."""
    facts = account("events", EVENTS, Resource, RoleUse)
    types = {fact.type for fact in facts if isinstance(fact, Resource)}
    assert types >= {f"AWS::Events::{kind}" for kind in ("ApiDestination", "Connection", "Archive", "Endpoint")}
    uses = {(fact.user_id.rpartition(":")[2], fact.role_arn) for fact in facts if isinstance(fact, RoleUse)}
    assert uses == {("rule/shop/paid", ROLE), ("endpoint/both", ROLE)}


QUEUE_URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs"
SCHEDULE = "arn:aws:scheduler:eu-west-1:123456789012:schedule/default/nightly"
SCHEDULER: dict[str, Any] = {
    "scheduler.list_schedule_groups": {
        "ScheduleGroups": [
            {"Name": "default", "Arn": "arn:aws:scheduler:eu-west-1:123456789012:schedule-group/default"}
        ]
    },
    "scheduler.list_schedules": {"Schedules": [{"Name": "nightly", "Arn": SCHEDULE, "GroupName": "default"}]},
    "scheduler.get_schedule": {
        "Name": "nightly",
        "Arn": SCHEDULE,
        "GroupName": "default",
        "ScheduleExpression": "rate(1 day)",
        "State": "ENABLED",
        "Target": {"Arn": FUNCTION, "RoleArn": ROLE, "Input": SECRET, "DeadLetterConfig": {"Arn": QUEUE}},
    },
}


def test_a_schedule_runs_its_function_with_its_role(account: Callable[..., list[Any]]) -> None:
    """The role stands in `get_schedule` only; the source ARN is that of the group."""
    facts = account("scheduler", SCHEDULER)
    (trigger,) = [fact for fact in facts if isinstance(fact, Trigger)]
    assert (trigger.function_arn, trigger.role_arn) == (FUNCTION, ROLE)
    assert trigger.source_arn == "arn:aws:scheduler:eu-west-1:123456789012:schedule-group/default"
    assert [fact.target_arn for fact in facts if isinstance(fact, Delivery)] == [QUEUE]
    assert SECRET not in repr(facts)


def test_a_universal_target_needs_what_its_input_names(account: Callable[..., list[Any]]) -> None:
    """The input of a universal target is the request, which names the resource."""
    target = {
        "Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage",
        "RoleArn": ROLE,
        "Input": json.dumps(
            {"QueueUrl": "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs", "MessageBody": SECRET}
        ),
    }
    schedule = {**SCHEDULER["scheduler.get_schedule"], "Target": target}
    facts = account("scheduler", {**SCHEDULER, "scheduler.get_schedule": schedule})
    (use,) = [fact for fact in facts if isinstance(fact, RoleUse)]
    assert [(need.actions, str(need.resource_arn)) for need in use.required] == [
        (("sqs:SendMessage",), "arn:aws:sqs:eu-west-1:123456789012:jobs")
    ]
    assert SECRET not in repr(facts)


PIPE = "arn:aws:pipes:eu-west-1:123456789012:pipe/orders"


def test_a_pipe_reads_calls_and_runs_with_one_role(account: Callable[..., list[Any]]) -> None:
    """All three legs of a pipe are there."""
    answers = {
        "pipes.list_pipes": {"Pipes": [{"Name": "orders", "Arn": PIPE}]},
        "pipes.describe_pipe": {
            "Name": "orders",
            "Arn": PIPE,
            "DesiredState": "RUNNING",
            "Source": QUEUE,
            "Enrichment": FUNCTION,
            "Target": "arn:aws:sns:eu-west-1:123456789012:done",
            "TargetParameters": {"InputTemplate": SECRET},
            "RoleArn": ROLE,
            "CreationTime": NOW,
        },
    }
    facts = account("pipes", answers)
    (trigger,) = [fact for fact in facts if isinstance(fact, Trigger)]
    assert (trigger.event, trigger.function_arn, trigger.role_arn) == ("pipe-enrichment", FUNCTION, ROLE)
    assert {fact.event for fact in facts if isinstance(fact, Delivery)} == {"pipe-source", "pipe-target"}
    (use,) = [fact for fact in facts if isinstance(fact, RoleUse)]
    assert {action for need in use.required for action in need.actions} >= {"sqs:ReceiveMessage", "sns:Publish"}
    assert SECRET not in repr(facts)
