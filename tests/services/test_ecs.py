"""ECS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import AnyFact, RoleUse

Read = Callable[..., list[AnyFact]]
HERE = "${AWS::Region}:${AWS::AccountId}"
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


IMAGE = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/work:1"
SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf"


def test_a_task_has_two_roles(read: Read) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html ."""
    resource = (
        "{Type: AWS::ECS::TaskDefinition, Properties: {Family: f, TaskRoleArn: 'arn:aws:iam::111122223333:role/task', "
        "ExecutionRoleArn: !GetAtt Role.Arn, ContainerDefinitions: [{Name: c, "
        f"Image: '{IMAGE}', LogConfiguration: {{LogDriver: awslogs, Options: {{awslogs-group: /f}}}}, "
        f"Secrets: [{{Name: A, ValueFrom: '{SECRET}:password::'}}, {{Name: B, ValueFrom: /app/key}}]}}]}}}}"
    )
    uses = {use.role_arn: use for use in facts_of(read, resource, RoleUse)}
    assert not uses["arn:aws:iam::111122223333:role/task"].exact
    needs = {(one, need.resource_arn) for need in uses[ROLE].required for one in need.actions}
    assert needs == {
        ("ecr:GetAuthorizationToken", "*"),
        ("ecr:BatchGetImage", f"{P}:ecr:eu-west-1:111122223333:repository/work"),
        ("ecr:GetDownloadUrlForLayer", f"{P}:ecr:eu-west-1:111122223333:repository/work"),
        ("logs:CreateLogStream", f"{P}:logs:{HERE}:log-group:/f:*"),
        ("logs:PutLogEvents", f"{P}:logs:{HERE}:log-group:/f:*"),
        ("secretsmanager:GetSecretValue", SECRET),
        ("ssm:GetParameters", f"{P}:ssm:{HERE}:parameter/app/key"),
    }
