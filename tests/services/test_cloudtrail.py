"""CloudTrail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import AnyFact, RoleUse

Read = Callable[..., list[AnyFact]]
P = "arn:${AWS::Partition}"
ROLE = f"{P}:iam::${{AWS::AccountId}}:role/${{Role}}"
WORLD = """
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.13}}
  Role: {Type: AWS::IAM::Role, Properties: {Path: /}}
"""


def facts_of(read: Read, resource: str, kind: type) -> list[Any]:
    """The facts of one kind that one resource gives."""
    return [fact for fact in read(f"{WORLD}  X: {resource}\n") if isinstance(fact, kind) and fact.logical_id == "X"]


def test_a_trail_writes_logs_with_its_role(read: Read) -> None:
    """The role needs to make streams and put events.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-required-policy-for-cloudwatch-logs.html
    """
    group = "arn:aws:logs:eu-west-1:111122223333:log-group:trail:*"
    resource = (
        "{Type: AWS::CloudTrail::Trail, Properties: {IsLogging: true, S3BucketName: b, "
        f"CloudWatchLogsLogGroupArn: '{group}', CloudWatchLogsRoleArn: !GetAtt Role.Arn}}}}"
    )
    (use,) = facts_of(read, resource, RoleUse)
    assert (use.role_arn, use.service) == (ROLE, "cloudtrail.amazonaws.com")
    assert [(need.actions, need.resource_arn) for need in use.required] == [
        (("logs:CreateLogStream", "logs:PutLogEvents"), group)
    ]
