"""What Lambda polls, and what the execution role needs for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest

from permscope.inventory.facts import AnyFact, Delivery, Mechanism, Trigger, Unknown

Read = Callable[..., list[AnyFact]]
F = TypeVar("F")
HERE = "${AWS::Region}:${AWS::AccountId}"
ARN = "arn:${AWS::Partition}"
ROLE = f"{ARN}:iam::${{AWS::AccountId}}:role/${{Role}}"
FUNCTION = f"{ARN}:lambda:{HERE}:function:${{Fn}}"
KEY = f"{ARN}:kms:{HERE}:key/${{Key}}"
VPC = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeVpcs",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeSubnets",
    "ec2:DescribeSecurityGroups",
)
KINESIS = (
    "kinesis:DescribeStream",
    "kinesis:DescribeStreamSummary",
    "kinesis:GetRecords",
    "kinesis:GetShardIterator",
    "kinesis:ListShards",
)


def of(facts: list[AnyFact], kind: type[F]) -> list[F]:
    """The facts of one class."""
    return [fact for fact in facts if isinstance(fact, kind)]


def mapping(properties: str, more: str = "", function: str = "!Ref Fn") -> str:
    """A template with a function, its role and a mapping."""
    return f"""
Parameters: {{SourceArn: {{Type: String}}}}
Resources:
  Role: {{Type: AWS::IAM::Role, Properties: {{AssumeRolePolicyDocument: {{Statement: []}}}}}}
  Fn: {{Type: AWS::Lambda::Function, Properties: {{Role: !GetAtt Role.Arn}}}}
  Live: {{Type: AWS::Lambda::Alias, Properties: {{FunctionName: !Ref Fn, Name: live, FunctionVersion: '1'}}}}
{more}
  M:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: {function}
{properties}
"""


def needs(facts: list[AnyFact]) -> list[tuple[tuple[str, ...], str]]:
    """What the only trigger needs."""
    (trigger,) = of(facts, Trigger)
    return [(need.actions, need.resource_arn) for need in trigger.required]


def test_an_encrypted_queue_needs_its_key(read: Read) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html ."""
    queue = f"{ARN}:sqs:{HERE}:${{Q}}"
    facts = read(
        mapping(
            "      EventSourceArn: !GetAtt Q.Arn",
            "  Q: {Type: AWS::SQS::Queue, Properties: {KmsMasterKeyId: !Ref Key}}\n  Key: {Type: AWS::KMS::Key}",
            "!Ref Live",
        )
    )
    (trigger,) = of(facts, Trigger)
    assert (trigger.function_arn, trigger.mechanism, trigger.service) == (
        f"{FUNCTION}:live",
        Mechanism.POLL,
        "sqs.amazonaws.com",
    )
    assert (trigger.source_id, trigger.role_arn, trigger.enabled) == (queue, ROLE, True)
    assert needs(facts) == [
        (("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"), queue),
        (("kms:Decrypt",), KEY),
    ]


def test_a_key_of_aws_asks_nothing(read: Read) -> None:
    """`alias/aws/sqs` is not the account's to grant."""
    facts = read(
        mapping(
            "      EventSourceArn: !GetAtt Q.Arn",
            "  Q: {Type: AWS::SQS::Queue, Properties: {KmsMasterKeyId: alias/aws/sqs}}",
        )
    )
    assert len(needs(facts)) == 1


def test_a_stream_starts_at_its_table(read: Read) -> None:
    """The role reads the stream; the graph starts at the table."""
    facts = read(
        mapping(
            "      EventSourceArn: !GetAtt T.StreamArn",
            "  T: {Type: AWS::DynamoDB::Table, Properties: {StreamSpecification: {StreamViewType: KEYS_ONLY}}}",
        )
    )
    table = f"{ARN}:dynamodb:{HERE}:table/${{T}}"
    (trigger,) = of(facts, Trigger)
    assert (trigger.source_id, trigger.source_arn) == (table, f"{table}/stream/${{T.StreamLabel}}")
    assert needs(facts) == [
        (
            ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"),
            f"{table}/stream/${{T.StreamLabel}}",
        )
    ]


def test_a_stream_of_another_stack_starts_at_its_table_too(read: Read) -> None:
    """A literal stream ARN says which table it is of."""
    table = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders"
    facts = read(mapping(f"      EventSourceArn: '{table}/stream/2026-01-01T00:00:00.000'"))
    assert of(facts, Trigger)[0].source_id == table


def test_a_stream_is_read(read: Read) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html ."""
    facts = read(
        mapping("      EventSourceArn: !GetAtt S.Arn\n      Enabled: false", "  S: {Type: AWS::Kinesis::Stream}")
    )
    stream = f"{ARN}:kinesis:{HERE}:stream/${{S}}"
    assert needs(facts) == [(KINESIS, stream)]
    assert of(facts, Trigger)[0].enabled is False


def test_a_stream_of_this_template_written_out_is_no_consumer(read: Read) -> None:
    """Its literal partition tells it from the ARN that the template gives it, and it is the same stream."""
    arn = "arn:aws:kinesis:${AWS::Region}:${AWS::AccountId}:stream/clicks"
    stream = "  S: {Type: AWS::Kinesis::Stream, Properties: {Name: clicks}}"
    found = needs(read(mapping(f"      EventSourceArn: !Sub '{arn}'", stream)))
    assert found == [(KINESIS, f"{ARN}:kinesis:{HERE}:stream/clicks")]


@pytest.mark.parametrize("consumer", ["!Ref C", "!GetAtt C.ConsumerARN"])
def test_a_consumer_subscribes_to_its_stream(read: Read, consumer: str) -> None:
    """Enhanced fan-out needs `kinesis:SubscribeToShard` on the consumer, and starts at the stream."""
    facts = read(
        mapping(
            f"      EventSourceArn: {consumer}",
            "  S: {Type: AWS::Kinesis::Stream}\n"
            "  C: {Type: AWS::Kinesis::StreamConsumer, Properties: {ConsumerName: c, StreamARN: !GetAtt S.Arn}}",
        )
    )
    stream = f"{ARN}:kinesis:{HERE}:stream/${{S}}"
    (trigger,) = of(facts, Trigger)
    assert trigger.source_id == stream
    assert needs(facts) == [(KINESIS, stream), (("kinesis:SubscribeToShard",), trigger.source_arn)]


def test_a_literal_consumer_starts_at_its_stream(read: Read) -> None:
    """The ARN of a consumer holds that of its stream."""
    stream = "arn:aws:kinesis:eu-west-1:111122223333:stream/orders"
    facts = read(mapping(f"      EventSourceArn: '{stream}/consumer/audit:1700000000'"))
    assert of(facts, Trigger)[0].source_id == stream
    assert [arn for _, arn in needs(facts)] == [stream, f"{stream}/consumer/audit:1700000000"]


def test_a_cluster_that_knows_iam_alone_is_read_with_iam(read: Read) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/msk-permissions.html ."""
    cluster = "      ClientAuthentication: {Sasl: {Iam: {Enabled: true}}}"
    facts = read(
        mapping(
            "      EventSourceArn: !Ref K\n      Topics: [orders]\n"
            "      AmazonManagedKafkaEventSourceConfig: {ConsumerGroupId: workers}",
            f"  K:\n    Type: AWS::MSK::Cluster\n    Properties:\n      ClusterName: k\n{cluster}",
        )
    )
    found = needs(facts)
    kafka = f"{ARN}:kafka:{HERE}"
    arn = of(facts, Trigger)[0].source_arn or ""
    tail = arn.partition(":cluster/")[2]
    assert found == [
        (("kafka:DescribeCluster", "kafka:DescribeClusterV2", "kafka:GetBootstrapBrokers"), arn),
        (("kafka-cluster:Connect", "kafka-cluster:DescribeClusterDynamicConfiguration"), arn),
        (("kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"), f"{kafka}:topic/{tail}/orders"),
        (("kafka-cluster:DescribeGroup", "kafka-cluster:AlterGroup"), f"{kafka}:group/{tail}/workers"),
        (VPC, "*"),
    ]


SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:kafka-abcdef"


def test_a_cluster_with_passwords_needs_the_secret(read: Read) -> None:
    """Every secret of the access configurations is read, each once."""
    facts = read(
        mapping(
            "      EventSourceArn: 'arn:aws:kafka:eu-west-1:111122223333:cluster/k/1'\n      Topics: [orders]\n"
            f"      SourceAccessConfigurations: [{{Type: SASL_SCRAM_512_AUTH, URI: '{SECRET}'}}]"
        )
    )
    assert (("secretsmanager:GetSecretValue",), SECRET) in needs(facts)
    assert not any(actions[0].startswith("kafka-cluster:") for actions, _ in needs(facts))


@pytest.mark.parametrize("in_vpc", [True, False])
def test_a_self_managed_cluster_needs_its_secrets_and_network(read: Read, in_vpc: bool) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/with-kafka-permissions.html ."""
    network = "        - {Type: VPC_SUBNET, URI: 'subnet:subnet-1'}\n" if in_vpc else ""
    facts = read(
        mapping(
            "      SelfManagedEventSource: {Endpoints: {KafkaBootstrapServers: ['b.example.com:9092']}}\n"
            "      Topics: [orders]\n"
            "      SourceAccessConfigurations:\n"
            f"        - {{Type: BASIC_AUTH, URI: '{SECRET}'}}\n"
            f"        - {{Type: SERVER_ROOT_CA_CERTIFICATE, URI: '{SECRET}2'}}\n{network}"
        )
    )
    secrets = [(("secretsmanager:GetSecretValue",), arn) for arn in (SECRET, f"{SECRET}2")]
    assert needs(facts) == [*([(VPC, "*")] if in_vpc else []), *secrets]
    assert of(facts, Trigger)[0].source_id is None


def test_a_broker_needs_its_description_and_secret(read: Read) -> None:
    """A virtual host is no secret (https://docs.aws.amazon.com/lambda/latest/dg/with-mq.html)."""
    broker = "arn:aws:mq:eu-west-1:111122223333:broker:b:b-1"
    facts = read(
        mapping(
            f"      EventSourceArn: '{broker}'\n      Queues: [q]\n      SourceAccessConfigurations:\n"
            f"        - {{Type: BASIC_AUTH, URI: '{SECRET}'}}\n        - {{Type: VIRTUAL_HOST, URI: /}}"
        )
    )
    assert needs(facts) == [
        (("mq:DescribeBroker",), broker),
        (VPC, "*"),
        (("secretsmanager:GetSecretValue",), SECRET),
    ]


def test_a_change_stream_needs_the_cluster_its_parameters_and_network(read: Read) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/with-documentdb.html ."""
    facts = read(mapping("      EventSourceArn: 'arn:aws:rds:eu-west-1:111122223333:cluster:docs'"))
    prefix = "arn:aws:rds:eu-west-1:111122223333"
    assert needs(facts) == [
        (("rds:DescribeDBClusters",), f"{prefix}:cluster:docs"),
        (("rds:DescribeDBClusterParameters",), f"{prefix}:cluster-pg:*"),
        (("rds:DescribeDBSubnetGroups",), f"{prefix}:subgrp:*"),
        (VPC, "*"),
    ]


def test_a_source_nobody_gave_is_unknown_and_wired_all_the_same(read: Read) -> None:
    """What kind of source a parameter names cannot be told, so neither can what the role needs."""
    facts = read(mapping("      EventSourceArn: !Ref SourceArn"))
    assert needs(facts) == []
    assert of(facts, Trigger)[0].source_id == "${Param::SourceArn}"
    assert of(facts, Trigger)[0].exact is False
    assert "source" in [fact.kind for fact in of(facts, Unknown)]


def test_topics_tell_that_a_source_nobody_gave_is_kafka(read: Read) -> None:
    """Only Kafka has `Topics`."""
    facts = read(mapping("      EventSourceArn: !Ref SourceArn\n      Topics: [orders]"))
    assert needs(facts)[0] == (
        ("kafka:DescribeCluster", "kafka:DescribeClusterV2", "kafka:GetBootstrapBrokers"),
        "${Param::SourceArn}",
    )


@pytest.mark.parametrize(
    ("target", "actions"),
    [
        ("arn:aws:sqs:eu-west-1:111122223333:dead", [("sqs:SendMessage",)]),
        ("arn:aws:sns:eu-west-1:111122223333:dead", [("sns:Publish",)]),
        ("arn:aws:s3:::dead", [("s3:PutObject",), ("s3:ListBucket",)]),
        ("kafka://dead", []),
    ],
)
def test_failed_batches_are_sent_with_the_execution_role(
    read: Read, target: str, actions: list[tuple[str, ...]]
) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html ."""
    facts = read(
        mapping(
            "      EventSourceArn: 'arn:aws:kinesis:eu-west-1:111122223333:stream/s'\n"
            f"      DestinationConfig: {{OnFailure: {{Destination: '{target}'}}}}"
        )
    )
    (delivery,) = of(facts, Delivery)
    assert (delivery.sender_id, delivery.target_arn, delivery.event) == (FUNCTION, target, "on-failure")
    assert [need.actions for need in delivery.required] == actions


def test_destinations_of_asynchronous_invocations(read: Read) -> None:
    """Success and failure each have a target; the alias is of its function."""
    facts = read("""
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Role: 'arn:aws:iam::111122223333:role/r'}}
  Next: {Type: AWS::Lambda::Function, Properties: {Role: 'arn:aws:iam::111122223333:role/r'}}
  E:
    Type: AWS::Lambda::EventInvokeConfig
    Properties:
      FunctionName: !Ref Fn
      Qualifier: $LATEST
      DestinationConfig:
        OnSuccess: {Destination: !GetAtt Next.Arn}
        OnFailure: {Destination: 'arn:aws:events:eu-west-1:111122223333:event-bus/default'}
""")
    assert [(fact.event, fact.required[0].actions[0]) for fact in of(facts, Delivery)] == [
        ("on-success", "lambda:InvokeFunction"),
        ("on-failure", "events:PutEvents"),
    ]
    assert {fact.sender_id for fact in of(facts, Delivery)} == {FUNCTION}
