"""EventBridge Scheduler."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from permscope.inventory.facts import AnyFact, Delivery, Mechanism, RoleUse, Trigger, Unknown

Read = Callable[..., list[AnyFact]]
HERE = "${AWS::Region}:${AWS::AccountId}"
P = "arn:${AWS::Partition}"
FN = f"{P}:lambda:{HERE}:function:${{Fn}}"
ROLE = f"{P}:iam::${{AWS::AccountId}}:role/${{Role}}"
GROUP = f"{P}:scheduler:{HERE}:schedule-group/default"
WORLD = """
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.13}}
  Role: {Type: AWS::IAM::Role, Properties: {Path: /}}
  Queue: {Type: AWS::SQS::Queue}
"""


def schedule(read: Read, target: str, properties: str = "State: ENABLED") -> list[AnyFact]:
    """The facts of one schedule."""
    return read(
        f"{WORLD}  S: {{Type: AWS::Scheduler::Schedule, Properties: {{ScheduleExpression: rate(1 hour), {properties}, "
        f"Target: {{{target}}}}}}}\n"
    )


def of(facts: list[AnyFact], kind: type) -> list[Any]:
    """The facts of one kind that the schedule gave."""
    return [fact for fact in facts if isinstance(fact, kind) and fact.logical_id == "S"]


def test_a_function_is_called_with_the_targets_role(read: Read) -> None:
    """Scheduler sends the ARN of the schedule's group as source, not of the schedule.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
    """
    facts = schedule(read, "Arn: !GetAtt Fn.Arn, RoleArn: !GetAtt Role.Arn", "State: DISABLED")
    (trigger,) = of(facts, Trigger)
    assert (trigger.function_arn, trigger.mechanism, trigger.role_arn) == (FN, Mechanism.SERVICE_ROLE, ROLE)
    assert (trigger.source_arn, trigger.enabled) == (GROUP, False)
    (use,) = of(facts, RoleUse)
    assert (use.role_arn, use.source_arn, use.exact) == (ROLE, GROUP, True)


@pytest.mark.parametrize(
    ("arn", "more", "needed"),
    [
        ("!GetAtt Queue.Arn", "", [(("sqs:SendMessage",), f"{P}:sqs:{HERE}:${{Queue}}")]),
        ("'arn:aws:scheduler:::aws-sdk:sqs:sendMessage'",
         ", Input: !Sub '{\"QueueUrl\": \"${Queue}\", \"MessageBody\": \"hi\"}'",
         [(("sqs:SendMessage",), f"{P}:sqs:{HERE}:${{Queue}}")]),
        ("'arn:aws:scheduler:::aws-sdk:ec2:describeInstances'", "", [(("ec2:DescribeInstances",), "*")]),
        ("'arn:aws:scheduler:::aws-sdk:lambda:updateFunctionCode'", ", Input: '{\"FunctionName\": \"orders\"}'",
         [(("lambda:UpdateFunctionCode",), f"{P}:lambda:{HERE}:function:orders")]),
    ],
)  # fmt: skip
def test_other_targets_are_needs_of_the_role(read: Read, arn: str, more: str, needed: list[Any]) -> None:
    """A universal target needs the action of the API it calls.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
    """
    facts = schedule(read, f"Arn: {arn}, RoleArn: !GetAtt Role.Arn{more}")
    (use,) = of(facts, RoleUse)
    assert [(need.actions, need.resource_arn) for need in use.required] == needed
    assert use.exact


def test_a_universal_target_may_run_a_function(read: Read) -> None:
    """`aws-sdk:lambda:invoke` is a trigger like any other."""
    arn = "'arn:aws:scheduler:::aws-sdk:lambda:invoke'"
    more = ', Input: !Sub \'{"FunctionName": "${Fn}"}\''
    facts = schedule(read, f"Arn: {arn}, RoleArn: !GetAtt Role.Arn{more}")
    assert [trigger.function_arn for trigger in of(facts, Trigger)] == [FN]


def test_failed_events_are_sent_with_the_same_role(read: Read) -> None:
    """The dead-letter queue needs `sqs:SendMessage` of the schedule's role.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
    """
    facts = schedule(read, "Arn: !GetAtt Fn.Arn, RoleArn: !GetAtt Role.Arn, DeadLetterConfig: {Arn: !GetAtt Queue.Arn}")
    (delivery,) = of(facts, Delivery)
    assert (delivery.event, delivery.role_arn) == ("dead-letter-queue", ROLE)
    assert [need.actions for use in of(facts, RoleUse) for need in use.required] == [("sqs:SendMessage",)]


@pytest.mark.parametrize("arn", ["'arn:aws:scheduler:::aws-sdk:nonsense:go'", "'${Nothing}'"])
def test_a_target_that_is_not_understood_is_unknown(read: Read, arn: str) -> None:
    """An unknown API or value is said, and the role use is not exact."""
    facts = schedule(read, f"Arn: {arn}, RoleArn: !GetAtt Role.Arn")
    assert of(facts, Unknown)
    assert [use.exact for use in of(facts, RoleUse)] == [False]
