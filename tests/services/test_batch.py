"""AWS Batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

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


@pytest.mark.parametrize(
    "properties",
    [
        "ContainerProperties: {Image: i, JobRoleArn: !GetAtt Role.Arn}",
        "EcsProperties: {TaskProperties: [{TaskRoleArn: !GetAtt Role.Arn, Containers: [{Image: i}]}]}",
        "NodeProperties: {NodeRangeProperties: [{Container: {Image: i, JobRoleArn: !GetAtt Role.Arn}}]}",
    ],
)
def test_a_job_may_do_what_its_role_allows(read: Read, properties: str) -> None:
    """Wherever the definition names it."""
    resource = f"{{Type: AWS::Batch::JobDefinition, Properties: {{Type: container, {properties}}}}}"
    found = [(use.role_arn, use.service, use.exact) for use in facts_of(read, resource, RoleUse)]
    assert found == [(ROLE, "ecs-tasks.amazonaws.com", False)]


def test_a_role_may_be_given_by_name(read: Read) -> None:
    """`ServiceRole` takes a name or an ARN."""
    resource = "{Type: AWS::Batch::ComputeEnvironment, Properties: {Type: MANAGED, ServiceRole: !Ref Role}}"
    found = [(use.role_arn, use.service) for use in facts_of(read, resource, RoleUse)]
    assert found == [(ROLE, "batch.amazonaws.com")]
