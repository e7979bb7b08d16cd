"""Functions and resources as they are set up."""

from __future__ import annotations

from typing import Any

import pytest

WORLD = """
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: incoming-files
      NotificationConfiguration:
        LambdaConfigurations: [{Event: "EVENT", Function: !GetAtt Fn.Arn, FILTER}]
  Queue: {Type: AWS::SQS::Queue}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
      Policies:
        - PolicyName: own
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - {Effect: Allow, Action: [s3:PutObject, s3:GetObject], Resource: "arn:aws:s3:::incoming-files/KEYS"}
  Fn:
    Type: AWS::Lambda::Function
    Properties: {Code: {ZipFile: x}, Handler: a.b, Runtime: python3.12, Role: !GetAtt Role.Arn, EXTRA}
"""


def _world(event: str = "s3:ObjectCreated:*", prefix: str = "", keys: str = "*", extra: str = "Timeout: 3") -> str:
    rules = f"Filter: {{S3Key: {{Rules: [{{Name: prefix, Value: {prefix}}}]}}}}" if prefix else "Filter: {}"
    return WORLD.replace("EVENT", event).replace("FILTER", rules).replace("KEYS", keys).replace("EXTRA", extra)


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
    audit_text: Any, event: str, prefix: str, keys: str, loops: bool
) -> None:
    """Events and prefixes decide: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html."""
    assert ("s3-notification-loop" in audit_text(_world(event, prefix, keys))) is loops


def test_a_dead_letter_queue_comes_with_the_statement_to_paste(audit_text: Any) -> None:
    """The role of the function sends: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html."""
    (finding,) = audit_text(_world(extra="DeadLetterConfig: {TargetArn: !GetAtt Queue.Arn}"))[
        "destination-no-permission"
    ]
    assert "its dead-letter queue `Queue`" in finding.message
    assert finding.fix == "- Effect: Allow\n  Action: sqs:SendMessage\n  Resource: !GetAtt Queue.Arn"


def test_a_service_that_may_not_send_gets_a_statement_for_the_policy_of_the_target(audit_text: Any) -> None:
    """A topic sends into a queue by the queue's policy: https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html."""
    topic = """
  Topic: {Type: AWS::SNS::Topic, Properties: {Subscription: [{Protocol: sqs, Endpoint: !GetAtt Queue.Arn}]}}
"""
    (finding,) = audit_text(_world() + topic)["destination-no-permission"]
    assert "whose policy does not let `sns.amazonaws.com` in" in finding.message
    assert "Resource: !GetAtt Queue.Arn" in finding.fix
    assert "ArnLike: {aws:SourceArn: !GetAtt Topic.TopicArn}" in finding.fix


def test_network_interfaces_may_be_granted_on_subnets(audit_text: Any) -> None:
    """The resource does not matter to whether Lambda can make one."""
    in_vpc = "VpcConfig: {SubnetIds: [subnet-1], SecurityGroupIds: [sg-1]}"
    text = _world(extra=in_vpc)
    assert "feature-without-permission" in audit_text(text)
    first = "              - {Effect: Allow, Action: [s3:PutObject"
    scoped = """
              - {Effect: Allow, Action: "ec2:*NetworkInterface", Resource: "arn:aws:ec2:*:*:*/*"}
              - {Effect: Allow, Action: ec2:DescribeNetworkInterfaces, Resource: "*"}
"""
    assert "feature-without-permission" not in audit_text(text.replace(first, scoped.lstrip("\n") + first))
