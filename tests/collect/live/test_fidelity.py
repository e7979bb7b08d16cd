"""The same stack, read as template and read live, gives the same graph."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from permscope.collect.live.estate import Estate
from permscope.collect.load import LoadOptions, load
from permscope.collect.templates.document import parse_document
from permscope.collect.templates.facts import _resources
from permscope.collect.templates.files import Place
from permscope.collect.templates.stack import bind_template
from permscope.graph.build import build_graph
from permscope.graph.model import PermissionGraph
from permscope.inventory.inventory import Inventory
from permscope.services.interface import Stack, TemplateResource

ACCOUNT, REGION = "123456789012", "eu-west-1"
OPTIONS = LoadOptions(account=ACCOUNT, region=REGION, partition="aws")
TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: orders
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}
      Policies:
        - PolicyName: own
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
                Resource: !GetAtt Queue.Arn
              - {Effect: Allow, Action: "dynamodb:PutItem", Resource: !GetAtt Table.Arn}
              - {Effect: Allow, Action: ["sns:Publish", "sqs:SendMessage"], Resource: "*"}
              - {Effect: Allow, Action: "s3:GetObject", Resource: !Sub "${Bucket.Arn}/*"}
              - {Effect: Allow, Action: "kinesis:PutRecord", Resource: !GetAtt Stream.Arn}
      ManagedPolicyArns: [!Ref Shared]
  Shared:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      ManagedPolicyName: shared
      PolicyDocument:
        Version: "2012-10-17"
        Statement: {Effect: Allow, Action: "iam:PassRole", Resource: !Sub "arn:aws:iam::${AWS::AccountId}:role/orders"}
  Team:
    Type: AWS::IAM::Group
    Properties:
      GroupName: team
      Policies:
        - PolicyName: invoke
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - {Effect: Allow, Action: "lambda:InvokeFunction", Resource: !GetAtt Function.Arn}
  Ada:
    Type: AWS::IAM::User
    Properties: {UserName: ada, Groups: [!Ref Team]}
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: orders
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3}
  Dead:
    Type: AWS::SQS::Queue
    Properties: {QueueName: orders-dead}
  QueuePolicy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Queue]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {Service: sns.amazonaws.com}
            Action: sqs:SendMessage
            Resource: !GetAtt Queue.Arn
            Condition: {ArnEquals: {"aws:SourceArn": !Ref Topic}}
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: orders-table
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      ResourcePolicy:
        PolicyDocument:
          Version: "2012-10-17"
          Statement:
            - Effect: Allow
              Principal: {AWS: "210987654321"}
              Action: dynamodb:GetItem
              Resource: "*"
  Topic:
    Type: AWS::SNS::Topic
    Properties: {TopicName: orders}
  ToQueue:
    Type: AWS::SNS::Subscription
    Properties: {TopicArn: !Ref Topic, Protocol: sqs, Endpoint: !GetAtt Queue.Arn}
  ToFunction:
    Type: AWS::SNS::Subscription
    Properties: {TopicArn: !Ref Topic, Protocol: lambda, Endpoint: !GetAtt Function.Arn}
  Stream:
    Type: AWS::Kinesis::Stream
    Properties: {Name: orders, ShardCount: 1}
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: orders-uploads
      PublicAccessBlockConfiguration:
        {BlockPublicAcls: true, BlockPublicPolicy: false, IgnorePublicAcls: true, RestrictPublicBuckets: false}
      OwnershipControls: {Rules: [{ObjectOwnership: BucketOwnerEnforced}]}
      NotificationConfiguration:
        LambdaConfigurations: [{Event: "s3:ObjectCreated:*", Function: !Ref Live}]
  BucketPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Bucket
      PolicyDocument:
        Version: "2012-10-17"
        Statement: {Effect: Allow, Principal: "*", Action: "s3:GetObject", Resource: !Sub "${Bucket.Arn}/*"}
  Function:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: orders
      Role: !GetAtt Role.Arn
      Runtime: python3.12
      Handler: app.handler
      Code: {ZipFile: "def handler(event, context): ..."}
      Environment: {Variables: {TABLE: !Ref Table, TOPIC: !Ref Topic, PLAIN: hello}}
  Version:
    Type: AWS::Lambda::Version
    Properties: {FunctionName: !Ref Function}
  Live:
    Type: AWS::Lambda::Alias
    Properties: {FunctionName: !Ref Function, FunctionVersion: !GetAtt Version.Version, Name: live}
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {FunctionName: !Ref Function, EventSourceArn: !GetAtt Queue.Arn}
  FromTopic:
    Type: AWS::Lambda::Permission
    Properties:
      FunctionName: !GetAtt Function.Arn
      Action: lambda:InvokeFunction
      Principal: sns.amazonaws.com
      SourceArn: !Ref Topic
  FromBucket:
    Type: AWS::Lambda::Permission
    Properties:
      FunctionName: !Ref Live
      Action: lambda:InvokeFunction
      Principal: s3.amazonaws.com
      SourceArn: !GetAtt Bucket.Arn
      SourceAccount: !Ref AWS::AccountId
  FromAccount:
    Type: AWS::Lambda::Permission
    Properties: {FunctionName: !Ref Function, Action: "lambda:InvokeFunction", Principal: "210987654321"}
  Url:
    Type: AWS::Lambda::Url
    Properties: {TargetFunctionArn: !Ref Function, AuthType: AWS_IAM}
  Results:
    Type: AWS::Lambda::EventInvokeConfig
    Properties:
      FunctionName: !Ref Function
      Qualifier: $LATEST
      DestinationConfig: {OnFailure: {Destination: !GetAtt Dead.Arn}}
"""


def resources(text: str) -> Iterator[TemplateResource]:
    """The resources of a template with their values resolved, in file order."""
    bound = bind_template(parse_document(text, "template.yaml").value, Place("template.yaml"), OPTIONS)
    stack = Stack(partition="aws", region=REGION, account=ACCOUNT)
    for resource in _resources(bound, stack):
        stack.resources[resource.logical_id] = resource
        yield resource


class Deployer:
    """Makes the resources of a template through the APIs that CloudFormation would call.

    Args:
        of: gives the client of a service.
    """

    def __init__(self, of: Callable[[str], Any]) -> None:
        self.of = of
        self.later: list[Callable[[], Any]] = []

    def deploy(self, text: str) -> None:
        """Make everything: what other things name first."""
        found = sorted(resources(text), key=lambda each: (_ORDER.index(each.type), "RedrivePolicy" in each.properties))
        for resource in found:
            properties = json.loads(json.dumps(resource.properties).replace("${Version.Version}", "1"))
            getattr(self, resource.type.removeprefix("AWS::").replace("::", "_").lower())(resource.name, properties)

    def iam_managedpolicy(self, name: str, properties: Mapping[str, Any]) -> None:
        """A customer managed policy."""
        document = json.dumps(properties["PolicyDocument"])
        self.of("iam").create_policy(PolicyName=name, PolicyDocument=document)

    def iam_role(self, name: str, properties: Mapping[str, Any]) -> None:
        """A role with its policies."""
        iam = self.of("iam")
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(properties["AssumeRolePolicyDocument"]))
        for policy in properties.get("Policies", ()):
            document = json.dumps(policy["PolicyDocument"])
            iam.put_role_policy(RoleName=name, PolicyName=policy["PolicyName"], PolicyDocument=document)
        for arn in properties.get("ManagedPolicyArns", ()):
            iam.attach_role_policy(RoleName=name, PolicyArn=arn)

    def iam_group(self, name: str, properties: Mapping[str, Any]) -> None:
        """A group with its policies."""
        self.of("iam").create_group(GroupName=name)
        for policy in properties.get("Policies", ()):
            document = json.dumps(policy["PolicyDocument"])
            self.of("iam").put_group_policy(GroupName=name, PolicyName=policy["PolicyName"], PolicyDocument=document)

    def iam_user(self, name: str, properties: Mapping[str, Any]) -> None:
        """A user in its groups."""
        self.of("iam").create_user(UserName=name)
        for group in properties["Groups"]:
            self.of("iam").add_user_to_group(GroupName=group, UserName=name)

    def sqs_queue(self, name: str, properties: Mapping[str, Any]) -> None:
        """A queue."""
        redrive = properties.get("RedrivePolicy")
        attributes = {"RedrivePolicy": json.dumps(redrive)} if redrive else {}
        self.of("sqs").create_queue(QueueName=name, Attributes=attributes)

    def sqs_queuepolicy(self, _: str, properties: Mapping[str, Any]) -> None:
        """The policy of queues."""
        for url in properties["Queues"]:
            own = self.of("sqs").get_queue_url(QueueName=url.rpartition("/")[2])["QueueUrl"]
            attributes = {"Policy": json.dumps(properties["PolicyDocument"])}
            self.of("sqs").set_queue_attributes(QueueUrl=own, Attributes=attributes)

    def dynamodb_table(self, name: str, properties: Mapping[str, Any]) -> None:
        """A table and its policy."""
        same = {key: properties[key] for key in ("BillingMode", "KeySchema", "AttributeDefinitions")}
        arn = self.of("dynamodb").create_table(TableName=name, **same)["TableDescription"]["TableArn"]
        policy = json.dumps(properties["ResourcePolicy"]["PolicyDocument"])
        self.of("dynamodb").put_resource_policy(ResourceArn=arn, Policy=policy)

    def sns_topic(self, name: str, _: Mapping[str, Any]) -> None:
        """A topic."""
        self.of("sns").create_topic(Name=name)

    def sns_subscription(self, _: str, properties: Mapping[str, Any]) -> None:
        """A subscription."""
        self.of("sns").subscribe(**properties)

    def kinesis_stream(self, name: str, properties: Mapping[str, Any]) -> None:
        """A stream."""
        self.of("kinesis").create_stream(StreamName=name, ShardCount=properties["ShardCount"])

    def s3_bucket(self, name: str, properties: Mapping[str, Any]) -> None:
        """A bucket; what it notifies comes last."""
        s3 = self.of("s3")
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        block = properties["PublicAccessBlockConfiguration"]
        s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=block)
        s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls=properties["OwnershipControls"])
        functions = properties["NotificationConfiguration"]["LambdaConfigurations"]
        notifications = [{"LambdaFunctionArn": each["Function"], "Events": [each["Event"]]} for each in functions]
        configuration = {"LambdaFunctionConfigurations": notifications}
        s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration=configuration)

    def s3_bucketpolicy(self, _: str, properties: Mapping[str, Any]) -> None:
        """The policy of a bucket."""
        document = json.dumps(properties["PolicyDocument"])
        self.of("s3").put_bucket_policy(Bucket=properties["Bucket"], Policy=document)

    def lambda_function(self, name: str, properties: Mapping[str, Any]) -> None:
        """A function."""
        same = {key: properties[key] for key in ("Role", "Runtime", "Handler", "Environment")}
        self.of("lambda").create_function(FunctionName=name, Code={"ZipFile": PACKAGE}, **same)

    def lambda_version(self, _: str, properties: Mapping[str, Any]) -> None:
        """A version."""
        self.of("lambda").publish_version(**properties)

    def lambda_alias(self, _: str, properties: Mapping[str, Any]) -> None:
        """An alias."""
        self.of("lambda").create_alias(**properties)

    def lambda_eventsourcemapping(self, _: str, properties: Mapping[str, Any]) -> None:
        """A mapping."""
        self.of("lambda").create_event_source_mapping(**properties)

    def lambda_permission(self, _: str, properties: Mapping[str, Any]) -> None:
        """A permission of a function or alias."""
        name, _, qualifier = properties["FunctionName"].partition(":function:")[2].partition(":")
        more = {"Qualifier": qualifier} if qualifier else {}
        rest = {key: value for key, value in properties.items() if key != "FunctionName"}
        statement = f"{properties['Principal'].replace('.', '-')}"
        name = name or properties["FunctionName"]
        self.of("lambda").add_permission(FunctionName=name, StatementId=statement, **more, **rest)

    def lambda_url(self, _: str, properties: Mapping[str, Any]) -> None:
        """A function URL."""
        name = properties["TargetFunctionArn"]
        self.of("lambda").create_function_url_config(FunctionName=name, AuthType=properties["AuthType"])

    def lambda_eventinvokeconfig(self, _: str, properties: Mapping[str, Any]) -> None:
        """Destinations."""
        name, destinations = properties["FunctionName"], properties["DestinationConfig"]
        self.of("lambda").put_function_event_invoke_config(FunctionName=name, DestinationConfig=destinations)


def _package() -> bytes:
    import io
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): ...")
    return out.getvalue()


PACKAGE = _package()
_ORDER = [
    "AWS::SNS::Topic",
    "AWS::Kinesis::Stream",
    "AWS::DynamoDB::Table",
    "AWS::SQS::Queue",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Role",
    "AWS::IAM::Group",
    "AWS::IAM::User",
    "AWS::Lambda::Function",
    "AWS::Lambda::Version",
    "AWS::Lambda::Alias",
    "AWS::Lambda::Url",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::Permission",
    "AWS::Lambda::EventSourceMapping",
    "AWS::SNS::Subscription",
    "AWS::SQS::QueuePolicy",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
]
_OF_EVERY_ACCOUNT = frozenset(
    {
        f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default",
        f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/default",
        f"arn:aws:athena:{REGION}:{ACCOUNT}:workgroup/primary",
    }
)


def shape(graph: PermissionGraph) -> tuple[set[Any], set[Any]]:
    """Nodes and edges without the places they were read from; the version number is a token in the template."""
    nodes = {
        (str(node.kind), node.id.replace("${Version.Version}", "1"), node.type, node.auth)
        for node in graph.nodes.values()
        if node.id not in _OF_EVERY_ACCOUNT
    }
    edges = {
        (
            str(edge.kind),
            edge.source,
            edge.target,
            edge.mechanism,
            edge.event,
            edge.authorized,
            str(edge.decision),
            edge.qualifier,
            tuple(sorted(str(action) for action in edge.actions)),
        )
        for edge in graph.edges
    }
    return nodes, edges


def test_the_same_stack_gives_the_same_graph(deploy: Any, collect_live: Callable[..., Estate], tmp_path: Path) -> None:
    """Nodes and edges, with their decisions, are the same whether read as template or live."""
    path = tmp_path / "template.yaml"
    path.write_text(TEMPLATE, encoding="utf-8")
    Deployer(deploy.of).deploy(TEMPLATE)
    collect_live()
    template = shape(build_graph(load([str(path)], OPTIONS)))
    live = shape(build_graph(load([str(tmp_path / "estate.json")])))
    assert live[0] == template[0]
    assert live[1] == template[1]
    assert len(template[1]) > 20


@pytest.fixture
def inventories(deploy: Any, collect_live: Callable[..., Estate], tmp_path: Path) -> tuple[Inventory, Inventory]:
    """The template's facts and those of its deployment."""
    path = tmp_path / "template.yaml"
    path.write_text(TEMPLATE, encoding="utf-8")
    Deployer(deploy.of).deploy(TEMPLATE)
    collect_live()
    return load([str(path)], OPTIONS), load([str(tmp_path / "estate.json")])


def test_functions_and_resources_are_the_same_facts(inventories: tuple[Inventory, Inventory]) -> None:
    """Attributes that rules look at do not depend on how a thing was read."""
    template, live = inventories
    one, other = template.functions["arn:aws:lambda:eu-west-1:123456789012:function:orders"], live.functions
    function = other[one.arn]
    same = ("role_arn", "runtime", "aliases", "environment", "layers", "log_group", "in_vpc", "tracing")
    assert {name: getattr(function, name) for name in same} == {name: getattr(one, name) for name in same}
    for arn, resource in template.resources.items():
        if "${" not in arn and resource.arn:
            assert dict(live.resources[arn].attributes) == dict(resource.attributes), arn
