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


GUESTS = """
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
            Statement: [{Effect: Allow, Action: ACTION, Resource: TARGET}]
  Roles:
    Type: AWS::Cognito::IdentityPoolRoleAttachment
    Properties: {IdentityPoolId: !Ref Pool, Roles: {unauthenticated: !GetAtt Guest.Arn}}
"""


def test_guests_of_an_identity_pool_are_the_public(audit_text: Any) -> None:
    """Everybody gets the unauthenticated role: https://docs.aws.amazon.com/cognito/latest/developerguide/identity-pools.html."""
    text = _world(
        GUESTS.replace("ACTION", "lambda:InvokeFunction").replace("TARGET", "!GetAtt Worker.Arn"), _fn("Worker", ADMIN)
    )
    (finding,) = audit_text(text.replace("ALLOWED", "true"))["public-to-admin"]
    assert "guests of `Pool` get `Guest`" in finding.message
    assert "public-to-admin" not in audit_text(text.replace("ALLOWED", "false"))


WIDE = "Policies: [{Statement: [{Effect: Allow, Action: 'sqs:*', Resource: '*'}]}]"
ROUTE_TO_QUEUE = """
  Api: {Type: AWS::ApiGatewayV2::Api, Properties: {Name: a, ProtocolType: HTTP}}
  ToJobs:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref Api
      IntegrationType: AWS_PROXY
      IntegrationSubtype: SQS-SendMessage
      CredentialsArn: !GetAtt Sender.Arn
      PayloadFormatVersion: "1.0"
      RequestParameters: {QueueUrl: !Ref Jobs, MessageBody: $request.body}
  Route: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Api, RouteKey: POST /jobs, AUTH
    Target: !Sub "integrations/${ToJobs}"}}
  Sender:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: apigateway.amazonaws.com}, Action: sts:AssumeRole}]
      Policies:
        - PolicyName: own
          PolicyDocument:
            Version: "2012-10-17"
            Statement: [{Effect: Allow, Action: sqs:SendMessage, Resource: !GetAtt Jobs.Arn}]
"""


@pytest.mark.parametrize(("auth", "severity"), [("", "high"), ("AuthorizationType: AWS_IAM,", "medium")])
def test_what_a_route_puts_into_a_queue_reaches_the_function_behind_it(
    audit_text: Any, auth: str, severity: str
) -> None:
    """No code decides between the caller and the function, so what the function may do is exposed."""
    text = _world(ROUTE_TO_QUEUE.replace("AUTH", auth), QUEUE, _fn("Worker", WIDE, POLL))
    (finding,) = audit_text(text)["service-wildcard"]
    assert finding.severity == severity
    if not auth:
        assert finding.adjusted == "raised from medium: the public can call `POST /jobs`, which goes on over `Jobs`"


def test_a_function_between_decides_what_goes_on(audit_text: Any) -> None:
    """What code sends to a queue is not what the public sent to the code."""
    text = _world(_fn("Front", URL, SEND), QUEUE, _fn("Worker", WIDE, POLL))
    assert [finding.severity for finding in audit_text(text)["service-wildcard"]] == ["medium"]


FIELD = """
  Graph: {Type: AWS::AppSync::GraphQLApi, Properties: {Name: a, AuthenticationType: AWS_IAM}}
  Source: {Type: AWS::AppSync::DataSource, Properties: {ApiId: !GetAtt Graph.ApiId, Name: fn, Type: AWS_LAMBDA,
    ServiceRoleArn: !GetAtt Caller.Arn, LambdaConfig: {LambdaFunctionArn: !GetAtt Worker.Arn}}}
  Orders: {Type: AWS::AppSync::Resolver, Properties: {ApiId: !GetAtt Graph.ApiId, TypeName: Query, FieldName: orders,
    DataSourceName: !GetAtt Source.Name}}
  Caller:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: appsync.amazonaws.com}, Action: sts:AssumeRole}]
      Policies:
        - PolicyName: own
          PolicyDocument:
            Version: "2012-10-17"
            Statement: [{Effect: Allow, Action: lambda:InvokeFunction, Resource: !GetAtt Worker.Arn}]
"""


def test_a_field_that_guests_may_ask_for_leads_to_the_function_behind_its_data_source(audit_text: Any) -> None:
    """The unauthenticated role signs the request, the data source hands it on as it is."""
    everything = '!Sub "${Graph.Arn}/*"'
    guests = GUESTS.replace("ALLOWED", "true").replace("ACTION", "appsync:GraphQL").replace("TARGET", everything)
    (finding,) = audit_text(_world(guests, FIELD, _fn("Worker", WIDE)))["service-wildcard"]
    assert finding.severity == "high"
    assert "guests of `Pool` get `Guest`" in finding.adjusted
