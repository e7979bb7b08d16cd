"""Where the right to invoke leads."""

from __future__ import annotations

from typing import Any

from permscope.graph.model import EdgeKind

URL = "  Url: {Type: AWS::Lambda::Url, Properties: {AuthType: AWS_IAM, TargetFunctionArn: !Ref Fn}}\n"
CDN = """\
  Allow:
    Type: AWS::Lambda::Permission
    Properties: {Action: lambda:InvokeFunctionUrl, FunctionName: !Ref Fn, Principal: cloudfront.amazonaws.com}
"""


def test_a_service_that_may_use_the_url_has_edges_to_function_and_url(world: Any, function: Any) -> None:
    """The statement is on the function, the door is the URL."""
    made = world(function(), URL, CDN)
    targets = [
        made.graph.nodes[edge.target].label for edge in made.edges(EdgeKind.CAN_INVOKE, "cloudfront.amazonaws.com")
    ]
    assert targets == ["Fn", "URL of Fn"]


def test_an_api_policy_opens_iam_routes_to_those_it_names(world: Any) -> None:
    """A resource policy of an API is about its routes."""
    made = world(
        """\
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Auth: {DefaultAuthorizer: AWS_IAM, ResourcePolicy: {AwsAccountWhitelist: ['111122223333']}}
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: a.b
      InlineCode: x
      Events: {Get: {Type: Api, Properties: {Path: /orders, Method: GET, RestApiId: !Ref Api}}}
"""
    )
    assert made.edges(EdgeKind.CAN_INVOKE, "account 111122223333", "GET /orders")
    assert not made.edges(EdgeKind.CAN_INVOKE, "public")
