"""Which routes anybody can call, and how to close them."""

from __future__ import annotations

from typing import Any

import pytest


def test_a_method_of_an_api_elsewhere_is_open_unless_its_policy_says_otherwise(audit_text: Any) -> None:
    """What it asks of callers stands here, the API's policy does not."""
    text = """
Parameters: {Api: {Type: String}}
Resources:
  Method:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: abc123
      HttpMethod: POST
      AuthorizationType: NONE
      Integration: {Type: MOCK}
  Route: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Api, RouteKey: GET /orders}}
"""
    found = audit_text(text)
    (method,) = found["rest-method-open"]
    assert (method.confidence, "unless a policy of its API" in method.message) == ("medium", True)
    assert "httpapi-route-open" in found  # HTTP APIs have no policy


SAM_API = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties: {StageName: live, Auth: {ResourcePolicy: {LIST: ["203.0.113.0/24"]}}}
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: a.b
      InlineCode: x
      Events: {Get: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /a, Method: get}}}
"""


@pytest.mark.parametrize(("given", "is_open"), [("IpRangeBlacklist", True), ("IpRangeWhitelist", False)])
def test_a_block_list_leaves_an_api_open(audit_text: Any, given: str, is_open: bool) -> None:
    """All others get in: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-examples.html."""
    assert ("sam-event-open" in audit_text(SAM_API.replace("LIST", given))) is is_open


def test_an_event_of_an_implicit_api_is_said_of_its_function(audit_text: Any) -> None:
    """The API that SAM makes stands nowhere in the template, so the finding names the function."""
    text = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: a.b
      InlineCode: x
      Events:
        All: {Type: HttpApi}
        One: {Type: HttpApi, Properties: {Path: /n, Method: get}}
"""
    assert {finding.resource for finding in audit_text(text)["sam-event-open"]} == {"Fn"}


def test_a_websocket_api_without_connect_route_takes_everybody(audit_text: Any) -> None:
    """Only `$connect` can be authorized: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-keys-connect-disconnect.html."""
    text = """
Resources:
  Chat: {Type: AWS::ApiGatewayV2::Api, Properties: {Name: chat, ProtocolType: WEBSOCKET}}
  Send: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Chat, RouteKey: send}}
"""
    assert len(audit_text(text)["websocket-connect-open"]) == 1
    connect = "  Connect: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Chat, RouteKey: $connect, AUTH}}\n"
    assert "websocket-connect-open" not in audit_text(text + connect.replace("AUTH", "AuthorizationType: AWS_IAM"))


def test_a_url_that_answers_nobody_is_not_said_to_be_open(audit_text: Any, function_text: Any) -> None:
    """Both permissions must be there: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html."""
    url = "  Url: {Type: AWS::Lambda::Url, Properties: {TargetFunctionArn: !GetAtt Fn.Arn, AuthType: NONE}}\n"
    (finding,) = audit_text(function_text() + url)["url-auth-none"]
    assert finding.severity == "medium"
    assert "closed only as long as permissions are missing" in finding.message
    assert finding.adjusted == "lowered from high: every call is answered with 403"


DOORS = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Quick:
    Type: AWS::ApiGatewayV2::Api
    Properties: {Name: quick, ProtocolType: HTTP, Target: "https://example.com"}
  Written:
    Type: AWS::ApiGatewayV2::Api
    Properties:
      Body:
        openapi: 3.0.1
        info: {title: written, version: "1"}
        paths:
          /orders:
            get:
              x-amazon-apigateway-integration:
                {type: http_proxy, httpMethod: GET, uri: "https://example.com", payloadFormatVersion: "1.0"}
  Keyed:
    Type: AWS::Serverless::Api
    Properties: {StageName: prod, Auth: {ApiKeyRequired: true}}
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: a.b
      InlineCode: pass
      Events:
        Get: {Type: Api, Properties: {RestApiId: !Ref Keyed, Path: /, Method: get}}
  Rest: {Type: AWS::ApiGateway::RestApi, Properties: {Name: rest}}
  Root:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Rest
      ResourceId: !GetAtt Rest.RootResourceId
      HttpMethod: GET
      AuthorizationType: NONE
      Integration: {Type: HTTP_PROXY, IntegrationHttpMethod: GET, Uri: "https://example.com"}
"""


def test_how_to_authorize_a_route_is_said_for_the_place_where_it_is_written(audit_text: Any) -> None:
    """A definition has `security`, a quick-create route overrides, an event `Auth`; `AuthorizationType` is a method's.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigatewayv2-apigatewaymanagedoverrides.html
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-authorizer.html
    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-apifunctionauth.html
    """
    found = audit_text(DOORS)
    fixes = {finding.resource: finding.fix for finding in found["httpapi-route-open"]}
    assert "security:" in fixes["Written"]
    assert fixes["Quick"].startswith("Type: AWS::ApiGatewayV2::ApiGatewayManagedOverrides")
    assert "ApiId: !Ref Quick" in fixes["Quick"]
    (keyed,) = found["apikey-only"]
    assert keyed.fix.startswith("# of the event\nAuth:")
    (method,) = found["rest-method-open"]
    assert method.fix.startswith("AuthorizationType: AWS_IAM")
