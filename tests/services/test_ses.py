"""SES and Mail Manager."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import AnyFact, Delivery, Mechanism, RoleUse, Trigger

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


def test_received_mail_runs_a_function(read: Read) -> None:
    """https://docs.aws.amazon.com/ses/latest/dg/receiving-email-permissions.html says what SES sends."""
    resource = (
        "{Type: AWS::SES::ReceiptRule, Properties: {RuleSetName: set, Rule: {Name: r, Enabled: true, Actions: ["
        "{LambdaAction: {FunctionArn: !GetAtt Fn.Arn}}, {SNSAction: {TopicArn: !Ref Topic}}, "
        "{S3Action: {BucketName: mail}}]}}}"
    )
    (trigger,) = facts_of(read, resource, Trigger)
    assert (trigger.function_arn, trigger.service, trigger.enabled) == (FN, "ses.amazonaws.com", True)
    assert trigger.source_arn == f"{P}:ses:{HERE}:receipt-rule-set/set:receipt-rule/r"
    targets = [delivery.target_arn for delivery in facts_of(read, resource, Delivery)]
    assert targets == [f"{P}:sns:{HERE}:${{Topic}}", f"{P}:s3:::mail"]


def test_mail_manager_calls_with_a_role(read: Read) -> None:
    """Each action has its own."""
    resource = (
        "{Type: AWS::SES::MailManagerRuleSet, Properties: {Rules: [{Actions: ["
        "{InvokeLambda: {FunctionArn: !GetAtt Fn.Arn, RoleArn: !GetAtt Role.Arn, InvocationType: EVENT}}, "
        "{WriteToS3: {S3Bucket: mail, RoleArn: !GetAtt Role.Arn}}]}]}}"
    )
    (trigger,) = facts_of(read, resource, Trigger)
    assert (trigger.function_arn, trigger.mechanism, trigger.role_arn) == (FN, Mechanism.SERVICE_ROLE, ROLE)
    needs = [need.resource_arn for use in facts_of(read, resource, RoleUse) for need in use.required]
    assert needs == [f"{P}:s3:::mail/*"]
