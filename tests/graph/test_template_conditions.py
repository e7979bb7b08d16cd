"""Policies, permissions and roles behind `Fn::If` whose condition is not decided.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-conditions.html
"""

from __future__ import annotations

from typing import Any

import pytest

from permscope.graph.model import EdgeKind

HEAD = """\
Transform: AWS::Serverless-2016-10-31
Parameters: {Env: {Type: String}}
Conditions: {IsProd: !Equals [!Ref Env, prod]}
Globals: {Function: {Runtime: python3.12, Handler: a.b}}
Resources:
  Queue: {Type: 'AWS::SQS::Queue'}
  Topic: {Type: 'AWS::SNS::Topic'}
  Bucket: {Type: 'AWS::S3::Bucket'}
"""
TRUST = """
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: 'sts:AssumeRole'}]
"""
READS = "{Effect: Allow, Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], Resource: '*'}"


def _conditions(world: Any, text: str, source: str, target: str) -> list[list[str]]:
    edges = world(f"{HEAD}{text}").edges(EdgeKind.CAN_ACCESS, source, target)
    return sorted(edge.conditions.get("template", {}).get("condition", []) for edge in edges)


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ("[!If [IsProd, {S3CrudPolicy: {BucketName: !Ref Bucket}}, {S3ReadPolicy: {BucketName: !Ref Bucket}}]]", 2),
        ("[!If [IsProd, {S3ReadPolicy: {BucketName: !Ref Bucket}}, !Ref 'AWS::NoValue']]", 1),
    ],
)
def test_a_policy_behind_if_grants_on_the_side_it_stands_on(world: Any, policies: str, expected: int) -> None:
    """A policy template of SAM on one side grants nothing on the other."""
    text = f"  Fn: {{Type: 'AWS::Serverless::Function', Properties: {{Policies: {policies}}}}}\n"
    found = _conditions(world, text, "FnRole", "Bucket")
    assert found == [["IsProd"], ["not IsProd"]][:expected]


def test_a_grant_without_condition_keeps_none(world: Any) -> None:
    """What another policy grants anyway is certain, and what only one side grants says so."""
    text = """\
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Policies:
        - SQSSendMessagePolicy: {QueueName: !GetAtt Queue.QueueName}
        - Statement:
            - Effect: Allow
              Action: !If [IsProd, 'sqs:PurgeQueue', 'sqs:DeleteQueue']
              Resource: !GetAtt Queue.Arn
"""
    assert _conditions(world, text, "FnRole", "Queue") == [[], ["IsProd"], ["not IsProd"]]


def test_a_right_that_both_sides_give_is_certain(world: Any) -> None:
    """Whichever way the condition turns out, the function may read the queue."""
    text = f"""\
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Role: !GetAtt Role.Arn
      Events: {{Q: {{Type: SQS, Properties: {{Queue: !GetAtt Queue.Arn}}}}}}
  Role:
    Type: AWS::IAM::Role
    Properties:{TRUST}      Policies:
        - !If
          - IsProd
          - {{PolicyName: a, PolicyDocument: {{Version: '2012-10-17', Statement: [{READS}]}}}}
          - {{PolicyName: b, PolicyDocument: {{Version: '2012-10-17', Statement: [{READS}]}}}}
"""
    assert world(HEAD + text).edge(EdgeKind.TRIGGERS, "Queue", "Fn").authorized is True


@pytest.mark.parametrize(("one", "other", "expected"), [("sns", "sns", True), ("sns", "s3", None), ("s3", "s3", False)])
def test_a_permission_behind_if_lets_in_where_it_stands(
    world: Any, one: str, other: str, expected: bool | None
) -> None:
    """Both sides together are no doubt; one side alone is."""
    text = f"""\
  Fn: {{Type: 'AWS::Serverless::Function'}}
  Subscription:
    Type: AWS::SNS::Subscription
    Properties: {{Protocol: lambda, TopicArn: !Ref Topic, Endpoint: !GetAtt Fn.Arn}}
  Permission:
    Type: AWS::Lambda::Permission
    Properties:
      FunctionName: !Ref Fn
      Action: lambda:InvokeFunction
      Principal: !If [IsProd, {one}.amazonaws.com, {other}.amazonaws.com]
      SourceAccount: !If [IsProd, !Ref 'AWS::AccountId', !Ref 'AWS::NoValue']
"""
    assert world(HEAD + text).edge(EdgeKind.TRIGGERS, "Topic", "Fn").authorized is expected


def test_a_function_runs_as_each_role_it_may_have(world: Any) -> None:
    """`Role: !If [X, Own, NoValue]`: SAM makes a role for the other side.

    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html
    """
    text = f"""\
  Role:
    Type: AWS::IAM::Role
    Properties:{TRUST}
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Role: !If [IsProd, !GetAtt Role.Arn, !Ref 'AWS::NoValue']
      Policies: [AmazonSQSFullAccess]
      Events: {{Q: {{Type: SQS, Properties: {{Queue: !GetAtt Queue.Arn}}}}}}
"""
    found = world(HEAD + text)
    edges = {edge.target.rpartition("/")[2]: edge for edge in found.edges(EdgeKind.EXECUTES_AS, "Fn")}
    assert {name: edge.conditions["template"]["condition"] for name, edge in edges.items()} == {
        "${Role}": ["IsProd"],
        "${FnRole}": ["not IsProd"],
    }
    assert all(edge.authorized for edge in edges.values())
    poll = found.edge(EdgeKind.TRIGGERS, "Queue", "Fn")
    assert poll.authorized is None
    assert poll.reason is not None
    assert "it depends on which role it has" in poll.reason
