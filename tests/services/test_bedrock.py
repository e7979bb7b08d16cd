"""Bedrock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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


def test_an_agent_calls_the_functions_of_its_action_groups(read: Read) -> None:
    """https://docs.aws.amazon.com/bedrock/latest/userguide/agents-permissions.html#agents-permissions-lambda ."""
    resource = (
        "{Type: AWS::Bedrock::Agent, Properties: {AgentName: a, AgentResourceRoleArn: !GetAtt Role.Arn, "
        "FoundationModel: anthropic.claude-v2, "
        "ActionGroups: [{ActionGroupName: g, ActionGroupExecutor: {Lambda: !GetAtt Fn.Arn}}]}}"
    )
    (trigger,) = facts_of(read, resource, Trigger)
    assert (trigger.function_arn, trigger.service) == (FN, "bedrock.amazonaws.com")
    assert trigger.mechanism is Mechanism.RESOURCE_POLICY
    (use,) = facts_of(read, resource, RoleUse)
    assert [need.resource_arn for need in use.required] == [
        f"{P}:bedrock:${{AWS::Region}}::foundation-model/anthropic.claude-v2"
    ]


def test_a_flow_calls_functions_with_its_role(read: Read) -> None:
    """https://docs.aws.amazon.com/bedrock/latest/userguide/flows-permissions.html ."""
    resource = (
        "{Type: AWS::Bedrock::Flow, Properties: {Name: f, ExecutionRoleArn: !GetAtt Role.Arn, Definition: {Nodes: ["
        "{Name: n, Type: LambdaFunction, Configuration: {LambdaFunction: {LambdaArn: !GetAtt Fn.Arn}}}]}}}"
    )
    found = [(trigger.function_arn, trigger.role_arn) for trigger in facts_of(read, resource, Trigger)]
    assert found == [(FN, ROLE)]


def test_a_permission_alone_shows_an_agent(read: Read) -> None:
    """The agent may be in no template."""
    resource = (
        "{Type: AWS::Lambda::Permission, Properties: {FunctionName: !Ref Fn, Action: 'lambda:InvokeFunction', "
        "Principal: bedrock.amazonaws.com}}"
    )
    assert [trigger.event for trigger in facts_of(read, resource, Trigger)] == ["bedrock-agent"]
