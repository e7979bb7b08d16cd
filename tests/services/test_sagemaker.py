"""SageMaker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from permscope.inventory.facts import AnyFact, RoleUse, Trigger

Read = Callable[..., list[AnyFact]]
HERE = "${AWS::Region}:${AWS::AccountId}"
P = "arn:${AWS::Partition}"
FN = f"{P}:lambda:{HERE}:function:${{Fn}}"
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
    "resource",
    [
        "{Type: AWS::SageMaker::NotebookInstance, Properties: {InstanceType: ml.t3.medium, RoleArn: !GetAtt Role.Arn}}",
        "{Type: AWS::SageMaker::Model, Properties: {ExecutionRoleArn: !GetAtt Role.Arn}}",
        "{Type: AWS::SageMaker::Domain, Properties: {DefaultUserSettings: {ExecutionRole: !GetAtt Role.Arn}}}",
    ],
)
def test_what_runs_code_may_do_what_its_role_allows(read: Read, resource: str) -> None:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html ."""
    found = [(use.role_arn, use.service, use.exact) for use in facts_of(read, resource, RoleUse)]
    assert found == [(ROLE, "sagemaker.amazonaws.com", False)]


def test_a_pipeline_step_may_be_a_function(read: Read) -> None:
    """The pipeline's definition is JSON text."""
    body = '{"Steps": [{"Name": "s", "Type": "Lambda", "FunctionArn": "${Fn.Arn}"}]}'
    resource = (
        "{Type: AWS::SageMaker::Pipeline, Properties: {PipelineName: p, RoleArn: !GetAtt Role.Arn, "
        f"PipelineDefinition: {{PipelineDefinitionBody: !Sub '{body}'}}}}}}"
    )
    found = [(trigger.function_arn, trigger.role_arn) for trigger in facts_of(read, resource, Trigger)]
    assert found == [(FN, ROLE)]
