"""Permissions for some methods or stages of a route that is open in them."""

from __future__ import annotations

from typing import Any

import pytest

from permscope.graph.model import EdgeKind

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Parameters: {{Stage: {{Type: String}}}}
Resources:
  Fn: {{Type: 'AWS::Serverless::Function', Properties: {{Runtime: python3.12, Handler: a.b}}}}
  Permission:
    Type: AWS::Lambda::Permission
    Properties:
      FunctionName: !Ref Fn
      Action: lambda:InvokeFunction
      Principal: apigateway.amazonaws.com
      SourceArn: !Sub 'arn:aws:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{Api}}/{source}'
  Other:
    Type: AWS::Lambda::Permission
    Properties:
      FunctionName: !Ref Fn
      Action: lambda:InvokeFunction
      Principal: apigateway.amazonaws.com
      SourceArn: !Sub 'arn:aws:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{Api}}/*/*/elsewhere'
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: {stage}
      DefinitionBody:
        openapi: 3.0.1
        paths:
          {path}:
            {method}:
              x-amazon-apigateway-integration:
                type: aws_proxy
                httpMethod: POST
                uri: !Sub arn:aws:apigateway:${{AWS::Region}}:lambda:path/2015-03-31/functions/${{Fn.Arn}}/invocations
"""
ANY = "x-amazon-apigateway-any-method"
OPEN = "!Ref Stage"

CASES = [
    # stage of the API, method, path, what the permission names, expected
    ("prod", ANY, "/things/{id}", "*/*/things/*", True),
    ("prod", ANY, "/things/{id}", "*/GET/things/*", None),
    ("prod", ANY, "/things/{id}", "*/GET/others/*", False),
    ("prod", ANY, "/things/{id}", "*/ANY/things/*", None),
    ("prod", ANY, "/things", "test/*/things", False),
    ("prod", "get", "/things/{id}", "*/POST/things/*", False),
    ("prod", "get", "/things/{id}", "*/GET/things/*", True),
    (OPEN, "get", "/things/{id}", "*/GET/things/*", True),
    (OPEN, "get", "/things/{id}", "*/POST/things/*", False),
    (OPEN, "get", "/things/{id}", "prod/GET/things/*", None),
    (OPEN, "get", "/things/{id}", "prod/POST/things/*", False),
    (OPEN, ANY, "/things/{proxy+}", "*/*/things/*", True),
    (OPEN, ANY, "/things/{proxy+}", "*/GET/things/*", None),
    (OPEN, ANY, "/things/{proxy+}", "*/GET/*", None),
]


@pytest.mark.parametrize(("stage", "method", "path", "source", "expected"), CASES)
def test_a_permission_for_another_method_lets_no_call_of_a_route_in(
    world: Any, stage: str, method: str, path: str, source: str, expected: bool | None
) -> None:
    """The ARN of a call is `API/STAGE/METHOD/PATH`, each segment for itself.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html
    """
    text = TEMPLATE.format(stage=stage, method=method, path=f"'{path}'", source=source)
    assert world(text).edge(EdgeKind.TRIGGERS, None, "Fn").authorized is expected


def test_the_reason_names_the_methods_that_are_let_in(world: Any) -> None:
    """A reader sees which calls work."""
    text = TEMPLATE.format(stage="prod", method=ANY, path="/things", source="*/GET/things")
    assert world(text).edge(EdgeKind.TRIGGERS, None, "Fn").reason == "it is let in for `GET` only"


def test_what_allows_a_route_is_only_what_surely_does(world: Any) -> None:
    """A permission for another path is no reason why a route works."""
    text = TEMPLATE.format(stage="prod", method=ANY, path="'/things/{id}'", source="*/*/things/*")
    edge = world(text).edge(EdgeKind.TRIGGERS, None, "Fn")
    assert [said.logical_id for said in edge.provenance if said.logical_id != "Api"] == ["Permission"]
