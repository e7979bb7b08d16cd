"""IoT Core."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from permscope.inventory.facts import AnyFact, Delivery, Mechanism, Resource, RoleUse, Trigger

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
  Queue: {Type: AWS::SQS::Queue}
"""


def facts_of(read: Read, resource: str, kind: type) -> list[Any]:
    """The facts of one kind that one resource gives."""
    return [fact for fact in read(f"{WORLD}  X: {resource}\n") if isinstance(fact, kind) and fact.logical_id == "X"]


def rule(action: str, more: str = "") -> str:
    """A topic rule with one action."""
    return (
        "{Type: AWS::IoT::TopicRule, Properties: {RuleName: r, TopicRulePayload: "
        f"{{Sql: query, Actions: [{action}]{more}}}}}}}"
    )


def test_a_function_must_let_the_rule_in(read: Read) -> None:
    """https://docs.aws.amazon.com/iot/latest/developerguide/lambda-rule-action.html ."""
    (trigger,) = facts_of(read, rule("{Lambda: {FunctionArn: !GetAtt Fn.Arn}}", ", RuleDisabled: true"), Trigger)
    assert (trigger.function_arn, trigger.mechanism) == (FN, Mechanism.RESOURCE_POLICY)
    assert (trigger.source_arn, trigger.enabled) == (f"{P}:iot:{HERE}:rule/r", False)


def test_an_error_action_is_an_action(read: Read) -> None:
    """It runs when another action fails."""
    resource = rule(
        "{Republish: {Topic: a/b, RoleArn: !GetAtt Role.Arn}}", ", ErrorAction: {Lambda: {FunctionArn: !GetAtt Fn.Arn}}"
    )
    assert [trigger.function_arn for trigger in facts_of(read, resource, Trigger)] == [FN]


@pytest.mark.parametrize(
    ("action", "needed"),
    [
        ("{DynamoDB: {TableName: t, ROLE}}", ("dynamodb:PutItem", f"{P}:dynamodb:{HERE}:table/t")),
        ("{DynamoDBv2: {PutItem: {TableName: t}, ROLE}}", ("dynamodb:PutItem", f"{P}:dynamodb:{HERE}:table/t")),
        ("{Kinesis: {StreamName: s, ROLE}}", ("kinesis:PutRecord", f"{P}:kinesis:{HERE}:stream/s")),
        ("{Firehose: {DeliveryStreamName: d, ROLE}}", ("firehose:PutRecord", f"{P}:firehose:{HERE}:deliverystream/d")),
        ("{Sns: {TargetArn: !Ref Topic, ROLE}}", ("sns:Publish", f"{P}:sns:{HERE}:${{Topic}}")),
        ("{Sqs: {QueueUrl: !Ref Queue, ROLE}}", ("sqs:SendMessage", f"{P}:sqs:{HERE}:${{Queue}}")),
        ("{S3: {BucketName: b, Key: k, ROLE}}", ("s3:PutObject", f"{P}:s3:::b/*")),
        ("{Republish: {Topic: a/b, ROLE}}", ("iot:Publish", f"{P}:iot:{HERE}:topic/a/b")),
        ("{StepFunctions: {StateMachineName: m, ROLE}}",
         ("states:StartExecution", f"{P}:states:{HERE}:stateMachine:m")),
        ("{CloudwatchLogs: {LogGroupName: /g, ROLE}}", ("logs:PutLogEvents", f"{P}:logs:{HERE}:log-group:/g:*")),
        ("{CloudwatchMetric: {MetricName: m, ROLE}}", ("cloudwatch:PutMetricData", "*")),
        ("{Timestream: {DatabaseName: d, TableName: t, ROLE}}",
         ("timestream:WriteRecords", f"{P}:timestream:{HERE}:database/d/table/t")),
    ],
)  # fmt: skip
def test_every_other_action_has_a_role(read: Read, action: str, needed: tuple[str, str]) -> None:
    """https://docs.aws.amazon.com/iot/latest/developerguide/iot-rule-actions.html says what each needs."""
    (use,) = facts_of(read, rule(action.replace("ROLE", "RoleArn: !GetAtt Role.Arn")), RoleUse)
    assert (use.role_arn, use.service, use.exact) == (ROLE, "iot.amazonaws.com", True)
    assert needed in {(one, need.resource_arn) for need in use.required for one in need.actions}


@pytest.mark.parametrize(
    ("action", "target"),
    [
        ("{DynamoDB: {TableName: t, ROLE}}", f"{P}:dynamodb:{HERE}:table/t"),
        ("{S3: {BucketName: b, Key: k, ROLE}}", f"{P}:s3:::b"),
        ("{CloudwatchLogs: {LogGroupName: g, ROLE}}", f"{P}:logs:{HERE}:log-group:g"),
        ("{Sqs: {QueueUrl: !Ref Queue, ROLE}}", f"{P}:sqs:{HERE}:${{Queue}}"),
        ("{CloudwatchMetric: {MetricName: m, ROLE}}", None),
        ("{Republish: {Topic: 'out/${topic(3)}', ROLE}}", None),
    ],
)
def test_an_action_delivers_to_what_it_names(read: Read, action: str, target: str | None) -> None:
    """A topic that is made of the message may be any (iot-rule-actions.html, iot-substitution-templates.html)."""
    resource = rule(action.replace("ROLE", "RoleArn: !GetAtt Role.Arn"))
    found = facts_of(read, resource, Delivery)
    assert [(one.target_arn, one.role_arn, one.event) for one in found] == (
        [(target, ROLE, "iot-rule")] if target else []
    )


@pytest.mark.parametrize(
    ("resource", "source"),
    [
        ("{Type: AWS::IoT::Authorizer, Properties: {AuthorizerName: a, AuthorizerFunctionArn: !GetAtt Fn.Arn}}",
         f"{P}:iot:{HERE}:authorizer/a"),
        (("{Type: AWS::IoT::ProvisioningTemplate, Properties: {TemplateName: p, TemplateBody: '{}', "
         "ProvisioningRoleArn: !GetAtt Role.Arn, PreProvisioningHook: {TargetArn: !GetAtt Fn.Arn}}}"),
         f"{P}:iot:{HERE}:provisioningtemplate/p"),
    ],
)  # fmt: skip
def test_authorizers_and_hooks_are_triggers(read: Read, resource: str, source: str) -> None:
    """Both are called with their own ARN as source."""
    assert [(found.function_arn, found.source_arn) for found in facts_of(read, resource, Trigger)] == [(FN, source)]


def test_the_allowed_part_of_a_device_policy_is_kept(read: Read) -> None:
    """It is no IAM policy, but rules can look at what it allows."""
    resource = (
        "{Type: AWS::IoT::Policy, Properties: {PolicyDocument: {Version: '2012-10-17', "
        "Statement: [{Effect: Allow, Action: 'iot:*', Resource: '*'}]}}}"
    )
    (found,) = facts_of(read, resource, Resource)
    assert (found.attributes["allowed_actions"], found.attributes["allowed_resources"]) == (("iot:*",), ("*",))
