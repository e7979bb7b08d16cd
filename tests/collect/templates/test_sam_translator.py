"""AWS's translator, and that permscope's use of it changes nothing."""

from __future__ import annotations

from typing import Any

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


def test_the_expansion_is_that_of_the_translator_itself(monkeypatch: Any) -> None:
    """The same resources with the same properties; places and speed are all that differs."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    import boto3
    from samtranslator.sdk import parameter
    from samtranslator.translator import arn_generator
    from samtranslator.translator.transform import transform

    for module in (parameter, arn_generator):
        monkeypatch.setattr(module, "boto3", boto3)

    template = parse_document(TEMPLATE, "t.yaml").value
    official = transform(_plain(template), {}, _NoPolicies())["Resources"]
    ours = sam.expand(template, parameters={}, unknown={}, region=None, partition=None)
    assert not ours.errors
    found = _plain(ours.template["Resources"])
    stable = {key for key in official if "Deployment" not in key}  # whose ids hold a hash of the text
    assert {key for key in found if "Deployment" not in key} == stable
    for key in stable:
        if "Stage" not in key:  # which names the deployment
            assert found[key].get("Properties") == official[key].get("Properties"), key


def test_the_template_that_is_expanded_is_not_changed() -> None:
    """It may be read again after an error."""
    template = parse_document(TEMPLATE, "t.yaml").value
    before = repr(template)
    sam.expand(template, parameters={}, unknown={}, region="eu-west-1", partition="aws")
    assert repr(template) == before
    assert isinstance(template, LocatedDict)
