"""CodePipeline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from permscope.inventory.facts import AnyFact, Mechanism, RoleUse, Trigger

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


PIPELINE = (
    "{Type: AWS::CodePipeline::Pipeline, Properties: {RoleArn: !GetAtt Role.Arn, "
    "ArtifactStore: {Type: S3, Location: artifacts}, Stages: [{Name: s, Actions: [ACTION]}]}}"
)


def action(category: str, provider: str, configuration: str, more: str = "") -> str:
    """A pipeline with one action."""
    one = (
        f"{{Name: a, ActionTypeId: {{Category: {category}, Owner: AWS, Provider: {provider}, Version: '1'}}, "
        f"Configuration: {configuration}{more}}}"
    )
    return PIPELINE.replace("ACTION", one)


def test_an_invoke_action_runs_a_function_with_the_pipelines_role(read: Read) -> None:
    """The function is given by name.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/actions-invoke-lambda-function.html
    """
    (trigger,) = facts_of(read, action("Invoke", "Lambda", "{FunctionName: !Ref Fn}"), Trigger)
    assert (trigger.function_arn, trigger.role_arn, trigger.mechanism) == (FN, ROLE, Mechanism.SERVICE_ROLE)


def test_an_action_may_have_a_role_of_its_own(read: Read) -> None:
    """The pipeline's role must be allowed to assume it."""
    other = "arn:aws:iam::111122223333:role/other"
    resource = action("Invoke", "Lambda", "{FunctionName: !Ref Fn}", f", RoleArn: '{other}'")
    assert [(trigger.role_arn, trigger.service) for trigger in facts_of(read, resource, Trigger)] == [(other, ROLE)]
    uses = {use.role_arn: use for use in facts_of(read, resource, RoleUse)}
    assert uses[other].service == ROLE
    assert (("sts:AssumeRole",), other) in [(need.actions, need.resource_arn) for need in uses[ROLE].required]


@pytest.mark.parametrize(
    ("category", "provider", "configuration", "needed"),
    [
        ("Build", "CodeBuild", "{ProjectName: build}", ("codebuild:StartBuild", f"{P}:codebuild:{HERE}:project/build")),
        ("Source", "CodeCommit", "{RepositoryName: code}", ("codecommit:GetCommit", f"{P}:codecommit:{HERE}:code")),
        ("Deploy", "CloudFormation", "{StackName: app, ActionMode: CREATE_UPDATE, RoleArn: 'arn:aws:iam::1:role/d'}",
         ("iam:PassRole", "arn:aws:iam::1:role/d")),
        ("Build", "CodeBuild", "{ProjectName: build}", ("s3:PutObject", f"{P}:s3:::artifacts/*")),
    ],
)  # fmt: skip
def test_an_action_is_a_need_of_the_pipelines_role(
    read: Read, category: str, provider: str, configuration: str, needed: tuple[str, str]
) -> None:
    """https://docs.aws.amazon.com/codepipeline/latest/userguide/how-to-custom-role.html lists the actions."""
    uses = facts_of(read, action(category, provider, configuration), RoleUse)
    found = {
        (one, need.resource_arn)
        for use in uses
        if use.role_arn == ROLE
        for need in use.required
        for one in need.actions
    }
    assert needed in found
