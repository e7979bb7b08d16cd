"""For which source and account a service acts."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(
    ("source_arn", "rule"),
    [
        ("arn:aws:apigateway:us-east-1::/restapis/abc123", "permission-source-mismatch"),
        ("arn:aws:execute-api:us-east-1:111122223333:abc123/*/GET/orders", None),
    ],
)
def test_the_source_of_an_api_is_its_execute_api_arn(audit_text: Any, source_arn: str, rule: str | None) -> None:
    """The control plane's ARN never matches: https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html."""
    found = audit_text(f"""
Resources:
  Permission:
    Type: AWS::Lambda::Permission
    Properties:
      FunctionName: orders
      Action: lambda:InvokeFunction
      Principal: apigateway.amazonaws.com
      SourceArn: {source_arn}
""")
    rules = {"permission-source-mismatch", "permission-source-needs-account"} & set(found)
    assert rules == ({rule} if rule else set())


SNS = """
  Jobs: {Type: AWS::SQS::Queue}
  Policy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Jobs]
      PolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: sns.amazonaws.com}, Action: sqs:SendMessage, Resource: "*"}]
"""
WORKER = """
  Worker:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.12, Handler: a.b, InlineCode: x, Events: {Q: {Type: SQS, Properties:
      {Queue: !GetAtt Jobs.Arn}}}}
"""
DIRECT = """
  Allow: {Type: AWS::Lambda::Permission, Properties:
    {FunctionName: !Ref Worker, Action: lambda:InvokeFunction, Principal: sns.amazonaws.com}}
"""


@pytest.mark.parametrize(("more", "severity"), [("", "medium"), (WORKER, "high")])
def test_a_queue_that_runs_a_function_is_as_bad_as_the_function_itself(
    audit_text: Any, more: str, severity: str
) -> None:
    """Whoever makes the service write to the queue runs the function."""
    found = audit_text(f"Transform: AWS::Serverless-2016-10-31\nResources:{SNS}{more}{DIRECT if more else ''}")
    assert [finding.severity for finding in found["service-no-source"]] == [severity]
    assert [finding.severity for finding in found.get("permission-service-no-source", [])] == (["high"] if more else [])


LOGS = """
Resources:
  Group: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /aws/events/orders}}
  Policy:
    Type: AWS::Logs::ResourcePolicy
    Properties:
      PolicyName: events
      PolicyDocument: !Sub |
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "SERVICE"},
         "Action": "logs:PutLogEvents", "Resource": "${Group.Arn}"}]}
"""


@pytest.mark.parametrize(("service", "severity"), [("events.amazonaws.com", "low"), ("es.amazonaws.com", "medium")])
def test_a_policy_of_log_groups_is_about_the_groups_it_names(audit_text: Any, service: str, severity: str) -> None:
    """EventBridge delivers to log groups of its own account alone.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-cross-account.html
    """
    (finding,) = audit_text(LOGS.replace("SERVICE", service))["service-no-source"]
    assert finding.message == f"`{service}` may use `Group` on behalf of any AWS account"
    assert finding.severity == severity
