"""Alarms and metric streams of a live account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import Delivery, RoleUse, Trigger

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:page"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:ops"
ALARM = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm"
ANSWERS: dict[str, Any] = {
    "cloudwatch.describe_alarms": {
        "MetricAlarms": [
            {"AlarmName": "errors", "AlarmArn": f"{ALARM}:errors", "ActionsEnabled": False, "AlarmActions": [FUNCTION]}
        ],
        "CompositeAlarms": [
            {
                "AlarmName": "both",
                "AlarmArn": f"{ALARM}:both",
                "ActionsEnabled": True,
                "OKActions": [TOPIC],
                "AlarmRule": "ALARM(errors)",
            }
        ],
    },
    "cloudwatch.list_metric_streams": {"Entries": [{"Name": "out"}]},
    "cloudwatch.get_metric_stream": {
        "Name": "out",
        "FirehoseArn": "arn:aws:firehose:eu-west-1:123456789012:deliverystream/metrics",
        "RoleArn": "arn:aws:iam::123456789012:role/metrics",
    },
}


def test_alarms_of_both_kinds_have_actions(account: Callable[..., list[Any]]) -> None:
    """A function is called by its own principal, a topic by the service's."""
    facts = account("cloudwatch", ANSWERS)
    (trigger,) = [fact for fact in facts if isinstance(fact, Trigger)]
    assert (trigger.source_arn, trigger.service, trigger.enabled) == (
        f"{ALARM}:errors",
        "lambda.alarms.cloudwatch.amazonaws.com",
        False,
    )
    (delivery,) = [fact for fact in facts if isinstance(fact, Delivery)]
    assert (delivery.sender_id, delivery.target_arn) == (f"{ALARM}:both", TOPIC)
    assert account.asked[0][1]["AlarmTypes"] == ["MetricAlarm", "CompositeAlarm"]  # type: ignore[attr-defined]


def test_a_metric_stream_sends_with_its_role(account: Callable[..., list[Any]]) -> None:
    """The role stands in the description only."""
    (use,) = account("cloudwatch", ANSWERS, RoleUse)
    assert use.role_arn == "arn:aws:iam::123456789012:role/metrics"
    assert any("firehose:PutRecord" in action for need in use.required for action in need.actions)
