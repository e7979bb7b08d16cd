"""API definitions in the `Body` of an API."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from permscope.inventory.facts import AnyFact, Auth, Mechanism, Route, Trigger, Unknown

Read = Callable[[str], list[AnyFact]]
API = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}"
FN = "arn:aws:lambda:us-east-1:111122223333:function:orders"
URI = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FN}/invocations"
PROXY = {"x-amazon-apigateway-integration": {"type": "aws_proxy", "httpMethod": "POST", "uri": URI}}
SCHEMES = {
    "api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
    "sigv4": {"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4"},
    "pool": {
        "type": "apiKey",
        "x-amazon-apigateway-authtype": "cognito_user_pools",
        "x-amazon-apigateway-authorizer": {"type": "cognito_user_pools", "providerARNs": ["arn:aws:cognito-idp:::p"]},
    },
    "custom": {
        "type": "apiKey",
        "x-amazon-apigateway-authtype": "custom",
        "x-amazon-apigateway-authorizer": {"type": "token", "authorizerUri": URI},
    },
    "jwt": {
        "type": "oauth2",
        "x-amazon-apigateway-authorizer": {"type": "jwt", "jwtConfiguration": {"issuer": "https://i"}},
    },
    "bearer": {"type": "http", "scheme": "bearer"},
}


def body(read: Read, definition: dict[str, Any], kind: str = "AWS::ApiGateway::RestApi") -> list[AnyFact]:
    """The facts of an API with that definition."""
    return read(json.dumps({"Resources": {"Api": {"Type": kind, "Properties": {"Body": definition}}}}))


def of(facts: list[AnyFact], kind: type) -> list:
    """The facts of one kind."""
    return [fact for fact in facts if isinstance(fact, kind)]


def test_each_operation_is_one_route_with_one_trigger(read: Read) -> None:
    """HTTP methods are operations; other keys of a path are not, and `any` is `ANY`."""
    paths = {
        "/a": {"get": PROXY, "post": PROXY, "parameters": [], "summary": "x"},
        "/b/{proxy+}": {"x-amazon-apigateway-any-method": PROXY},
    }
    facts = body(read, {"openapi": "3.0.1", "paths": paths})
    assert [(route.method, route.path) for route in of(facts, Route)] == [
        ("GET", "/a"),
        ("POST", "/a"),
        ("ANY", "/b/{proxy+}"),
    ]
    assert [trigger.source_arn for trigger in of(facts, Trigger)] == [
        f"{API}/${{Unknown::stage}}/GET/a",
        f"{API}/${{Unknown::stage}}/POST/a",
        f"{API}/${{Unknown::stage}}/${{Unknown::method}}/b/*",
    ]
    assert {trigger.function_arn for trigger in of(facts, Trigger)} == {FN}


@pytest.mark.parametrize(
    ("top", "own", "auth", "api_key"),
    [
        (None, None, Auth.NONE, False),
        ([{"sigv4": []}], None, Auth.IAM, False),
        ([{"sigv4": []}], [], Auth.NONE, False),
        ([{"sigv4": []}], [{"NONE": []}], Auth.NONE, False),
        ([{"sigv4": []}], [{"pool": []}], Auth.COGNITO, False),
        (None, [{"custom": []}], Auth.LAMBDA, False),
        (None, [{"jwt": ["orders.read"]}], Auth.JWT, False),
        (None, [{"api_key": []}], Auth.API_KEY, True),
        (None, [{"custom": []}, {"api_key": []}], Auth.LAMBDA, True),
        (None, [{"custom": [], "api_key": []}], Auth.LAMBDA, True),
        (None, [{"NONE": []}, {"api_key": []}], Auth.API_KEY, True),
        (None, [{"sigv4": []}, {}], Auth.NONE, False),
        (None, [{"sigv4": []}, {"custom": []}], Auth.LAMBDA, False),
        (None, [{"nobody": []}], Auth.UNKNOWN, False),
        (None, [{"bearer": []}], Auth.UNKNOWN, False),
    ],
)
@pytest.mark.parametrize("version", ["2", "3"])
def test_what_security_asks_of_the_callers(
    read: Read, top: Any, own: Any, auth: Auth, api_key: bool, version: str
) -> None:
    """An operation's `security` replaces the document's; a key is asked besides; of alternatives the weakest counts.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-authtype.html
    """
    operation = dict(PROXY)
    if own is not None:
        operation["security"] = own
    definition: dict[str, Any] = {"paths": {"/a": {"get": operation}}}
    if top is not None:
        definition["security"] = top
    definition |= {"securityDefinitions": SCHEMES} if version == "2" else {"components": {"securitySchemes": SCHEMES}}
    (route,) = of(body(read, definition), Route)
    assert (route.auth, route.api_key) == (auth, api_key)


def test_iam_is_asked_by_the_auth_extension_too(read: Read) -> None:
    """`x-amazon-apigateway-auth` sets the authorization type of one operation."""
    operation = {**PROXY, "x-amazon-apigateway-auth": {"type": "AWS_IAM"}}
    (route,) = of(body(read, {"paths": {"/a": {"get": operation}}}), Route)
    assert route.auth is Auth.IAM


def test_an_authorizer_of_a_definition_runs_its_function(read: Read) -> None:
    """Its source ARN ends in a generated authorizer id."""
    facts = body(read, {"paths": {}, "securityDefinitions": {"custom": SCHEMES["custom"]}})
    (trigger,) = of(facts, Trigger)
    assert (trigger.event, trigger.function_arn) == ("authorizer", FN)
    assert trigger.source_arn == f"{API}/authorizers/${{Api.custom}}"
    assert trigger.mechanism is Mechanism.RESOURCE_POLICY


@pytest.mark.parametrize("path", ["$default", "/$default"])
def test_the_default_route_of_an_http_api(read: Read, path: str) -> None:
    """It has no method, and its source ARN ends in `$default`.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
    """
    operation = {**PROXY, "isDefaultRoute": True}
    facts = body(read, {"paths": {path: {"x-amazon-apigateway-any-method": operation}}}, "AWS::ApiGatewayV2::Api")
    (route,) = of(facts, Route)
    (trigger,) = of(facts, Trigger)
    assert (route.method, route.path) == (None, "$default")
    assert trigger.source_arn == f"{API}/${{Unknown::stage}}/$default"


def test_a_referenced_integration_is_followed(read: Read) -> None:
    """HTTP APIs keep integrations under `components` and refer to them.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-extensions-integrations.html
    """
    operation = {"x-amazon-apigateway-integration": {"$ref": "#/components/x-amazon-apigateway-integrations/orders"}}
    components = {"x-amazon-apigateway-integrations": {"orders": PROXY["x-amazon-apigateway-integration"]}}
    definition = {"paths": {"/a": {"get": operation}}, "components": components}
    (trigger,) = of(body(read, definition, "AWS::ApiGatewayV2::Api"), Trigger)
    assert trigger.function_arn == FN


def test_a_definition_that_cannot_be_read_is_said(read: Read) -> None:
    """Text that is no JSON, a transform, an operation without integration: each is an unknown."""
    assert [fact.kind for fact in of(body(read, "no json"), Unknown)] == ["openapi"]  # type: ignore[arg-type]
    include = {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://b/k"}}}
    assert of(body(read, include), Unknown)
    assert not of(body(read, include), Route)
    assert [fact.kind for fact in of(body(read, {"paths": {"/a": {"get": {}}}}), Unknown)] == ["integration"]


def test_a_definition_given_as_text_is_read(read: Read) -> None:
    """JSON text is a definition as well."""
    text = json.dumps({"paths": {"/a": {"get": PROXY}}})
    assert len(of(body(read, text), Trigger)) == 1  # type: ignore[arg-type]


SAM = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Auth:
        DefaultAuthorizer: Tokens
        Authorizers:
          Tokens: {FunctionArn: !GetAtt Check.Arn}
  Check: {Type: AWS::Serverless::Function, Properties: {Handler: a.b, Runtime: python3.13, InlineCode: x}}
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      Handler: a.b
      Runtime: python3.13
      InlineCode: x
      Events:
        List:
          Type: Api
          Properties: {RestApiId: !Ref Api, Path: /orders, Method: get}
        Open:
          Type: Api
          Properties: {RestApiId: !Ref Api, Path: /orders, Method: post, Auth: {Authorizer: NONE}}
        Signed:
          Type: Api
          Properties: {RestApiId: !Ref Api, Path: "/orders/{id}", Method: any, Auth: {Authorizer: AWS_IAM}}
        Keyed:
          Type: Api
          Properties: {RestApiId: !Ref Api, Path: /keyed, Method: get, Auth: {ApiKeyRequired: true}}
        Implicit:
          Type: Api
          Properties: {Path: /open, Method: get}
        Http:
          Type: HttpApi
          Properties: {Path: "/http/{id}", Method: get}
        Everything:
          Type: HttpApi
"""


def test_each_event_of_a_sam_function_is_one_route_at_its_own_line(read: Read) -> None:
    """SAM merges events into the definition of an API; their routes point back at the events and the function.

    A `$default` event lets the API run the function on any route, so SAM makes no permission for the others, and the
    path of the event is all there is to point at.
    """
    routes = of(read(SAM), Route)
    assert sorted((route.source.line, route.method, route.path, route.auth, route.api_key) for route in routes) == [
        (20, "GET", "/orders", Auth.LAMBDA, False),
        (23, "POST", "/orders", Auth.NONE, False),
        (26, "ANY", "/orders/{id}", Auth.IAM, False),
        (29, "GET", "/keyed", Auth.LAMBDA, True),
        (32, "GET", "/open", Auth.NONE, False),
        (37, "GET", "/http/{id}", Auth.NONE, False),
        (38, None, "$default", Auth.NONE, False),
    ]
    assert {route.logical_id for route in routes if route.path != "/http/{id}"} == {"Orders"}


def test_events_of_sam_are_wired_as_sam_wires_them(read: Read) -> None:
    """A signed method runs the function as its caller; everything else by the function's policy, on the real stage."""
    triggers = of(read(SAM), Trigger)
    wired = {(trigger.event, trigger.mechanism, trigger.source_arn.split("/", 1)[1]) for trigger in triggers}
    assert wired == {
        ("rest-method", Mechanism.RESOURCE_POLICY, "prod/GET/orders"),
        ("rest-method", Mechanism.RESOURCE_POLICY, "prod/POST/orders"),
        ("rest-method", Mechanism.CALLER, "prod/${Unknown::method}/orders/*"),
        ("rest-method", Mechanism.RESOURCE_POLICY, "prod/GET/keyed"),
        ("rest-method", Mechanism.RESOURCE_POLICY, "Prod/GET/open"),
        ("http-route", Mechanism.RESOURCE_POLICY, "$default/GET/http/{id}"),
        ("http-route", Mechanism.RESOURCE_POLICY, "$default/$default"),
        ("authorizer", Mechanism.RESOURCE_POLICY, "authorizers/${Api.Tokens}"),
    }
    assert len(triggers) == len(wired)
