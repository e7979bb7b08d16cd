"""What functions can and cannot do with their roles."""

from __future__ import annotations

from typing import Any

import pytest

THINGS = """
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: incoming-files
      NotificationConfiguration:
        LambdaConfigurations: [{Event: "EVENT", Function: !GetAtt Fn.Arn, FILTER}]
  Queue: {Type: AWS::SQS::Queue}
"""


@pytest.fixture
def world(function_text: Any) -> Any:
    """Writes a template with a function, a bucket that runs it, and a queue."""

    def write(event: str = "s3:ObjectCreated:*", prefix: str = "", keys: str = "*", **more: Any) -> str:
        rules = f"Filter: {{S3Key: {{Rules: [{{Name: prefix, Value: {prefix}}}]}}}}" if prefix else "Filter: {}"
        resource = f"arn:aws:s3:::incoming-files/{keys}"
        objects = f'{{Effect: Allow, Action: [s3:PutObject, s3:GetObject], Resource: "{resource}"}}'
        statements = (*more.pop("statements", ()), objects)
        text: str = function_text(*statements, **more)
        return text + THINGS.replace("EVENT", event).replace("FILTER", rules)

    return write


@pytest.mark.parametrize(
    ("event", "prefix", "keys", "loops"),
    [
        ("s3:ObjectCreated:*", "", "*", True),
        ("s3:ObjectCreated:Put", "in/", "*", True),
        ("s3:ObjectCreated:*", "in/", "in/*", True),
        ("s3:ObjectCreated:*", "in/", "out/*", False),
        ("s3:ObjectRemoved:*", "", "*", False),
        ("s3:ReducedRedundancyLostObject", "", "*", False),
    ],
)
def test_a_function_loops_only_where_what_it_writes_runs_it(
    audit_text: Any, world: Any, event: str, prefix: str, keys: str, loops: bool
) -> None:
    """Events and prefixes decide: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html."""
    assert ("s3-notification-loop" in audit_text(world(event, prefix, keys))) is loops


def test_a_dead_letter_queue_comes_with_the_statement_to_paste(audit_text: Any, world: Any) -> None:
    """The role of the function sends: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html."""
    (finding,) = audit_text(world(properties="DeadLetterConfig: {TargetArn: !GetAtt Queue.Arn}"))[
        "destination-no-permission"
    ]
    assert "its dead-letter queue `Queue`" in finding.message
    assert finding.fix == "- Effect: Allow\n  Action: sqs:SendMessage\n  Resource: !GetAtt Queue.Arn"


def test_a_service_that_may_not_send_gets_a_statement_for_the_policy_of_the_target(audit_text: Any, world: Any) -> None:
    """A topic sends into a queue by the queue's policy: https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html."""
    topic = """
  Topic: {Type: AWS::SNS::Topic, Properties: {Subscription: [{Protocol: sqs, Endpoint: !GetAtt Queue.Arn}]}}
"""
    (finding,) = audit_text(world() + topic)["destination-no-permission"]
    assert "whose policy does not let `sns.amazonaws.com` in" in finding.message
    assert "Resource: !GetAtt Queue.Arn" in finding.fix
    assert "ArnLike: {aws:SourceArn: !GetAtt Topic.TopicArn}" in finding.fix


def test_what_a_pipe_may_not_read_is_said_of_its_role_alone(audit_text: Any, world: Any) -> None:
    """The queue sends nothing by itself: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-permissions.html."""
    pipe = """
  PipeRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: pipes.amazonaws.com}, Action: sts:AssumeRole}]
      Policies:
        - PolicyName: own
          PolicyDocument:
            Version: "2012-10-17"
            Statement: [{Effect: Allow, Action: lambda:InvokeFunction, Resource: !GetAtt Fn.Arn}]
  Pipe:
    Type: AWS::Pipes::Pipe
    Properties: {RoleArn: !GetAtt PipeRole.Arn, Source: !GetAtt Queue.Arn, Target: !GetAtt Fn.Arn}
"""
    found = audit_text(world() + pipe)
    assert "destination-no-permission" not in found
    (finding,) = found["caller-without-target-permission"]
    assert "`sqs:ReceiveMessage`" in finding.message


def test_network_interfaces_may_be_granted_on_subnets(audit_text: Any, world: Any) -> None:
    """The resource does not matter to whether Lambda can make one."""
    in_vpc = "VpcConfig: {SubnetIds: [subnet-1], SecurityGroupIds: [sg-1]}"
    text = world(properties=in_vpc)
    assert "feature-without-permission" in audit_text(text)
    scoped = (
        '{Effect: Allow, Action: "ec2:*NetworkInterface", Resource: "arn:aws:ec2:*:*:*/*"}',
        '{Effect: Allow, Action: ec2:DescribeNetworkInterfaces, Resource: "*"}',
    )
    assert "feature-without-permission" not in audit_text(world(properties=in_vpc, statements=scoped))


def test_what_a_rules_role_lacks_is_said_once(audit_text: Any) -> None:
    """The role is what has to change; the delivery that fails because of it is the same fault."""
    found = audit_text("""
        Resources:
          Stream: {Type: AWS::Kinesis::Stream}
          Role:
            Type: AWS::IAM::Role
            Properties:
              AssumeRolePolicyDocument:
                Version: "2012-10-17"
                Statement: [{Effect: Allow, Principal: {Service: events.amazonaws.com}, Action: "sts:AssumeRole"}]
          Rule:
            Type: AWS::Events::Rule
            Properties:
              ScheduleExpression: rate(1 day)
              Targets: [{Id: s, Arn: !GetAtt Stream.Arn, RoleArn: !GetAtt Role.Arn}]
        """)
    assert [finding.resource for finding in found["caller-without-target-permission"]] == ["Rule"]
    assert "destination-no-permission" not in found
