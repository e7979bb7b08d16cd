"""Tables, their streams, and the policies of both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import Delivery, Resource, ResourcePolicy

Read = Callable[..., list[Any]]
HERE = "${AWS::Region}:${AWS::AccountId}"
ARN = "arn:${AWS::Partition}"


POLICY = "{PolicyDocument: {Statement: [{Effect: Allow, Principal: '*', Action: 'dynamodb:GetItem', Resource: '*'}]}}"
TABLE = f"{ARN}:dynamodb:{HERE}:table/${{T}}"


def test_a_table_and_its_stream_have_a_policy_each(read: Read) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/access-control-resource-based.html ."""
    found = read(
        f"""
Resources:
  T:
    Type: AWS::DynamoDB::Table
    Properties:
      ResourcePolicy: {POLICY}
      StreamSpecification: {{StreamViewType: KEYS_ONLY, ResourcePolicy: {POLICY}}}
""",
        ResourcePolicy,
    )
    assert [policy.resource_arn for policy in found] == [TABLE, f"{TABLE}/stream/${{T.StreamLabel}}"]


def test_a_table_knows_its_stream_and_key(read: Read) -> None:
    """The stream is named as `!GetAtt T.StreamArn` names it."""
    (table,) = read(
        """
Resources:
  T:
    Type: AWS::DynamoDB::Table
    Properties:
      StreamSpecification: {StreamViewType: KEYS_ONLY}
      SSESpecification: {SSEEnabled: true, KMSMasterKeyId: 'arn:aws:kms:eu-west-1:111122223333:key/1'}
""",
        Resource,
    )
    assert table.attributes["stream_arn"] == f"{TABLE}/stream/${{T.StreamLabel}}"
    assert table.attributes["kms_key_arn"] == "arn:aws:kms:eu-west-1:111122223333:key/1"


def test_a_replica_has_policies_of_its_own(read: Read) -> None:
    """Each is of the table in its own Region."""
    found = read(
        f"""
Resources:
  T:
    Type: AWS::DynamoDB::GlobalTable
    Properties:
      TableName: orders
      Replicas:
        - {{Region: !Ref AWS::Region, ResourcePolicy: {POLICY}}}
        - {{Region: us-east-1, ResourcePolicy: {POLICY}, ReplicaStreamSpecification: {{ResourcePolicy: {POLICY}}}}}
""",
        ResourcePolicy,
    )
    remote = f"{ARN}:dynamodb:us-east-1:${{AWS::AccountId}}:table/orders"
    local = f"{ARN}:dynamodb:{HERE}:table/orders"
    assert [policy.resource_arn for policy in found] == [local, remote, f"{remote}/stream/*"]


def test_changes_go_to_a_kinesis_stream(read: Read) -> None:
    """A chain may lead from a table through a stream to a function."""
    (delivery,) = read(
        """
Resources:
  S: {Type: AWS::Kinesis::Stream}
  T: {Type: AWS::DynamoDB::Table, Properties: {KinesisStreamSpecification: {StreamArn: !GetAtt S.Arn}}}
""",
        Delivery,
    )
    assert (delivery.sender_id, delivery.target_arn) == (TABLE, f"{ARN}:kinesis:{HERE}:stream/${{S}}")
