"""Nothing that could be a secret reaches a snapshot: each is planted where people keep one, and looked for."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from permscope.collect.live.estate import Estate
from permscope.services import live_readers

ACCOUNT, REGION = "123456789012", "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:orders"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": f"{name}.amazonaws.com"}, "Action": "sts:AssumeRole"}
            for name in ("lambda", "codepipeline", "states")
        ],
    }
)
NO_ACTION = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
MACHINE = {
    "Comment": "SECRET",
    "StartAt": "Call",
    "States": {
        "Call": {
            "Type": "Task",
            "Comment": "SECRET",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": FUNCTION, "Payload": {"password": "SECRET"}},
            "Next": "Pass",
        },
        "Pass": {"Type": "Pass", "Result": {"password": "SECRET"}, "End": True},
    },
}
AUTOMATION = {
    "schemaVersion": "0.3",
    "description": "SECRET",
    "parameters": {"P": {"type": "String", "default": "SECRET"}},
    "mainSteps": [
        {"name": "a", "action": "aws:executeScript", "inputs": {"Runtime": "python3.11", "Script": "SECRET"}},
        {"name": "b", "action": "aws:invokeLambdaFunction", "inputs": {"FunctionName": "orders", "Payload": "SECRET"}},
    ],
}
STACK = {
    "Description": "SECRET",
    "Parameters": {"P": {"Type": "String"}},
    "Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "of-a-stack"}}},
    "Outputs": {"O": {"Value": "SECRET"}},
}
TAGS = [{"Key": "k", "Value": "SECRET"}]
CONTAINER = {"image": "shop", "memory": 128, "command": ["SECRET"], "environment": [{"name": "A", "value": "SECRET"}]}
PLANTED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("iam.create_role", {"RoleName": "app", "AssumeRolePolicyDocument": TRUST, "Description": "SECRET", "Tags": TAGS}),
    ("iam.create_user", {"UserName": "ada", "Tags": TAGS}),
    ("iam.create_policy", {"PolicyName": "p", "PolicyDocument": json.dumps(NO_ACTION), "Description": "SECRET"}),
    (
        "lambda.create_function",
        {
            "FunctionName": "orders",
            "Role": ROLE,
            "Runtime": "python3.12",
            "Handler": "app.handler",
            "Code": {"ZipFile": "SECRET"},
            "Description": "SECRET",
            "Environment": {"Variables": {"PASSWORD": "SECRET", "DATABASE": "postgres://user:SECRET@host/db"}},
            "Tags": {"k": "SECRET"},
            "Publish": True,
        },
    ),
    (
        "lambda.create_alias",
        {"FunctionName": "orders", "Name": "live", "FunctionVersion": "1", "Description": "SECRET"},
    ),
    ("lambda.publish_layer_version", {"LayerName": "l", "Content": {"ZipFile": "SECRET"}, "Description": "SECRET"}),
    ("secretsmanager.create_secret", {"Name": "db", "SecretString": "SECRET", "Description": "SECRET", "Tags": TAGS}),
    ("ssm.put_parameter", {"Name": "/p", "Type": "SecureString", "Value": "SECRET", "Description": "SECRET"}),
    (
        "ssm.create_document",
        {"Name": "doc", "DocumentType": "Automation", "DocumentFormat": "JSON", "Content": json.dumps(AUTOMATION)},
    ),
    ("sqs.create_queue", {"QueueName": "orders", "tags": {"k": "SECRET"}}),
    ("sns.create_topic", {"Name": "t", "Attributes": {"DisplayName": "SECRET"}, "Tags": TAGS}),
    (
        "sns.subscribe",
        {"TopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:t", "Protocol": "email", "Endpoint": "SECRET@x.org"},
    ),
    (
        "sns.subscribe",
        {
            "TopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:t",
            "Protocol": "https",
            "Endpoint": "https://u:SECRET@x.org/SECRET",
        },
    ),
    ("events.put_rule", {"Name": "r", "EventPattern": '{"detail": {"x": ["SECRET"]}}', "Description": "SECRET"}),
    (
        "events.put_targets",
        {
            "Rule": "r",
            "Targets": [
                {"Id": "1", "Arn": FUNCTION, "Input": '{"password": "SECRET"}'},
                {"Id": "2", "Arn": FUNCTION, "InputTransformer": {"InputTemplate": '"SECRET"'}},
            ],
        },
    ),
    (
        "events.create_connection",
        {
            "Name": "c",
            "AuthorizationType": "API_KEY",
            "AuthParameters": {"ApiKeyAuthParameters": {"ApiKeyName": "k", "ApiKeyValue": "SECRET"}},
            "Description": "SECRET",
        },
    ),
    (
        "events.create_api_destination",
        {
            "Name": "hook",
            "ConnectionArn": f"arn:aws:events:{REGION}:{ACCOUNT}:connection/c/1",
            "InvocationEndpoint": "https://hooks.example.com/SECRET?token=SECRET",
            "HttpMethod": "POST",
        },
    ),
    (
        "scheduler.create_schedule",
        {
            "Name": "s",
            "ScheduleExpression": "rate(1 day)",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Description": "SECRET",
            "Target": {"Arn": FUNCTION, "RoleArn": ROLE, "Input": '{"password": "SECRET"}'},
        },
    ),
    (
        "scheduler.create_schedule",
        {
            "Name": "any-api",
            "ScheduleExpression": "rate(1 day)",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {
                "Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage",
                "RoleArn": ROLE,
                "Input": json.dumps({"QueueUrl": "https://sqs/123456789012/orders", "MessageBody": "SECRET"}),
            },
        },
    ),
    (
        "pipes.create_pipe",
        {
            "Name": "p",
            "RoleArn": ROLE,
            "Source": QUEUE,
            "Target": FUNCTION,
            "Description": "SECRET",
            "SourceParameters": {"FilterCriteria": {"Filters": [{"Pattern": '{"body": ["SECRET"]}'}]}},
            "EnrichmentParameters": {"HttpParameters": {"HeaderParameters": {"X": "SECRET"}}},
            "TargetParameters": {"InputTemplate": "SECRET"},
        },
    ),
    ("stepfunctions.create_state_machine", {"name": "m", "roleArn": ROLE, "definition": json.dumps(MACHINE)}),
    (
        "codebuild.create_project",
        {
            "name": "build",
            "serviceRole": ROLE,
            "description": "SECRET",
            "artifacts": {"type": "NO_ARTIFACTS"},
            "environment": {
                "type": "LINUX_CONTAINER",
                "computeType": "BUILD_GENERAL1_SMALL",
                "image": "i",
                "environmentVariables": [{"name": "A", "value": "SECRET", "type": "PLAINTEXT"}],
            },
            "source": {"type": "S3", "location": "shop/app.zip", "buildspec": "SECRET"},
        },
    ),
    (
        "codepipeline.create_pipeline",
        {
            "pipeline": {
                "name": "ship",
                "roleArn": ROLE,
                "artifactStore": {"type": "S3", "location": "shop-artifacts"},
                "stages": [
                    {
                        "name": name,
                        "actions": [
                            {
                                "name": name,
                                "actionTypeId": {
                                    "category": category,
                                    "owner": owner,
                                    "provider": provider,
                                    "version": "1",
                                },
                                "configuration": configuration,
                            }
                        ],
                    }
                    for name, category, owner, provider, configuration in (
                        ("source", "Source", "ThirdParty", "GitHub", {"OAuthToken": "SECRET"}),
                        ("call", "Invoke", "AWS", "Lambda", {"FunctionName": "orders", "UserParameters": "SECRET"}),
                    )
                ],
            }
        },
    ),
    (
        "ecs.register_task_definition",
        {"family": "web", "taskRoleArn": ROLE, "containerDefinitions": [{**CONTAINER, "name": "web"}]},
    ),
    (
        "batch.register_job_definition",
        {
            "jobDefinitionName": "night",
            "type": "container",
            "containerProperties": {**CONTAINER, "vcpus": 1, "jobRoleArn": ROLE},
        },
    ),
    ("kms.create_key", {"Description": "SECRET", "Tags": [{"TagKey": "k", "TagValue": "SECRET"}]}),
    ("logs.create_log_group", {"logGroupName": "/g", "tags": {"k": "SECRET"}}),
    (
        "logs.put_subscription_filter",
        {"logGroupName": "/g", "filterName": "x", "filterPattern": "SECRET", "destinationArn": FUNCTION},
    ),
    (
        "cognito-idp.create_user_pool",
        {
            "PoolName": "shop",
            "LambdaConfig": {"PreSignUp": FUNCTION},
            "EmailVerificationMessage": "SECRET {####}",
            "SmsConfiguration": {"SnsCallerArn": ROLE, "ExternalId": "SECRET"},
        },
    ),
    (
        "iot.create_topic_rule",
        {
            "ruleName": "t",
            "topicRulePayload": {
                "sql": "SELECT 'SECRET' FROM 'a'",
                "description": "SECRET",
                "actions": [
                    {"lambda": {"functionArn": FUNCTION}},
                    {"http": {"url": "https://x.org/SECRET", "headers": [{"key": "k", "value": "SECRET"}]}},
                ],
            },
        },
    ),
    (
        "config.put_config_rule",
        {
            "ConfigRule": {
                "ConfigRuleName": "c",
                "Description": "SECRET",
                "InputParameters": '{"k": "SECRET"}',
                "Source": {
                    "Owner": "CUSTOM_LAMBDA",
                    "SourceIdentifier": FUNCTION,
                    "SourceDetails": [
                        {"EventSource": "aws.config", "MessageType": "ConfigurationItemChangeNotification"}
                    ],
                },
            }
        },
    ),
    (
        "firehose.create_delivery_stream",
        {
            "DeliveryStreamName": "d",
            "HttpEndpointDestinationConfiguration": {
                "EndpointConfiguration": {"Url": "https://x.org/SECRET", "AccessKey": "SECRET"},
                "S3Configuration": {"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::shop"},
                "RequestConfiguration": {"CommonAttributes": [{"AttributeName": "k", "AttributeValue": "SECRET"}]},
            },
        },
    ),
    (
        "cloudformation.create_stack",
        {
            "StackName": "shop",
            "Parameters": [{"ParameterKey": "P", "ParameterValue": "SECRET"}],
            "Tags": TAGS,
            "TemplateBody": json.dumps(STACK),
        },
    ),
    (
        "rds.create_db_cluster",
        {"DBClusterIdentifier": "c", "Engine": "aurora-mysql", "MasterUsername": "u", "MasterUserPassword": "SECRET"},
    ),
)
INTEGRATIONS: tuple[dict[str, Any], ...] = (
    {
        "httpMethod": "POST",
        "type": "AWS",
        "uri": f"arn:aws:apigateway:{REGION}:sqs:path/{ACCOUNT}/orders",
        "credentials": ROLE,
        "requestParameters": {"integration.request.header.X": "'SECRET'"},
        "requestTemplates": {"application/json": "Action=SendMessage&MessageBody=SECRET"},
    },
    {"httpMethod": "PUT", "type": "HTTP", "uri": "https://u:SECRET@back.example.com/SECRET?k=SECRET"},
)


class Planter:
    """Puts a word of its own in every place that says `SECRET`."""

    def __init__(self) -> None:
        self.words: dict[str, str] = {}

    def fill(self, value: Any, place: str) -> Any:
        """A value with its words; archives are made of text."""
        if isinstance(value, dict):
            return {
                key: _archive(self.fill(item, place)) if key == "ZipFile" else self.fill(item, f"{place} {key}")
                for key, item in value.items()
            }
        if isinstance(value, list):
            return [self.fill(item, place) for item in value]
        while isinstance(value, str) and "SECRET" in value:
            word = f"planted{len(self.words):03}x"
            self.words[word] = place
            value = value.replace("SECRET", word, 1)
        return value


def _archive(text: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("app.py", f"password = {text!r}")
    return out.getvalue()


def _an_api(client: Any, planter: Planter) -> None:
    """A REST API whose methods send a message and call somebody outside."""
    api = client.create_rest_api(**planter.fill({"name": "api", "description": "SECRET"}, "api"))["id"]
    root = client.get_resources(restApiId=api)["items"][0]["id"]
    for integration in INTEGRATIONS:
        where = {"restApiId": api, "resourceId": root, "httpMethod": integration["httpMethod"]}
        client.put_method(**where, authorizationType="NONE")
        client.put_integration(**{**planter.fill(integration, "integration"), **where}, integrationHttpMethod="POST")
    made = client.create_deployment(restApiId=api, **planter.fill({"description": "SECRET"}, "deployment"))["id"]
    stage = planter.fill({"stageName": "s", "variables": {"v": "SECRET"}, "description": "SECRET"}, "stage")
    client.create_stage(restApiId=api, deploymentId=made, **stage)
    client.create_api_key(**planter.fill({"name": "k", "value": "SECRET-and-more-letters"}, "api key"))


def test_no_secret_reaches_the_snapshot(
    client: Callable[..., Any], collect_live: Callable[..., Estate], tmp_path: Path
) -> None:
    """Environments, payloads, code, tags, descriptions, web hooks, tokens, commands: nothing of them is kept."""
    planter = Planter()
    asked = {"apigateway"}
    for operation, arguments in PLANTED:
        service, _, name = operation.partition(".")
        asked.add(service)
        getattr(client(service), name)(**planter.fill(arguments, operation))
    _an_api(client("apigateway"), planter)
    collect_live(readers={name for name, reader in live_readers() if reader.client in asked}, timeout=30.0)
    text = (tmp_path / "estate.json").read_text(encoding="utf-8")
    assert len(planter.words) > 70
    assert [place for word, place in planter.words.items() if word in text] == []
    for name in ("PASSWORD", "hooks.example.com", "back.example.com", "of-a-stack", "schedule/default/any-api"):
        assert name in text
