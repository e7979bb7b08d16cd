"""Names, ARNs, `Ref` and `Fn::GetAtt`; expectations from the pages of the resource types.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from permscope.collect.templates.stack import Bound

TEMPLATE = """
Resources:
  Fn: {Type: 'AWS::Lambda::Function', Properties: {FunctionName: orders}}
  Alias: {Type: 'AWS::Lambda::Alias', Properties: {FunctionName: !Ref Fn, Name: live, FunctionVersion: '1'}}
  AliasByArn: {Type: 'AWS::Lambda::Alias', Properties: {FunctionName: !GetAtt Fn.Arn, Name: live}}
  Version: {Type: 'AWS::Lambda::Version', Properties: {FunctionName: !Ref Fn}}
  Url: {Type: 'AWS::Lambda::Url', Properties: {TargetFunctionArn: !Ref Fn, AuthType: NONE}}
  UrlOfAlias: {Type: 'AWS::Lambda::Url', Properties: {TargetFunctionArn: !GetAtt Fn.Arn, Qualifier: live}}
  Layer: {Type: 'AWS::Lambda::LayerVersion', Properties: {LayerName: deps}}
  Queue: {Type: 'AWS::SQS::Queue', Properties: {QueueName: q.fifo}}
  Topic: {Type: 'AWS::SNS::Topic', Properties: {TopicName: t}}
  Log: {Type: 'AWS::Logs::LogGroup', Properties: {LogGroupName: /aws/lambda/orders}}
  Role: {Type: 'AWS::IAM::Role', Properties: {RoleName: r, Path: /team/}}
  Plain: {Type: 'AWS::IAM::Role'}
  Managed: {Type: 'AWS::IAM::ManagedPolicy', Properties: {ManagedPolicyName: m}}
  Bucket: {Type: 'AWS::S3::Bucket', Properties: {BucketName: b}}
  Table: {Type: 'AWS::DynamoDB::Table', Properties: {TableName: t}}
  Rule: {Type: 'AWS::Events::Rule', Properties: {Name: r}}
  BusRule: {Type: 'AWS::Events::Rule', Properties: {Name: r, EventBusName: !Ref Bus}}
  DefaultRule: {Type: 'AWS::Events::Rule', Properties: {Name: r, EventBusName: default}}
  ArnRule: {Type: 'AWS::Events::Rule', Properties: {Name: r, EventBusName: !GetAtt Bus.Arn}}
  Bus: {Type: 'AWS::Events::EventBus', Properties: {Name: bus}}
  Schedule: {Type: 'AWS::Scheduler::Schedule', Properties: {Name: s}}
  Grouped: {Type: 'AWS::Scheduler::Schedule', Properties: {Name: s, GroupName: g}}
  Secret: {Type: 'AWS::SecretsManager::Secret', Properties: {Name: db}}
  Parameter: {Type: 'AWS::SSM::Parameter', Properties: {Name: /a/b}}
  Flat: {Type: 'AWS::SSM::Parameter', Properties: {Name: ab}}
  Key: {Type: 'AWS::KMS::Key'}
  Pool: {Type: 'AWS::Cognito::UserPool', Properties: {UserPoolName: users}}
  Oidc: {Type: 'AWS::IAM::OIDCProvider', Properties: {Url: 'https://token.actions.githubusercontent.com'}}
  Machine: {Type: 'AWS::StepFunctions::StateMachine', Properties: {StateMachineName: m}}
  Api: {Type: 'AWS::ApiGateway::RestApi', Properties: {Name: api}}
  Http: {Type: 'AWS::ApiGatewayV2::Api', Properties: {Name: api}}
  Own: {Type: 'Custom::Thing', Properties: {ServiceToken: x}}
  Nothing: {Type: 'AWS::Nope::Nope'}
  Circle1: {Type: 'AWS::S3::Bucket', Properties: {BucketName: !Ref Circle2}}
  Circle2: {Type: 'AWS::S3::Bucket', Properties: {BucketName: !Ref Circle1}}
  Named: {Type: 'AWS::S3::Bucket', Properties: {BucketName: !Sub '${Table}-files'}}
"""
OWN = {"account": "111122223333", "region": "eu-west-1", "partition": "aws"}


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:eu-west-1:111122223333:{resource}"


@pytest.mark.parametrize(
    ("logical_id", "ref", "arn"),
    [
        ("Fn", "orders", _arn("lambda", "function:orders")),
        ("Alias", _arn("lambda", "function:orders:live"), _arn("lambda", "function:orders:live")),
        ("AliasByArn", _arn("lambda", "function:orders:live"), _arn("lambda", "function:orders:live")),
        (
            "Version",
            _arn("lambda", "function:orders:${Version.Version}"),
            _arn("lambda", "function:orders:${Version.Version}"),
        ),
        ("Url", _arn("lambda", "function:orders"), None),
        ("UrlOfAlias", _arn("lambda", "function:orders:live"), None),
        ("Layer", _arn("lambda", "layer:deps:${Layer.Id}"), _arn("lambda", "layer:deps:${Layer.Id}")),
        ("Queue", "https://sqs.eu-west-1.amazonaws.com/111122223333/q.fifo", _arn("sqs", "q.fifo")),
        ("Topic", _arn("sns", "t"), _arn("sns", "t")),
        ("Log", "/aws/lambda/orders", _arn("logs", "log-group:/aws/lambda/orders")),
        ("Role", "r", "arn:aws:iam::111122223333:role/team/r"),
        ("Plain", "${Plain}", "arn:aws:iam::111122223333:role/${Plain}"),
        ("Managed", "arn:aws:iam::111122223333:policy/m", "arn:aws:iam::111122223333:policy/m"),
        ("Bucket", "b", "arn:aws:s3:::b"),
        ("Table", "t", _arn("dynamodb", "table/t")),
        ("Rule", "r", _arn("events", "rule/r")),
        ("DefaultRule", "r", _arn("events", "rule/r")),
        ("BusRule", "r", _arn("events", "rule/bus/r")),
        ("ArnRule", "r", _arn("events", "rule/bus/r")),
        ("Schedule", "s", _arn("scheduler", "schedule/default/s")),
        ("Grouped", "s", _arn("scheduler", "schedule/g/s")),
        ("Secret", _arn("secretsmanager", "secret:db-??????"), _arn("secretsmanager", "secret:db-??????")),
        ("Parameter", "/a/b", _arn("ssm", "parameter/a/b")),
        ("Flat", "ab", _arn("ssm", "parameter/ab")),
        ("Key", "${Key}", _arn("kms", "key/${Key}")),
        ("Pool", "${Pool}", _arn("cognito-idp", "userpool/${Pool}")),
        (
            "Oidc",
            "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com",
            "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com",
        ),
        ("Machine", _arn("states", "stateMachine:m"), _arn("states", "stateMachine:m")),
        ("Api", "${Api}", _arn("execute-api", "${Api}")),
        ("Own", "${Own}", None),
        ("Nothing", "${Nothing}", None),
        ("Named", "t-files", "arn:aws:s3:::t-files"),
    ],
)
def test_ref_and_arn_are_those_of_the_resource_type(
    bind: Callable[..., Bound], logical_id: str, ref: str, arn: str | None
) -> None:
    """What a template fixes is exact; what CloudFormation generates is a token of the logical id."""
    identity = bind(TEMPLATE, **OWN).identities.of(logical_id)
    assert (identity.ref, identity.arn) == (ref, arn)


@pytest.mark.parametrize(
    ("logical_id", "attribute", "value"),
    [
        ("Log", "Arn", _arn("logs", "log-group:/aws/lambda/orders:*")),
        ("Queue", "Arn", _arn("sqs", "q.fifo")),
        ("Queue", "QueueName", "q.fifo"),
        ("Queue", "QueueUrl", "https://sqs.eu-west-1.amazonaws.com/111122223333/q.fifo"),
        ("Topic", "TopicName", "t"),
        ("Topic", "TopicArn", _arn("sns", "t")),
        ("Table", "StreamArn", _arn("dynamodb", "table/t/stream/${Table.StreamLabel}")),
        ("Bucket", "RegionalDomainName", "b.s3.eu-west-1.amazonaws.com"),
        ("Key", "KeyId", "${Key}"),
        ("Key", "Arn", _arn("kms", "key/${Key}")),
        ("Api", "RootResourceId", "${Api.RootResourceId}"),
        ("Api", "RestApiId", "${Api}"),
        ("Http", "ApiId", "${Http}"),
        ("Url", "FunctionArn", _arn("lambda", "function:orders")),
        ("Url", "FunctionUrl", "https://${Url.FunctionUrl}.lambda-url.eu-west-1.on.aws/"),
        ("Version", "Version", "${Version.Version}"),
        ("Role", "RoleId", "${Role.RoleId}"),
        ("Own", "Anything", "${Own.Anything}"),
        ("Nothing", "Arn", "${Nothing.Arn}"),
        ("Missing", "Arn", None),
    ],
)
def test_attributes_meet_ref_and_arn(
    bind: Callable[..., Bound], logical_id: str, attribute: str, value: str | None
) -> None:
    """An attribute that says the same as `Ref` or the ARN gives the same text."""
    assert bind(TEMPLATE, **OWN).identities.attribute(logical_id, attribute) == value


def test_names_in_a_circle_end_in_tokens(bind: Callable[..., Bound]) -> None:
    """CloudFormation refuses such a template; reading it ends."""
    found = bind(TEMPLATE, **OWN).identities
    assert found.ref("Circle1") in ("${Circle1}", "${Circle2}")
    assert found.ref("Nope") is None


UNNAMED = """
Resources:
  Machine: {Type: 'AWS::StepFunctions::StateMachine', Properties: {RoleArn: r}}
  Repository: {Type: 'AWS::CodeCommit::Repository', Properties: {RepositoryName: code}}
  Queue: {Type: 'AWS::SQS::Queue'}
  Rule: {Type: 'AWS::Events::Rule', Properties: {EventPattern: {source: [a]}}}
  Bus: {Type: 'AWS::Events::EventBus', Properties: {Name: orders}}
  Stream: {Type: 'AWS::Kinesis::Stream'}
  Consumer: {Type: 'AWS::Kinesis::StreamConsumer', Properties: {ConsumerName: audit, StreamARN: !GetAtt Stream.Arn}}
"""


@pytest.mark.parametrize(
    ("logical_id", "attribute", "value"),
    [
        ("Machine", "Name", "${Machine}"),
        ("Repository", "Name", "code"),
        ("Queue", "QueueName", "${Queue}"),
        ("Rule", "RuleName", "${Rule}"),
        ("Bus", "Name", "orders"),
        ("Consumer", "ConsumerName", "audit"),
        ("Consumer", "ConsumerARN", _arn("kinesis", "stream/${Stream}/consumer/audit:${Consumer.Id}")),
    ],
)
def test_an_attribute_that_is_the_name_is_the_name(
    bind: Callable[..., Bound], logical_id: str, attribute: str, value: str
) -> None:
    """Whatever the type calls it; a consumer is named below its stream."""
    assert bind(UNNAMED, **OWN).identities.attribute(logical_id, attribute) == value
