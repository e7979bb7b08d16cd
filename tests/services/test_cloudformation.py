"""Custom resources, macros, hooks, stack sets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from permscope.inventory.facts import AnyFact, Delivery, Mechanism, RoleUse, Trigger, Unknown

Read = Callable[..., list[AnyFact]]
HERE = "${AWS::Region}:${AWS::AccountId}"
P = "arn:${AWS::Partition}"
FN = f"{P}:lambda:{HERE}:function:${{Fn}}"
WORLD = """
Parameters: {Token: {Type: String}}
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.13}}
  Role: {Type: AWS::IAM::Role, Properties: {Path: /}}
  Topic: {Type: AWS::SNS::Topic}
"""


def facts_of(read: Read, resource: str, kind: type) -> list[Any]:
    """The facts of one kind that one resource gives."""
    return [fact for fact in read(f"{WORLD}  X: {resource}\n") if isinstance(fact, kind) and fact.logical_id == "X"]


@pytest.mark.parametrize("type_name", ["Custom::Seed", "Custom::A_b@c-1", "AWS::CloudFormation::CustomResource"])
def test_a_custom_resource_runs_its_function_as_the_caller(read: Read, type_name: str) -> None:
    """CloudFormation calls the function with the permissions of the stack's role or the deployer."""
    (trigger,) = facts_of(read, f"{{Type: '{type_name}', Properties: {{ServiceToken: !GetAtt Fn.Arn}}}}", Trigger)
    assert (trigger.function_arn, trigger.mechanism) == (FN, Mechanism.CALLER)
    assert (trigger.event, trigger.service) == ("custom-resource", "cloudformation.amazonaws.com")


def test_a_custom_resource_may_tell_a_topic(read: Read) -> None:
    """`ServiceToken` is a function or a topic."""
    (delivery,) = facts_of(read, "{Type: Custom::Seed, Properties: {ServiceToken: !Ref Topic}}", Delivery)
    assert delivery.target_arn == f"{P}:sns:{HERE}:${{Topic}}"


def test_a_token_nobody_gave_is_unknown(read: Read) -> None:
    """A parameter may be any function of any account."""
    found = facts_of(read, "{Type: Custom::Seed, Properties: {ServiceToken: !Ref Token}}", Unknown)
    assert [unknown.kind for unknown in found] == ["target"]


@pytest.mark.parametrize("name", ["!Ref Fn", "!GetAtt Fn.Arn"])
def test_a_macro_runs_its_function(read: Read, name: str) -> None:
    """`FunctionName` is a name or an ARN."""
    resource = f"{{Type: AWS::CloudFormation::Macro, Properties: {{Name: m, FunctionName: {name}}}}}"
    assert [found.function_arn for found in facts_of(read, resource, Trigger)] == [FN]


def test_a_hook_asks_a_function_with_its_role(read: Read) -> None:
    """https://docs.aws.amazon.com/cloudformation-cli/latest/hooks-userguide/lambda-hooks.html gives the actions."""
    resource = (
        "{Type: AWS::CloudFormation::LambdaHook, Properties: "
        "{LambdaFunction: !GetAtt Fn.Arn, ExecutionRole: !GetAtt Role.Arn}}"
    )
    (trigger,) = facts_of(read, resource, Trigger)
    assert (trigger.mechanism, trigger.service) == (Mechanism.SERVICE_ROLE, "hooks.cloudformation.amazonaws.com")
    assert [need.actions for need in trigger.required] == [("lambda:GetFunction", "lambda:InvokeFunction")]


def test_a_stack_set_assumes_a_role_in_every_account(read: Read) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-prereqs-self-managed.html ."""
    resource = (
        "{Type: AWS::CloudFormation::StackSet, Properties: "
        "{StackSetName: s, PermissionModel: SELF_MANAGED, AdministrationRoleARN: !GetAtt Role.Arn}}"
    )
    (use,) = facts_of(read, resource, RoleUse)
    assert [need.resource_arn for need in use.required] == [f"{P}:iam::*:role/AWSCloudFormationStackSetExecutionRole"]
