"""Doors: what API routes and function URLs ask of their callers."""

from __future__ import annotations

from typing import Any

import pytest

from permscope.graph.model import Decision, EdgeKind, NodeKind

URL = "  Url: {Type: AWS::Lambda::Url, Properties: {AuthType: NONE, TargetFunctionArn: !Ref Fn}}\n"
FOR_URL = """\
  ForUrl:
    Type: AWS::Lambda::Permission
    Properties:
      {Action: lambda:InvokeFunctionUrl, FunctionName: !Ref Fn, Principal: '*', FunctionUrlAuthType: NONE}
"""
FOR_INVOKE = """\
  ForInvoke:
    Type: AWS::Lambda::Permission
    Properties:
      {Action: lambda:InvokeFunction, FunctionName: !Ref Fn, Principal: '*', InvokedViaFunctionUrl: true}
"""


@pytest.mark.parametrize(
    ("permissions", "authorized"),
    [((FOR_URL, FOR_INVOKE), True), ((FOR_URL,), False), ((FOR_INVOKE,), False), ((), False)],
)
def test_a_url_that_asks_for_nothing_takes_two_actions(
    world: Any, function: Any, permissions: tuple[str, ...], authorized: bool
) -> None:
    """Both actions must be open to everyone (https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html)."""
    made = world(function(), URL, *permissions)
    route = made.edge(EdgeKind.TRIGGERS)
    assert route.authorized is authorized
    assert made.graph.nodes[route.source].kind is NodeKind.ROUTE
    assert made.edge(EdgeKind.CAN_INVOKE, "public", "URL of Fn").decision is Decision.ALLOW


def test_a_url_that_asks_for_iam_is_open_to_those_whom_policies_name(world: Any, function: Any) -> None:
    """Same account: an identity policy is enough."""
    caller = function("Caller", "{Effect: Allow, Action: 'lambda:InvokeFunctionUrl', Resource: !GetAtt Fn.Arn}")
    made = world(function(), caller, URL.replace("NONE", "AWS_IAM"))
    assert made.edges(EdgeKind.CAN_INVOKE, "public") == []
    assert made.edge(EdgeKind.CAN_INVOKE, "CallerRole", "URL of Fn").decision is Decision.ALLOW
    assert made.edge(EdgeKind.TRIGGERS).authorized is True


API = """\
  Api:
    Type: AWS::Serverless::{kind}
    Properties: {{StageName: prod{properties}}}
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: a.b
      InlineCode: x
      Events: {{Get: {{Type: {event}, Properties: {{Path: /orders, Method: GET, {id}: !Ref Api}}}}}}
"""


def api(properties: str = "", kind: str = "Api") -> str:
    """An API with one route."""
    event, name = ("Api", "RestApiId") if kind == "Api" else ("HttpApi", "ApiId")
    return API.format(kind=kind, event=event, id=name, properties=properties)


@pytest.mark.parametrize("kind", ["Api", "HttpApi"])
def test_a_route_without_authorization_is_public(world: Any, kind: str) -> None:
    """`AuthorizationType: NONE` lets the internet in."""
    made = world(api(kind=kind))
    edge = made.edge(EdgeKind.CAN_INVOKE, "public")
    assert (edge.decision, dict(edge.conditions)) == (Decision.ALLOW, {})
    assert made.edge(EdgeKind.TRIGGERS, target="Fn").authorized is True


def test_a_private_api_is_reached_from_the_account_alone(world: Any) -> None:
    """AWS documents it (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-apis.html)."""
    made = world(api(", EndpointConfiguration: {Type: PRIVATE}"))
    assert made.edges(EdgeKind.CAN_INVOKE, "public") == []
    assert made.edge(EdgeKind.CAN_INVOKE, "this account").conditions["network"] == {"endpoint": ["private"]}


def test_an_authorizer_stands_between_the_public_and_the_route(world: Any) -> None:
    """Who a user pool lets in is a federated node."""
    pool = "  Pool: {Type: AWS::Cognito::UserPool}\n"
    made = world(pool, api(", Auth: {DefaultAuthorizer: Own, Authorizers: {Own: {UserPoolArn: !GetAtt Pool.Arn}}}"))
    assert made.edges(EdgeKind.CAN_INVOKE, "public") == []
    edge = next(each for each in made.edges(EdgeKind.CAN_INVOKE) if each.source.startswith("federated:"))
    assert edge.conditions["auth"]["type"] == ["cognito"]


def test_an_api_key_makes_public_conditional(world: Any) -> None:
    """A key is asked for, whoever has it."""
    edge = world(api(", Auth: {ApiKeyRequired: true}")).edge(EdgeKind.CAN_INVOKE, "public")
    assert edge.decision is Decision.CONDITIONAL
    assert edge.conditions["auth"] == {"api_key": ["required"]}


def test_an_iam_route_is_open_to_principals_that_may_invoke_it(world: Any, function: Any) -> None:
    """`execute-api:Invoke` on the route's ARN (https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html)."""
    caller = function(
        "Caller",
        "{Effect: Allow, Action: 'execute-api:Invoke', Resource: !Sub "
        "'arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*/GET/orders'}",
    )
    other = function(
        "Other",
        "{Effect: Allow, Action: 'execute-api:Invoke', Resource: !Sub "
        "'arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*/POST/orders'}",
    )
    made = world(api(", Auth: {DefaultAuthorizer: AWS_IAM}"), caller, other)
    assert made.edges(EdgeKind.CAN_INVOKE, "public") == []
    assert made.edges(EdgeKind.CAN_INVOKE, "CallerRole", "GET /orders")
    assert not made.edges(EdgeKind.CAN_INVOKE, "OtherRole", "GET /orders")


def test_a_resource_policy_of_the_api_limits_the_public(world: Any) -> None:
    """A Deny by address makes the door conditional."""
    edge = world(api(", Auth: {ResourcePolicy: {IpRangeWhitelist: ['10.0.0.0/8']}}")).edge(
        EdgeKind.CAN_INVOKE, "public"
    )
    assert edge.decision is Decision.CONDITIONAL
