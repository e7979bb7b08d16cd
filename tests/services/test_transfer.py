"""Transfer Family."""

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
  Flow:
    Type: AWS::Transfer::Workflow
    Properties: {Steps: [{Type: CUSTOM, CustomStepDetails: {Target: !GetAtt Fn.Arn}}]}
"""


def facts_of(read: Read, resource: str, kind: type) -> list[Any]:
    """The facts of one kind that one resource gives."""
    return [fact for fact in read(f"{WORLD}  X: {resource}\n") if isinstance(fact, kind) and fact.logical_id == "X"]


SERVER = (
    "{Type: AWS::Transfer::Server, Properties: {IdentityProviderType: AWS_LAMBDA, "
    "IdentityProviderDetails: {Function: !GetAtt Fn.Arn}, LoggingRole: !GetAtt Role.Arn, "
    "WorkflowDetails: {OnUpload: [{WorkflowId: !Ref Flow, ExecutionRole: !GetAtt Role.Arn}]}}}"
)


def test_a_login_is_decided_by_a_function(read: Read) -> None:
    """https://docs.aws.amazon.com/transfer/latest/userguide/custom-lambda-idp.html ."""
    (trigger,) = facts_of(read, SERVER, Trigger)
    assert (trigger.function_arn, trigger.mechanism) == (FN, Mechanism.RESOURCE_POLICY)
    assert trigger.service == "transfer.amazonaws.com"


def test_a_workflow_step_is_called_with_the_servers_role(read: Read) -> None:
    """The role stands at the server that runs the workflow."""
    facts = read(f"{WORLD}  X: {SERVER}\n")
    (trigger,) = [fact for fact in facts if isinstance(fact, Trigger) and fact.logical_id == "Flow"]
    assert (trigger.function_arn, trigger.mechanism, trigger.role_arn) == (FN, Mechanism.SERVICE_ROLE, ROLE)


def test_a_users_sessions_have_a_role(read: Read) -> None:
    """What a session does with it is up to the user."""
    resource = "{Type: AWS::Transfer::User, Properties: {ServerId: s-1, UserName: u, Role: !GetAtt Role.Arn}}"
    assert [(use.role_arn, use.exact) for use in facts_of(read, resource, RoleUse)] == [(ROLE, False)]
