"""Buckets: what they notify, who may use them, and what keeps the public out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest

from permscope.inventory.facts import AnyFact, Delivery, Mechanism, Resource, ResourcePolicy, RoleUse, Trigger, Unknown

Read = Callable[..., list[AnyFact]]
F = TypeVar("F")
HERE = "${AWS::Region}:${AWS::AccountId}"
FUNCTION = f"arn:${{AWS::Partition}}:lambda:{HERE}:function:${{Fn}}"
ALL_BLOCKS = "BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true"
BUCKET = "arn:${AWS::Partition}:s3:::${B}"


def of(facts: list[AnyFact], kind: type[F]) -> list[F]:
    """The facts of one class."""
    return [fact for fact in facts if isinstance(fact, kind)]


def test_a_notification_sends_the_bucket_and_its_account(read: Read) -> None:
    """S3 sends both keys (https://docs.aws.amazon.com/lambda/latest/dg/with-s3.html)."""
    facts = read("""
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Role: 'arn:aws:iam::111122223333:role/r'}}
  Live: {Type: AWS::Lambda::Alias, Properties: {FunctionName: !Ref Fn, Name: live, FunctionVersion: '1'}}
  B:
    Type: AWS::S3::Bucket
    Properties:
      NotificationConfiguration:
        LambdaConfigurations:
          - {Event: 's3:ObjectCreated:*', Function: !GetAtt Fn.Arn}
          - {Event: 's3:ObjectRemoved:*', Function: !Ref Live}
        EventBridgeConfiguration: {}
""")
    first, second = of(facts, Trigger)
    assert (first.function_arn, second.function_arn) == (FUNCTION, f"{FUNCTION}:live")
    for trigger in (first, second):
        assert (trigger.mechanism, trigger.service) == (Mechanism.RESOURCE_POLICY, "s3.amazonaws.com")
        assert (trigger.source_id, trigger.source_arn) == (BUCKET, BUCKET)
        assert trigger.source_account == "${AWS::AccountId}"
    assert first.source.line == 10
    (bucket,) = [fact for fact in of(facts, Resource) if fact.type == "AWS::S3::Bucket"]
    assert bucket.attributes["event_bridge"] is True


def test_a_literal_name_makes_the_arn_the_permission_names(read: Read) -> None:
    """The way round the circular dependency: a permission for `arn:aws:s3:::uploads`, a bucket named `uploads`."""
    facts = read("""
Resources:
  B:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: uploads
      NotificationConfiguration:
        LambdaConfigurations:
          - {Event: 's3:ObjectCreated:*', Function: 'arn:aws:lambda:eu-west-1:111122223333:function:f'}
""")
    (trigger,) = of(facts, Trigger)
    assert trigger.source_arn == "arn:${AWS::Partition}:s3:::uploads"


def test_queues_and_topics_are_notified_as_a_service(read: Read) -> None:
    """They must let S3 in with their own policy, so the delivery has no role."""
    facts = read("""
Resources:
  Q: {Type: AWS::SQS::Queue}
  T: {Type: AWS::SNS::Topic}
  B:
    Type: AWS::S3::Bucket
    Properties:
      NotificationConfiguration:
        QueueConfigurations: [{Event: 's3:ObjectCreated:*', Queue: !GetAtt Q.Arn}]
        TopicConfigurations: [{Event: 's3:ObjectCreated:*', Topic: !Ref T}]
""")
    found = [
        (fact.target_arn, fact.service, fact.source_arn, fact.source_account, fact.role_arn)
        for fact in of(facts, Delivery)
    ]
    sent = ("s3.amazonaws.com", BUCKET, "${AWS::AccountId}", None)
    assert found == [
        (f"arn:${{AWS::Partition}}:sqs:{HERE}:${{Q}}", *sent),
        (f"arn:${{AWS::Partition}}:sns:{HERE}:${{T}}", *sent),
    ]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("", (True, True, True, True, True)),
        (
            f"PublicAccessBlockConfiguration: {{{ALL_BLOCKS}}}",
            (True, True, True, True, True),
        ),
        ("PublicAccessBlockConfiguration: {BlockPublicAcls: 'true'}", (False, True, False, False, False)),
    ],
)
def test_a_bucket_blocks_the_public_unless_told_otherwise(read: Read, given: str, expected: tuple[bool, ...]) -> None:
    """Buckets made since April 2023 block it; a block that is given turns off what it does not name."""
    facts = read(f"Resources: {{B: {{Type: AWS::S3::Bucket, Properties: {{{given}}}}}}}")
    (bucket,) = of(facts, Resource)
    names = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
    assert tuple(bucket.attributes[name] for name in ("public_access_block", *names)) == expected


def test_the_key_of_a_bucket_is_followed_to_its_arn(read: Read) -> None:
    """By alias of the template here."""
    facts = read("""
Resources:
  K: {Type: AWS::KMS::Key, Properties: {KeyPolicy: {Statement: []}}}
  A: {Type: AWS::KMS::Alias, Properties: {AliasName: alias/data, TargetKeyId: !Ref K}}
  B:
    Type: AWS::S3::Bucket
    Properties:
      BucketEncryption:
        ServerSideEncryptionConfiguration:
          - ServerSideEncryptionByDefault: {SSEAlgorithm: 'aws:kms', KMSMasterKeyID: !Ref A}
""")
    (bucket,) = [fact for fact in of(facts, Resource) if fact.type == "AWS::S3::Bucket"]
    assert bucket.attributes["kms_key_arn"] == f"arn:${{AWS::Partition}}:kms:{HERE}:key/${{K}}"


@pytest.mark.parametrize(
    ("name", "expected"), [("!Ref B", BUCKET), ("elsewhere", "arn:${AWS::Partition}:s3:::elsewhere")]
)
def test_a_bucket_policy_protects_the_bucket_it_names(read: Read, name: str, expected: str) -> None:
    """By name, whether it is of this template or not."""
    facts = read(f"""
Resources:
  B: {{Type: AWS::S3::Bucket}}
  P:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: {name}
      PolicyDocument: {{Statement: [{{Effect: Allow, Principal: '*', Action: 's3:GetObject', Resource: '*'}}]}}
""")
    (policy,) = of(facts, ResourcePolicy)
    assert policy.resource_arn == expected
    assert policy.policy.statements[0].principals == (("*", "*"),)


def test_replication_acts_with_its_role_on_both_sides(read: Read) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html ."""
    facts = read("""
Resources:
  B:
    Type: AWS::S3::Bucket
    Properties:
      ReplicationConfiguration:
        Role: arn:aws:iam::111122223333:role/replication
        Rules: [{Status: Enabled, Destination: {Bucket: 'arn:aws:s3:::copy'}}]
""")
    (use,) = of(facts, RoleUse)
    assert [need.resource_arn for need in use.required] == [BUCKET, f"{BUCKET}/*", "arn:aws:s3:::copy/*"]


def test_an_access_point_has_a_policy_and_a_block_of_its_own(read: Read) -> None:
    """Its ARN is what its policy protects."""
    facts = read("""
Resources:
  P:
    Type: AWS::S3::AccessPoint
    Properties:
      Name: readers
      Bucket: data
      PublicAccessBlockConfiguration: {BlockPublicPolicy: false}
      Policy: {Statement: [{Effect: Allow, Principal: '*', Action: 's3:GetObject', Resource: '*'}]}
""")
    (policy,) = of(facts, ResourcePolicy)
    (point,) = of(facts, Resource)
    assert policy.resource_arn == f"arn:${{AWS::Partition}}:s3:{HERE}:accesspoint/readers"
    assert point.attributes["bucket_arn"] == "arn:${AWS::Partition}:s3:::data"
    assert point.attributes["public_access_block"] is False


@pytest.mark.parametrize("given", ["[x]", "{LambdaConfigurations: x}", "{QueueConfigurations: [x]}"])
def test_a_notification_in_a_strange_shape_is_unknown(read: Read, given: str) -> None:
    """It is never taken for none."""
    facts = read(f"Resources: {{B: {{Type: AWS::S3::Bucket, Properties: {{NotificationConfiguration: {given}}}}}}}")
    assert [fact.kind for fact in of(facts, Unknown)] == ["shape"]


def test_what_the_cdk_sets_on_a_bucket_by_a_function_of_its_own_is_a_notification(read: Read) -> None:
    """The bucket notifies, and the custom resource's function is called besides.

    https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_s3_notifications-readme.html
    """
    facts = read("""
Resources:
  B: {Type: AWS::S3::Bucket}
  Q: {Type: AWS::SQS::Queue}
  T: {Type: AWS::SNS::Topic}
  Fn: {Type: AWS::Lambda::Function, Properties: {Role: 'arn:aws:iam::111122223333:role/r'}}
  Handler: {Type: AWS::Lambda::Function, Properties: {Role: 'arn:aws:iam::111122223333:role/h'}}
  BNotifications:
    Type: Custom::S3BucketNotifications
    Properties:
      ServiceToken: !GetAtt Handler.Arn
      BucketName: !Ref B
      NotificationConfiguration:
        LambdaFunctionConfigurations: [{Events: ['s3:ObjectCreated:*'], LambdaFunctionArn: !GetAtt Fn.Arn}]
        QueueConfigurations: [{Events: ['s3:ObjectRemoved:*'], QueueArn: !GetAtt Q.Arn}]
        TopicConfigurations: [{Events: ['s3:ObjectRestore:*'], TopicArn: !Ref T}]
  Elsewhere:
    Type: Custom::S3BucketNotifications
    Properties:
      ServiceToken: !GetAtt Handler.Arn
      BucketName: uploads
      NotificationConfiguration:
        LambdaFunctionConfigurations: [{Events: ['s3:ObjectCreated:*'], LambdaFunctionArn: !GetAtt Fn.Arn}]
""")
    found = [fact for fact in of(facts, Trigger) if fact.event == "s3-notification"]
    uploads = "arn:${AWS::Partition}:s3:::uploads"
    assert [(fact.source_id, fact.source_arn) for fact in found] == [(BUCKET, BUCKET), (uploads, uploads)]
    assert {(fact.function_arn, fact.source_account) for fact in found} == {(FUNCTION, "${AWS::AccountId}")}
    assert [fact.source.line for fact in found] == [14, 23]
    told = of(facts, Delivery)
    assert [(fact.sender_id, fact.source_arn) for fact in told] == [(BUCKET, BUCKET)] * 2
    assert [fact.target_arn.rpartition(":")[2] for fact in told] == ["${Q}", "${T}"]
    assert sum(fact.event == "custom-resource" for fact in of(facts, Trigger)) == 2
