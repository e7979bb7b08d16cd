"""Bedrock AgentCore."""

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
  Gate: {Type: AWS::BedrockAgentCore::Gateway, Properties: {Name: g, RoleArn: !GetAtt Role.Arn}}
"""


def facts_of(read: Read, resource: str, kind: type) -> list[Any]:
    """The facts of one kind that one resource gives."""
    return [fact for fact in read(f"{WORLD}  X: {resource}\n") if isinstance(fact, kind) and fact.logical_id == "X"]


def test_a_gateway_target_is_called_with_the_gateways_role(read: Read) -> None:
    """https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-prerequisites-permissions.html ."""
    resource = (
        "{Type: AWS::BedrockAgentCore::GatewayTarget, Properties: {Name: t, GatewayIdentifier: !Ref Gate, "
        "TargetConfiguration: {Mcp: {Lambda: {LambdaArn: !GetAtt Fn.Arn}}}}}"
    )
    (trigger,) = facts_of(read, resource, Trigger)
    assert (trigger.function_arn, trigger.role_arn, trigger.mechanism) == (FN, ROLE, Mechanism.SERVICE_ROLE)


def test_a_runtime_may_do_what_its_role_allows(read: Read) -> None:
    """Its code decides."""
    resource = "{Type: AWS::BedrockAgentCore::Runtime, Properties: {RoleArn: !GetAtt Role.Arn}}"
    assert [(use.role_arn, use.exact) for use in facts_of(read, resource, RoleUse)] == [(ROLE, False)]
