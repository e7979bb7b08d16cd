"""Alarms and metric streams."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import AnyFact, Delivery, RoleUse, Trigger

Read = Callable[..., list[AnyFact]]
HERE = "${AWS::Region}:${AWS::AccountId}"
P = "arn:${AWS::Partition}"
FN = f"{P}:lambda:{HERE}:function:${{Fn}}"
ROLE = f"{P}:iam::${{AWS::AccountId}}:role/${{Role}}"
WORLD = """
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.13}}
  Role: {Type: AWS::IAM::Role, Properties: {Path: /}}
  Topic: {Type: AWS::SNS::Topic}
"""


def facts_of(read: Read, resource: str, kind: type) -> list[Any]:
    """The facts of one kind that one resource gives."""
    return [fact for fact in read(f"{WORLD}  X: {resource}\n") if isinstance(fact, kind) and fact.logical_id == "X"]


def test_an_alarm_calls_a_function_under_a_principal_of_its_own(read: Read) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html names it."""
    resource = (
        "{Type: AWS::CloudWatch::Alarm, Properties: {AlarmName: high, AlarmActions: [!GetAtt Fn.Arn], "
        "OKActions: [!Ref Topic, 'arn:aws:automate:eu-west-1:ec2:stop']}}"
    )
    (trigger,) = facts_of(read, resource, Trigger)
    assert (trigger.function_arn, trigger.service) == (FN, "lambda.alarms.cloudwatch.amazonaws.com")
    assert trigger.source_arn == f"{P}:cloudwatch:{HERE}:alarm:high"
    (delivery,) = facts_of(read, resource, Delivery)
    assert (delivery.target_arn, delivery.service) == (f"{P}:sns:{HERE}:${{Topic}}", "cloudwatch.amazonaws.com")


def test_actions_that_are_switched_off_are_not_enabled(read: Read) -> None:
    """`ActionsEnabled: false` keeps the wiring but stops it."""
    resource = (
        "{Type: AWS::CloudWatch::CompositeAlarm, Properties: {AlarmRule: 'FALSE', ActionsEnabled: false, "
        "AlarmActions: [!GetAtt Fn.Arn]}}"
    )
    assert [trigger.enabled for trigger in facts_of(read, resource, Trigger)] == [False]


def test_a_metric_stream_writes_with_a_role(read: Read) -> None:
    """Metric streams go to Firehose."""
    stream = "arn:aws:firehose:eu-west-1:111122223333:deliverystream/d"
    resource = (
        "{Type: AWS::CloudWatch::MetricStream, Properties: "
        f"{{FirehoseArn: '{stream}', RoleArn: !GetAtt Role.Arn, OutputFormat: json}}}}"
    )
    (use,) = facts_of(read, resource, RoleUse)
    assert (use.role_arn, use.service) == (ROLE, "streams.metrics.cloudwatch.amazonaws.com")
    assert [need.resource_arn for need in use.required] == [stream]
