"""Streams, consumers and their policies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import Resource, ResourcePolicy

Read = Callable[..., list[Any]]
HERE = "${AWS::Region}:${AWS::AccountId}"
ARN = "arn:${AWS::Partition}"


def test_a_policy_of_a_stream_protects_what_it_names(read: Read) -> None:
    """Streams and consumers may be shared with other accounts."""
    (policy,) = read(
        """
Resources:
  S: {Type: AWS::Kinesis::Stream}
  P:
    Type: AWS::Kinesis::ResourcePolicy
    Properties:
      ResourceArn: !GetAtt S.Arn
      ResourcePolicy: {Statement: [{Effect: Allow, Principal: '*', Action: 'kinesis:GetRecords', Resource: '*'}]}
""",
        ResourcePolicy,
    )
    assert policy.resource_arn == f"{ARN}:kinesis:{HERE}:stream/${{S}}"


def test_a_consumer_knows_its_stream(read: Read) -> None:
    """And a stream knows its key; one that AWS manages is kept as such."""
    stream, consumer = read(
        """
Resources:
  S: {Type: AWS::Kinesis::Stream, Properties: {StreamEncryption: {EncryptionType: KMS, KeyId: alias/aws/kinesis}}}
  C: {Type: AWS::Kinesis::StreamConsumer, Properties: {ConsumerName: c, StreamARN: !GetAtt S.Arn}}
""",
        Resource,
    )
    assert consumer.attributes["stream_arn"] == stream.id
    assert stream.attributes["kms_key_arn"] == f"{ARN}:kms:{HERE}:alias/aws/kinesis"
