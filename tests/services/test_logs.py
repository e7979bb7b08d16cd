"""CloudWatch Logs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from permscope.inventory.facts import AnyFact, Delivery, Mechanism, ResourcePolicy, RoleUse, Trigger

Read = Callable[..., list[AnyFact]]
HERE = "${AWS::Region}:${AWS::AccountId}"
P = "arn:${AWS::Partition}"
FN = f"{P}:lambda:{HERE}:function:${{Fn}}"
WORLD = """
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.13}}
  Role: {Type: AWS::IAM::Role, Properties: {Path: /}}
  Stream: {Type: AWS::Kinesis::Stream}
  Group: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /app}}
"""


def of(facts: list[AnyFact], kind: type, logical_id: str = "X") -> list[Any]:
    """The facts of one kind that one resource gave."""
    return [fact for fact in facts if isinstance(fact, kind) and fact.logical_id == logical_id]


@pytest.mark.parametrize("group", ["!Ref Group", "/app"])
def test_a_subscribed_function_must_let_the_log_group_in(read: Read, group: str) -> None:
    """The source ARN ends in `:*`, the log group's own does not.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html#LambdaFunctionExample
    """
    text = (
        f"{WORLD}  X: {{Type: AWS::Logs::SubscriptionFilter, "
        f"Properties: {{LogGroupName: {group}, FilterPattern: '', DestinationArn: !GetAtt Fn.Arn}}}}\n"
    )
    (trigger,) = of(read(text), Trigger)
    assert (trigger.function_arn, trigger.mechanism) == (FN, Mechanism.RESOURCE_POLICY)
    assert (trigger.service, trigger.source_arn) == ("logs.amazonaws.com", f"{P}:logs:{HERE}:log-group:/app:*")
    assert trigger.source_id == f"{P}:logs:{HERE}:log-group:/app"


def test_a_stream_is_written_with_the_filters_role(read: Read) -> None:
    """Kinesis destinations take a role."""
    facts = read(
        f"{WORLD}  X: {{Type: AWS::Logs::SubscriptionFilter, Properties: {{LogGroupName: !Ref Group, "
        "FilterPattern: '', DestinationArn: !GetAtt Stream.Arn, RoleArn: !GetAtt Role.Arn}}\n"
    )
    (use,) = of(facts, RoleUse)
    assert [need.actions for need in use.required] == [("kinesis:PutRecord",)]
    (delivery,) = of(facts, Delivery)
    assert (delivery.sender_id, delivery.role_arn) == (f"{P}:logs:{HERE}:log-group:/app", use.role_arn)


def test_an_account_policy_subscribes_every_log_group(read: Read) -> None:
    """`SUBSCRIPTION_FILTER_POLICY` holds a JSON document.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters-AccountLevel.html
    """
    facts = read(
        f"{WORLD}  X: {{Type: AWS::Logs::AccountPolicy, Properties: {{PolicyName: p, "
        "PolicyType: SUBSCRIPTION_FILTER_POLICY, "
        'PolicyDocument: !Sub \'{"DestinationArn": "${Fn.Arn}", "FilterPattern": ""}\'}}\n'
    )
    (trigger,) = of(facts, Trigger)
    assert (trigger.function_arn, trigger.source_arn) == (FN, f"{P}:logs:{HERE}:log-group:*:*")


def test_a_destination_has_a_policy_and_a_role(read: Read) -> None:
    """Other accounts write through it to the stream."""
    policy = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", '
        '"Action": "logs:PutSubscriptionFilter", "Resource": "*"}]}'
    )
    facts = read(
        f"{WORLD}  X: {{Type: AWS::Logs::Destination, Properties: {{DestinationName: d, TargetArn: !GetAtt Stream.Arn, "
        f"RoleArn: !GetAtt Role.Arn, DestinationPolicy: '{policy}'}}}}\n"
    )
    assert [found.resource_arn for found in of(facts, ResourcePolicy)] == [f"{P}:logs:{HERE}:destination:d"]
    assert [need.actions for use in of(facts, RoleUse) for need in use.required] == [("kinesis:PutRecord",)]


def test_an_account_policy_document_protects_what_it_names(read: Read) -> None:
    """`AWS::Logs::ResourcePolicy` is JSON text."""
    arn = "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/events/*:*"
    policy = (
        '{"Statement": [{"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, '
        f'"Action": "logs:PutLogEvents", "Resource": "{arn}"}}]}}'
    )
    properties = f"{{PolicyName: p, PolicyDocument: '{policy}'}}"
    facts = read(f"Resources:\n  X: {{Type: AWS::Logs::ResourcePolicy, Properties: {properties}}}\n")
    assert [found.resource_arn for found in of(facts, ResourcePolicy)] == [arn]


def test_a_policy_that_the_cdk_puts_by_a_function_of_its_own_is_a_policy(read: Read) -> None:
    """The call is in the text of the custom resource; any other call is none.

    https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_events_targets.CloudWatchLogGroup.html
    """
    statement = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "logs:PutLogEvents"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [{**statement, "Resource": "${Group.Arn}"}]})
    parameters = {"policyName": "p", "policyDocument": document}
    call = {"service": "CloudWatchLogs", "action": "putResourcePolicy", "parameters": parameters}
    other = {**call, "action": "deleteResourcePolicy"}
    text = WORLD + "".join(
        f"  {name}: {{Type: Custom::CloudwatchLogResourcePolicy, Properties: {{ServiceToken: !GetAtt Fn.Arn, "
        f"Create: !Sub {json.dumps(json.dumps(each))}}}}}\n"
        for name, each in (("X", call), ("Y", other), ("Z", "x"))
    )
    (policy,) = [fact for fact in read(text) if isinstance(fact, ResourcePolicy)]
    assert (policy.resource_arn, policy.logical_id) == (f"{P}:logs:{HERE}:log-group:/app:*", "X")
    assert [principal.value for principal in policy.policy.statements[0].principals or ()] == ["events.amazonaws.com"]
