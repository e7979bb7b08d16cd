"""EventBridge Pipes."""

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
PIPE = f"{P}:pipes:{HERE}:pipe/p"
WORLD = """
Parameters: {Cluster: {Type: String}}
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.13}}
  Role: {Type: AWS::IAM::Role, Properties: {Path: /}}
  Queue: {Type: AWS::SQS::Queue}
  Stream: {Type: AWS::Kinesis::Stream}
  Machine: {Type: AWS::StepFunctions::StateMachine, Properties: {RoleArn: !GetAtt Role.Arn}}
  Table: {Type: AWS::DynamoDB::Table, Properties: {StreamSpecification: {StreamViewType: KEYS_ONLY}}}
"""


def pipe(read: Read, properties: str) -> list[AnyFact]:
    """The facts of one pipe."""
    return read(
        f"{WORLD}  Pipe: {{Type: AWS::Pipes::Pipe, Properties: {{Name: p, RoleArn: !GetAtt Role.Arn, {properties}}}}}\n"
    )


def of(facts: list[AnyFact], kind: type) -> list[Any]:
    """The facts of one kind that the pipe gave."""
    return [fact for fact in facts if isinstance(fact, kind) and fact.logical_id == "Pipe"]


def test_functions_are_called_with_the_pipes_role(read: Read) -> None:
    """Enrichment and target alike.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-permissions.html
    """
    facts = pipe(read, "Source: !GetAtt Queue.Arn, Enrichment: !GetAtt Fn.Arn, Target: !GetAtt Fn.Arn")
    assert [(found.event, found.mechanism, found.function_arn, found.role_arn) for found in of(facts, Trigger)] == [
        ("pipe-enrichment", Mechanism.SERVICE_ROLE, FN, ROLE),
        ("pipe-target", Mechanism.SERVICE_ROLE, FN, ROLE),
    ]
    (delivery,) = of(facts, Delivery)
    assert (delivery.sender_id, delivery.target_arn, delivery.event) == (
        f"{P}:sqs:{HERE}:${{Queue}}",
        PIPE,
        "pipe-source",
    )


@pytest.mark.parametrize(
    ("source", "sender", "action"),
    [
        ("!GetAtt Queue.Arn", f"{P}:sqs:{HERE}:${{Queue}}", "sqs:ReceiveMessage"),
        ("!GetAtt Stream.Arn", f"{P}:kinesis:{HERE}:stream/${{Stream}}", "kinesis:GetRecords"),
        ("!GetAtt Table.StreamArn", f"{P}:dynamodb:{HERE}:table/${{Table}}", "dynamodb:GetRecords"),
        ("'arn:aws:mq:eu-west-1:111122223333:broker:b:b-1'", "arn:aws:mq:eu-west-1:111122223333:broker:b:b-1",
         "mq:DescribeBroker"),
        ("!Ref Cluster, SourceParameters: {ManagedStreamingKafkaParameters: {TopicName: t}}", "${Param::Cluster}",
         "kafka:DescribeClusterV2"),
    ],
)  # fmt: skip
def test_a_source_is_read_with_the_same_role(read: Read, source: str, sender: str, action: str) -> None:
    """The sender is the queue, stream or table itself, so that chains can be followed through it."""
    facts = pipe(read, f"Target: !GetAtt Fn.Arn, Source: {source}")
    (delivery,) = of(facts, Delivery)
    assert (delivery.sender_id, delivery.role_arn) == (sender, ROLE)
    (use,) = of(facts, RoleUse)
    assert action in {action for need in use.required for action in need.actions}
    assert use.exact


@pytest.mark.parametrize(
    ("properties", "action"),
    [
        ("Target: !GetAtt Machine.Arn", "states:StartExecution"),
        (("Target: !GetAtt Machine.Arn, TargetParameters: {StepFunctionStateMachineParameters: "
         "{InvocationType: REQUEST_RESPONSE}}"), "states:StartSyncExecution"),
        ("Target: !GetAtt Queue.Arn, Enrichment: !GetAtt Machine.Arn", "states:StartSyncExecution"),
        ("Target: !GetAtt Stream.Arn", "kinesis:PutRecords"),
    ],
)  # fmt: skip
def test_a_target_is_a_need_and_a_delivery(read: Read, properties: str, action: str) -> None:
    """Pipes wait for enrichments, and write to streams in batches."""
    facts = pipe(read, f"Source: !GetAtt Queue.Arn, {properties}")
    assert action in {action for use in of(facts, RoleUse) for need in use.required for action in need.actions}
    assert any(delivery.sender_id == PIPE for delivery in of(facts, Delivery))


def test_failed_events_and_logs_are_needs_of_the_role(read: Read) -> None:
    """A dead-letter queue and a log destination are written with the pipe's role."""
    facts = pipe(
        read,
        "Source: !GetAtt Stream.Arn, Target: !GetAtt Fn.Arn, SourceParameters: {KinesisStreamParameters: "
        "{DeadLetterConfig: {Arn: !GetAtt Queue.Arn}}}, LogConfiguration: {S3LogDestination: {BucketName: b}}",
    )
    found = {action for use in of(facts, RoleUse) for need in use.required for action in need.actions}
    assert {"sqs:SendMessage", "s3:PutObject"} <= found


def test_a_source_only_a_deployment_tells_is_unknown(read: Read) -> None:
    """Nothing says what it is."""
    facts = pipe(read, "Source: !Ref Cluster, Target: !GetAtt Fn.Arn, DesiredState: STOPPED")
    assert [unknown.kind for unknown in of(facts, Unknown)] == ["target"]
    assert [
        (trigger.enabled, use.exact) for trigger, use in zip(of(facts, Trigger), of(facts, RoleUse), strict=True)
    ] == [(False, False)]
