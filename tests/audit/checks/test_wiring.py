"""What is wired together is allowed as well, and is said to lack exactly what it lacks."""

from __future__ import annotations

from typing import Any

import pytest

THINGS = """
  Live:
    Type: AWS::Lambda::Alias
    Properties: {FunctionName: !Ref Fn, FunctionVersion: "1", Name: live}
  Topic: {Type: AWS::SNS::Topic}
"""
LOGS = "logs:CreateLogStream, logs:PutLogEvents"


@pytest.fixture
def world(function_text: Any) -> Any:
    """Writes a template with a function called `fn`, an alias, a topic, and more."""

    def write(resources: str, actions: str = LOGS) -> str:
        statement = f'{{Effect: Allow, Action: [{actions}], Resource: "*"}}'
        text: str = function_text(statement, properties="FunctionName: fn") + THINGS + resources
        return text

    return write


def _rule(target: str, permitted: str) -> str:
    return f"""
  Daily:
    Type: AWS::Events::Rule
    Properties: {{ScheduleExpression: rate(1 day), Targets: [{{Arn: {target}, Id: fn}}]}}
  Permission:
    Type: AWS::Lambda::Permission
    Properties:
      FunctionName: {permitted}
      Action: lambda:InvokeFunction
      Principal: events.amazonaws.com
      SourceArn: !GetAtt Daily.Arn
"""


@pytest.mark.parametrize(
    ("target", "permitted", "said"),
    [
        ("!Ref Live", "!Ref Fn", "on the unqualified function, and the wiring is to `live`"),
        ("!GetAtt Fn.Arn", "!Ref Live", "on `live`, and the wiring is to the unqualified function"),
    ],
)
def test_a_permission_on_another_qualifier_is_named(
    audit_text: Any, world: Any, target: str, permitted: str, said: str
) -> None:
    """Each alias has a policy of its own: https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html."""
    (finding,) = audit_text(world(_rule(target, permitted)))["trigger-without-permission"]
    assert said in finding.message


def test_a_target_written_out_is_the_same_function(audit_text: Any, world: Any) -> None:
    """An ARN with partition and name written out is wired to the function, so its permission is not idle."""
    arn = '!Sub "arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:fn"'
    found = audit_text(world(_rule(arn, "!Ref Fn")))
    assert "permission-without-trigger" not in found
    assert "trigger-without-permission" not in found


def test_a_deny_is_said_to_keep_the_service_out(audit_text: Any, world: Any) -> None:
    """An explicit Deny wins: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html."""
    policy = """
  Subscription:
    Type: AWS::SNS::Subscription
    Properties: {Protocol: lambda, Endpoint: !GetAtt Fn.Arn, TopicArn: !Ref Topic}
  Policy:
    Type: AWS::Lambda::ResourcePolicy
    Properties:
      ResourceArn: !GetAtt Fn.Arn
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {Service: sns.amazonaws.com}
            Action: lambda:InvokeFunction
            Resource: !GetAtt Fn.Arn
          - {Effect: Deny, Principal: "*", Action: lambda:InvokeFunction, Resource: !GetAtt Fn.Arn}
"""
    (finding,) = audit_text(world(policy))["trigger-without-permission"]
    assert "a `Deny` of the resource's policy keeps `sns.amazonaws.com` out" in finding.message


@pytest.mark.parametrize(
    "service", ["sqs", "kinesis", "dynamodb", "kafka", "scheduler", "pipes", "states", "cloudwatch"]
)
def test_a_permission_for_a_service_that_has_no_use_for_it_is_idle(audit_text: Any, world: Any, service: str) -> None:
    """Lambda polls with the execution role: https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html."""
    permission = f"""
  Permission:
    Type: AWS::Lambda::Permission
    Properties:
      FunctionName: !Ref Fn
      Action: lambda:InvokeFunction
      Principal: {service}.amazonaws.com
      SourceAccount: !Ref AWS::AccountId
"""
    (finding,) = audit_text(world(permission))["permission-without-trigger"]
    assert f"`{service}.amazonaws.com` never invokes `Fn`" in finding.message


def test_a_permission_of_an_unknown_function_is_not_called_idle(audit_text: Any, world: Any) -> None:
    """The parameter may be the function that the topic runs."""
    text = world("""
  Permission:
    Type: AWS::Lambda::Permission
    Properties:
      FunctionName: !Ref Name
      Action: lambda:InvokeFunction
      Principal: sns.amazonaws.com
      SourceArn: !Ref Topic
Parameters: {Name: {Type: String}}
""")
    assert "permission-without-trigger" not in audit_text(text)


@pytest.mark.parametrize(
    ("actions", "severity"),
    [
        ("kinesis:DescribeStream, kinesis:GetRecords, kinesis:GetShardIterator", "low"),
        ("kinesis:DescribeStream, kinesis:GetShardIterator", "high"),
        ('"kinesis:*"', None),
    ],
)
def test_what_merely_lists_streams_weighs_less(audit_text: Any, world: Any, actions: str, severity: str | None) -> None:
    """AWS asks for more than reading takes: https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html."""
    mapping = """
  Stream: {Type: AWS::Kinesis::Stream}
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {FunctionName: !Ref Fn, EventSourceArn: !GetAtt Stream.Arn, StartingPosition: LATEST}
"""
    found = audit_text(world(mapping, actions)).get("esm-role-missing-poll", [])
    assert [finding.severity for finding in found] == ([severity] if severity else [])


def test_connect_writes_its_own_permission(audit_text: Any, world: Any) -> None:
    """Associating the function adds the statement: https://docs.aws.amazon.com/connect/latest/adminguide/connect-lambda-functions.html."""
    association = """
  Association:
    Type: AWS::Connect::IntegrationAssociation
    Properties:
      InstanceId: arn:aws:connect:us-east-1:111122223333:instance/0a1b2c3d-0000-4000-8000-0a1b2c3d4e5f
      IntegrationType: LAMBDA_FUNCTION
      IntegrationArn: !GetAtt Fn.Arn
"""
    assert "trigger-without-permission" not in audit_text(world(association))
