"""AWS's translator, and that permscope's use of it changes nothing."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from permscope.collect.templates import sam
from permscope.collect.templates.document import parse_document
from permscope.inventory.located import LocatedDict

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Runtime: python3.12, Tracing: Active}}
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Handler: a.b
      CodeUri: s3://bucket/key
      Policies:
        - AWSLambda_ReadOnlyAccess
        - DynamoDBCrudPolicy: {TableName: !Ref Table}
        - Statement: [{Effect: Allow, Action: 's3:*', Resource: '*'}]
      Events:
        Web: {Type: HttpApi, Properties: {Path: /x, Method: get}}
        Old: {Type: Api, Properties: {Path: /y, Method: post}}
        Queue: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn}}
        Rule: {Type: EventBridgeRule, Properties: {Pattern: {source: [a]}}}
  Table: {Type: 'AWS::Serverless::SimpleTable'}
  Queue: {Type: 'AWS::SQS::Queue'}
"""

APIS = """
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Runtime: python3.12, Handler: a.b, CodeUri: s3://bucket/key}}
Conditions: {IsProd: !Equals [!Ref 'AWS::Region', eu-west-1]}
Resources:
  Check: {Type: 'AWS::Serverless::Function'}
  Rest:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Cors: "'*'"
      Models: {Order: {type: object}}
      Auth:
        DefaultAuthorizer: Token
        Authorizers: {Token: {FunctionArn: !GetAtt Check.Arn}}
        ResourcePolicy: {IpRangeWhitelist: [10.0.0.0/8]}
  Merged:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      MergeDefinitions: true
      DefinitionBody:
        openapi: 3.0.1
        info: {title: t, version: '1'}
        paths: {/orders: {get: {responses: {'200': {description: ok}}}}}
  Http:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration: {AllowOrigins: ['*']}
      Auth:
        EnableIamAuthorizer: true
        DefaultAuthorizer: Jwt
        Authorizers:
          Jwt: {JwtConfiguration: {issuer: 'https://a.example', audience: [x]}, IdentitySource: $request.header.A}
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        A: {Type: Api, Properties: {RestApiId: !Ref Rest, Path: '/a/{id}', Method: get, RequestModel: {Model: Order}}}
        B: {Type: Api, Properties: {RestApiId: !Ref Rest, Path: '/a/{id}', Method: post, Auth: {Authorizer: NONE}}}
        C: {Type: Api, Properties: {RestApiId: !Ref Rest, Path: /c, Method: any, Auth: {ApiKeyRequired: true}}}
        D: {Type: Api, Properties: {RestApiId: !Ref Merged, Path: /orders, Method: get}}
        E: {Type: Api, Properties: {Path: /e, Method: get, Auth: {ResourcePolicy: {IpRangeBlacklist: [1.2.3.4]}}}}
        F: {Type: HttpApi, Properties: {ApiId: !Ref Http, Path: '/f/{proxy+}', Method: any}}
        G: {Type: HttpApi, Properties: {ApiId: !Ref Http, Path: /g, Method: get, Auth: {Authorizer: AWS_IAM}}}
        H: {Type: HttpApi}
  Sometimes:
    Type: AWS::Serverless::Function
    Condition: IsProd
    Properties:
      Events:
        A: {Type: Api, Properties: {Path: /sometimes, Method: get}}
        B: {Type: HttpApi, Properties: {Path: /sometimes, Method: get}}
"""


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, str) else value


class _NoPolicies:
    def load(self) -> dict[str, str]:
        """No policy beside those the translator knows itself."""
        return {}


@pytest.mark.parametrize("text", [TEMPLATE, APIS])
def test_the_expansion_is_that_of_the_translator_itself(monkeypatch: Any, text: str) -> None:
    """The same resources with the same properties; places and speed are all that differs."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    import boto3
    from samtranslator.open_api import open_api
    from samtranslator.sdk import parameter
    from samtranslator.swagger import swagger
    from samtranslator.translator import arn_generator
    from samtranslator.translator.transform import transform

    for module in (parameter, arn_generator):
        monkeypatch.setattr(module, "boto3", boto3)

    template = parse_document(text, "t.yaml").value
    with monkeypatch.context() as patched:
        for module in (open_api, swagger):
            patched.setattr(module, "_deepcopy", deepcopy)
        official = transform(_plain(template), {}, _NoPolicies())["Resources"]
    ours = sam.expand(template, parameters={}, unknown={}, region=None, partition=None)
    assert not ours.errors
    found = _plain(ours.template["Resources"])
    stable = {key for key in official if "Deployment" not in key}  # whose ids hold a hash of the text
    assert {key for key in found if "Deployment" not in key} == stable
    for key in stable:
        if "Stage" not in key:  # which names the deployment
            assert found[key].get("Properties") == official[key].get("Properties"), key


def test_an_api_is_not_copied_for_each_of_its_events(monkeypatch: Any) -> None:
    """Copying all of an API for every event takes time that grows with the square of the events."""
    from samtranslator.utils.py27hash_fix import Py27Dict

    copied = []

    def counting(self: Any, memo: Any) -> Any:
        copied.append(1)
        return plainly(self, memo)

    plainly = Py27Dict.__deepcopy__
    sam.expand(parse_document(APIS, "t.yaml").value, parameters={}, unknown={}, region=None, partition=None)
    monkeypatch.setattr(Py27Dict, "__deepcopy__", counting)
    counts = []
    for events in (10, 20):
        copied.clear()
        lines = "\n".join(
            f"        E{n}: {{Type: HttpApi, Properties: {{Path: /p{n}, Method: get}}}}" for n in range(events)
        )
        template = parse_document(
            "Transform: AWS::Serverless-2016-10-31\nResources:\n  Fn:\n    Type: AWS::Serverless::Function\n"
            "    Properties:\n      Runtime: python3.12\n      Handler: a.b\n      Events:\n" + lines + "\n",
            "t.yaml",
        ).value
        assert not sam.expand(template, parameters={}, unknown={}, region=None, partition=None).errors
        counts.append(len(copied))
    assert counts[1] <= 2 * counts[0] + 100


def test_the_template_that_is_expanded_is_not_changed() -> None:
    """It may be read again after an error."""
    template = parse_document(TEMPLATE, "t.yaml").value
    before = repr(template)
    sam.expand(template, parameters={}, unknown={}, region="eu-west-1", partition="aws")
    assert repr(template) == before
    assert isinstance(template, LocatedDict)
