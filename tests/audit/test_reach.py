"""How far the public gets."""

from __future__ import annotations

from typing import Any

import pytest

FUNCTION = """
  {name}:
    Type: AWS::Serverless::Function
    Properties: {{Runtime: python3.12, Handler: a.b, InlineCode: x, {more}}}
"""
URL = "FunctionUrlConfig: {AuthType: NONE}"
ADMIN = "Policies: [AdministratorAccess]"
SEND = "Policies: [{SQSSendMessagePolicy: {QueueName: !GetAtt Jobs.QueueName}}]"
POLL = "Events: {Jobs: {Type: SQS, Properties: {Queue: !GetAtt Jobs.Arn}}}"
QUEUE = "  Jobs: {Type: AWS::SQS::Queue}\n"
CALL = "Policies: [{Statement: [{Effect: Allow, Action: lambda:InvokeFunction, Resource: TARGET}]}]"


def _world(*parts: str) -> str:
    return "Transform: AWS::Serverless-2016-10-31\nResources:\n" + "".join(parts)


def _fn(name: str, *more: str) -> str:
    return FUNCTION.format(name=name, more=", ".join(more) or "Timeout: 3")


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        ((_fn("Worker", ADMIN, URL),), ("public", "Worker", "WorkerRole")),
        (
            (_fn("Front", URL, SEND), QUEUE, _fn("Worker", ADMIN, POLL)),
            ("public", "Front", "Jobs", "Worker", "WorkerRole"),
        ),
        (
            (_fn("Front", URL, CALL.replace("TARGET", "!GetAtt Worker.Arn")), _fn("Worker", ADMIN)),
            ("public", "Front", "Worker", "WorkerRole"),
        ),
        ((_fn("Front", SEND), QUEUE, _fn("Worker", ADMIN, POLL)), None),
        ((_fn("Front", URL), QUEUE, _fn("Worker", ADMIN, POLL)), None),
        ((_fn("Front", URL, CALL.replace("TARGET", "'*'")), _fn("Worker", ADMIN)), None),
    ],
)
def test_an_administrator_is_found_behind_functions_and_queues(
    audit_text: Any, parts: tuple[str, ...], path: tuple[str, ...] | None
) -> None:
    """Each hop must be allowed and wired; a function that may invoke all leads to none in particular."""
    found = [finding.path for finding in audit_text(_world(*parts)).get("public-to-admin", [])]
    assert found == ([path] if path else [])


def test_a_route_that_starts_a_state_machine_leads_to_its_functions(audit_text: Any) -> None:
    """The message names the door and what lies between."""
    machine = """
  Flow:
    Type: AWS::Serverless::StateMachine
    Properties:
      Definition: {StartAt: A, States: {A: {Type: Task, Resource: !GetAtt Worker.Arn, End: true}}}
      Policies: [{LambdaInvokePolicy: {FunctionName: !Ref Worker}}]
      Events: {Api: {Type: Api, Properties: {Path: /go, Method: post}}}
"""
    (finding,) = audit_text(_world(machine, _fn("Worker", ADMIN)))["public-to-admin"]
    assert "the public can call `POST /go`, which goes on over `Flow`, and `Worker` behind it" in finding.message


def test_guests_of_an_identity_pool_are_the_public(audit_text: Any) -> None:
    """Everybody gets the unauthenticated role: https://docs.aws.amazon.com/cognito/latest/developerguide/identity-pools.html."""
    guests = """
  Pool: {Type: AWS::Cognito::IdentityPool, Properties: {AllowUnauthenticatedIdentities: ALLOWED}}
  Guest:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {Federated: cognito-identity.amazonaws.com}
            Action: sts:AssumeRoleWithWebIdentity
            Condition: {StringEquals: {"cognito-identity.amazonaws.com:aud": !Ref Pool}}
      Policies:
        - PolicyName: own
          PolicyDocument:
            Version: "2012-10-17"
            Statement: [{Effect: Allow, Action: lambda:InvokeFunction, Resource: !GetAtt Worker.Arn}]
  Roles:
    Type: AWS::Cognito::IdentityPoolRoleAttachment
    Properties: {IdentityPoolId: !Ref Pool, Roles: {unauthenticated: !GetAtt Guest.Arn}}
"""
    text = _world(guests, _fn("Worker", ADMIN))
    (finding,) = audit_text(text.replace("ALLOWED", "true"))["public-to-admin"]
    assert "guests of `Pool` get `Guest`" in finding.message
    assert "public-to-admin" not in audit_text(text.replace("ALLOWED", "false"))
