"""Canaries."""

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


def test_a_canary_runs_with_its_role(read: Read) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Synthetics_Canaries_Roles.html ."""
    resource = (
        "{Type: AWS::Synthetics::Canary, Properties: {Name: c, ExecutionRoleArn: !GetAtt Role.Arn, "
        "ArtifactS3Location: 's3://artifacts/canary', RuntimeVersion: syn-nodejs-puppeteer-9.1}}"
    )
    (use,) = facts_of(read, resource, RoleUse)
    assert (use.role_arn, use.service, use.exact) == (ROLE, "lambda.amazonaws.com", False)
    assert f"{P}:s3:::artifacts/canary/*" in [need.resource_arn for need in use.required]
