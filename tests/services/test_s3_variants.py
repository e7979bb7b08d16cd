"""Object Lambda, directory, table and vector buckets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from permscope.inventory.facts import Mechanism, ResourcePolicy, Trigger

Read = Callable[..., list[Any]]
HERE = "${AWS::Region}:${AWS::AccountId}"
ARN = "arn:${AWS::Partition}"
DOCUMENT = "{Statement: [{Effect: Allow, Principal: '*', Action: 's3:*', Resource: '*'}]}"


@pytest.mark.parametrize(
    ("resource", "properties", "protected"),
    [
        (
            "AWS::S3ObjectLambda::AccessPointPolicy",
            "ObjectLambdaAccessPoint: o, PolicyDocument: DOCUMENT",
            f"{ARN}:s3-object-lambda:{HERE}:accesspoint/o",
        ),
        (
            "AWS::S3Express::BucketPolicy",
            "Bucket: b--euw1-az1--x-s3, PolicyDocument: DOCUMENT",
            f"{ARN}:s3express:{HERE}:bucket/b--euw1-az1--x-s3",
        ),
        (
            "AWS::S3Tables::TableBucketPolicy",
            "TableBucketARN: 'arn:aws:s3tables:eu-west-1:111122223333:bucket/t', ResourcePolicy: DOCUMENT",
            "arn:aws:s3tables:eu-west-1:111122223333:bucket/t",
        ),
        (
            "AWS::S3Tables::TablePolicy",
            "TableARN: 'arn:aws:s3tables:eu-west-1:111122223333:bucket/t/table/1', ResourcePolicy: DOCUMENT",
            "arn:aws:s3tables:eu-west-1:111122223333:bucket/t/table/1",
        ),
        (
            "AWS::S3Vectors::VectorBucketPolicy",
            "VectorBucketName: v, Policy: DOCUMENT",
            f"{ARN}:s3vectors:{HERE}:bucket/v",
        ),
        (
            "AWS::S3Files::FileSystemPolicy",
            "FileSystemId: fs-1, Policy: DOCUMENT",
            f"{ARN}:s3files:{HERE}:file-system/fs-1",
        ),
    ],
)
def test_its_policy_protects_it(read: Read, resource: str, properties: str, protected: str) -> None:
    """What the policy is on is the resource's own ARN, or what it names."""
    text = properties.replace("DOCUMENT", DOCUMENT)
    (found,) = read(f"Resources: {{X: {{Type: {resource}, Properties: {{{text}}}}}}}", ResourcePolicy)
    assert found.resource_arn == protected
    assert [statement.effect for statement in found.policy.statements] == ["Allow"]


def test_whoever_reads_through_object_lambda_calls_the_function(read: Read) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/olap-policies.html ."""
    function = "arn:aws:lambda:eu-west-1:111122223333:function:redact"
    (trigger,) = read(
        f"""
Resources:
  X:
    Type: AWS::S3ObjectLambda::AccessPoint
    Properties:
      Name: o
      ObjectLambdaConfiguration:
        SupportingAccessPoint: arn:aws:s3:eu-west-1:111122223333:accesspoint/a
        TransformationConfigurations:
          - Actions: [GetObject]
            ContentTransformation: {{AwsLambda: {{FunctionArn: '{function}'}}}}
""",
        Trigger,
    )
    assert (trigger.function_arn, trigger.mechanism) == (function, Mechanism.CALLER)
    assert trigger.source_id == f"{ARN}:s3-object-lambda:{HERE}:accesspoint/o"
