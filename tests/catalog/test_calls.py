"""IAM actions of API calls."""

from __future__ import annotations

import pytest

from permscope.catalog.actions import load
from permscope.catalog.calls import iam_action, iam_prefix


@pytest.mark.parametrize(
    ("service", "operation", "actions"),
    [
        ("dynamodb", "putItem", ["dynamodb:PutItem"]),
        ("dynamodb", "PutItem", ["dynamodb:PutItem"]),
        ("DynamoDB", "put_item", ["dynamodb:PutItem"]),
        ("sfn", "startExecution", ["states:StartExecution"]),
        ("eventbridge", "putEvents", ["events:PutEvents"]),
        ("cloudwatchlogs", "createLogGroup", ["logs:CreateLogGroup"]),
        ("CloudWatch Logs", "CreateLogGroup", ["logs:CreateLogGroup"]),
        ("cloudwatch", "putMetricData", ["cloudwatch:PutMetricData"]),
        ("cognitoidentityprovider", "adminGetUser", ["cognito-idp:AdminGetUser"]),
        ("cognito-idp", "admin_get_user", ["cognito-idp:AdminGetUser"]),
        ("elasticloadbalancingv2", "describeRules", ["elasticloadbalancing:DescribeRules"]),
        ("sesv2", "sendEmail", ["ses:SendEmail"]),
        ("s3", "listObjectsV2", ["s3:ListBucket"]),
        ("s3", "headObject", ["s3:GetObject"]),
        ("s3", "listBuckets", ["s3:ListAllMyBuckets"]),
        ("s3", "copyObject", ["s3:GetObject", "s3:PutObject"]),
        ("s3", "getBucketNotificationConfiguration", ["s3:GetBucketNotification"]),
        ("s3control", "getPublicAccessBlock", ["s3:GetAccountPublicAccessBlock"]),
        ("lambda", "invoke", ["lambda:InvokeFunction"]),
        ("lambda", "invokeWithResponseStream", ["lambda:InvokeFunction"]),
        ("lambda", "createFunction", ["lambda:CreateFunction"]),
        ("sqs", "sendMessageBatch", ["sqs:SendMessage"]),
        ("sns", "publishBatch", ["sns:Publish"]),
        ("kms", "reEncrypt", ["kms:ReEncryptFrom", "kms:ReEncryptTo"]),
        ("apigateway", "createRestApi", ["apigateway:POST"]),
        ("apigateway", "importRestApi", ["apigateway:POST"]),
        ("apigatewayv2", "getApis", ["apigateway:GET"]),
        ("apigateway", "invoke", ["execute-api:Invoke"]),
        ("apigatewaymanagementapi", "postToConnection", ["execute-api:ManageConnections"]),
        ("http", "invoke", ["states:InvokeHTTPEndpoint"]),
        ("elasticmapreduce", "addStep", ["elasticmapreduce:AddJobFlowSteps"]),
        ("bedrockruntime", "invokeModel", ["bedrock:InvokeModel"]),
        ("bedrockruntime", "converse", ["bedrock:InvokeModel"]),
        ("opensearch", "describeDomain", ["es:DescribeDomain"]),
        ("cloudcontrol", "createResource", ["cloudformation:CreateResource"]),
        ("iotdataplane", "publish", ["iot:Publish"]),
        ("databasemigration", "startReplicationTask", ["dms:StartReplicationTask"]),
        ("keyspaces", "createTable", ["cassandra:Create"]),
        ("sts", "assumeRole", ["sts:AssumeRole"]),
        ("nosuch", "doThing", []),
        ("s3", "doThing", []),
        ("iot1click", "listDevices", []),
        ("", "", []),
    ],
)
def test_a_call_needs_the_action_iam_checks(service: str, operation: str, actions: list[str]) -> None:
    """By any SDK's spelling of service and operation; unknown calls have none."""
    assert list(iam_action(service, operation)) == actions


def test_every_listed_action_exists_today() -> None:
    """The table names no action that the catalogue does not have."""
    from permscope.catalog.calls import _calls

    catalog = load()
    listed = {action for actions in _calls().exceptions.values() for action in actions}
    assert [action for action in sorted(listed) if action not in catalog.everything] == []
    assert len(listed) > 50


@pytest.mark.parametrize(
    ("service", "prefix"),
    [("sfn", "states"), ("states", "states"), ("elbv2", "elasticloadbalancing"), ("nosuch", None), ("tag", "tag")],
)
def test_a_service_is_known_by_all_its_names(service: str, prefix: str | None) -> None:
    """SDK names and IAM prefixes alike."""
    assert iam_prefix(service) == prefix
