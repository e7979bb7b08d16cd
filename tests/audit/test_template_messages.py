"""Findings on templates say what the reader can act on, and nothing about what SAM writes."""

from __future__ import annotations

from pathlib import Path

from permscope.audit.engine import run
from permscope.audit.findings import Finding
from permscope.audit.rules import load_rules
from permscope.collect.load import LoadOptions, load
from permscope.graph.build import build_graph

RULES = load_rules()

POLLER = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Jobs: {Type: AWS::SQS::Queue}
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: a.b
      InlineCode: pass
      Policies: [SQSPollerPolicy: {QueueName: !GetAtt Jobs.QueueName}]
"""

UNDECIDED = """\
Transform: AWS::Serverless-2016-10-31
Parameters: {Env: {Type: String}}
Conditions: {IsProd: !Equals [!Ref Env, prod]}
Resources:
  Jobs: {Type: AWS::SQS::Queue}
  Worker:
    Type: AWS::Serverless::Function
    Condition: IsProd
    Properties:
      Runtime: python3.12
      Handler: a.b
      InlineCode: pass
      Role: !GetAtt Role.Arn
      Events: {Jobs: {Type: SQS, Properties: {Queue: !GetAtt Jobs.Arn}}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}]
"""


def _audit(folder: Path, template: str) -> tuple[Finding, ...]:
    path = folder / "template.yaml"
    path.write_text(template, encoding="utf-8")
    inventory = load([path.as_posix()], LoadOptions())
    assert not inventory.errors
    return run(build_graph(inventory), inventory, RULES)


def test_the_batch_names_in_sams_own_poller_policy_are_no_mistake_of_its_user(tmp_path: Path) -> None:
    """`SQSPollerPolicy` names actions that have no effect, and nobody who uses it can take them out."""
    assert "unknown-action" not in {finding.rule for finding in _audit(tmp_path, POLLER)}


def test_a_misspelt_action_beside_the_batch_names_is_still_found(tmp_path: Path) -> None:
    """Only the names without effect are let pass, not what else SQS does not have."""
    policy = "Statement: [{Effect: Allow, Action: ['sqs:DeleteMessageBatch', 'sqs:DeleteMesage'], Resource: '*'}]"
    template = POLLER.replace("SQSPollerPolicy: {QueueName: !GetAtt Jobs.QueueName}", "{" + policy + "}")
    found = [finding.message for finding in _audit(tmp_path, template) if finding.rule == "unknown-action"]
    assert len(found) == 1
    assert "`sqs:DeleteMesage`" in found[0]


def test_a_finding_about_an_undecided_edge_names_the_condition_alone(tmp_path: Path) -> None:
    """A message names the condition as the template does."""
    found = [finding.message for finding in _audit(tmp_path, UNDECIDED) if finding.rule == "esm-role-missing-poll"]
    assert len(found) == 1
    assert found[0].endswith("when condition `IsProd` holds")


BROKER = """\
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}]
  Fn:
    Type: AWS::Lambda::Function
    Properties: {Role: !GetAtt Role.Arn, Handler: a.b, Runtime: python3.12, Code: {ZipFile: x}}
  Password: {Type: AWS::SecretsManager::Secret}
  Kafka:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !Ref Fn
      SelfManagedEventSource: {Endpoints: {KafkaBootstrapServers: ["b:9092"]}}
      Topics: [orders]
      SourceAccessConfigurations:
        - {Type: SASL_SCRAM_512_AUTH, URI: !Ref Password}
        - {Type: VPC_SUBNET, URI: "subnet:subnet-1"}
"""


def test_a_role_that_may_not_read_a_broker_is_told_all_that_is_missing(tmp_path: Path) -> None:
    """The network rights too, which are not certain to be missed where nothing else is missing.

    https://docs.aws.amazon.com/lambda/latest/dg/with-kafka-permissions.html
    """
    (finding,) = [found for found in _audit(tmp_path, BROKER) if found.rule == "esm-role-missing-poll"]
    assert "`secretsmanager:GetSecretValue`" in finding.message
    assert finding.message.endswith("to read `Kafka` for `Fn`")
    assert "ec2:CreateNetworkInterface" in finding.message
    assert "ec2:DescribeSecurityGroups" in finding.fix


WAY_OUT = """\
  Lake: {Type: AWS::S3::Bucket}
  Stream:
    Type: AWS::KinesisFirehose::DeliveryStream
    Properties:
      ExtendedS3DestinationConfiguration:
        BucketARN: !GetAtt Lake.Arn
        RoleARN: !GetAtt Delivery.Arn
        ProcessingConfiguration:
          Enabled: true
          Processors: [{Type: Lambda, Parameters: [{ParameterName: LambdaArn, ParameterValue: !GetAtt Fn.Arn}]}]
  Delivery:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: firehose.amazonaws.com}, Action: "sts:AssumeRole"}]
      Policies:
        - PolicyName: p
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - {Effect: Allow, Action: "s3:*", Resource: [!GetAtt Lake.Arn, !Sub "${Lake.Arn}/*"]}
              - {Effect: Allow, Action: "lambda:InvokeFunction", Resource: !Sub "${Fn.Arn}:$LATEST"}
"""


def test_a_call_that_may_be_allowed_is_not_said_to_be_missing(tmp_path: Path) -> None:
    """The graph leaves it open whether a grant on `$LATEST` is enough for Firehose."""
    found = _audit(tmp_path, BROKER + WAY_OUT)
    assert not [finding for finding in found if finding.rule == "caller-without-target-permission"]
