"""The other kinds of Amazon S3: Object Lambda, directory, table and vector buckets, S3 on Outposts, file systems.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/transforming-objects.html
"""

from __future__ import annotations

from collections.abc import Iterable

from permscope.inventory.facts import AnyFact, Mechanism
from permscope.services._holders import holder, policy_for
from permscope.services._values import root
from permscope.services._wiring import triggers
from permscope.services.interface import TemplateResource
from permscope.services.s3 import public_access_block


def read_object_lambda(resource: TemplateResource) -> Iterable[AnyFact]:
    """An Object Lambda access point: whoever reads through it calls the function with permissions of their own."""
    yield resource.resource(supporting_access_point=resource.text("ObjectLambdaConfiguration", "SupportingAccessPoint"))
    for item in root(resource).items("ObjectLambdaConfiguration", "TransformationConfigurations"):
        yield from triggers(
            resource,
            item.texts("ContentTransformation", "AwsLambda", "FunctionArn"),
            event="s3-object-lambda",
            service="s3-object-lambda.amazonaws.com",
            mechanism=Mechanism.CALLER,
        )


def read_access_point(resource: TemplateResource) -> Iterable[AnyFact]:
    """An access point of a directory bucket or of a bucket on Outposts, with its own policy."""
    yield resource.resource(**public_access_block(resource))
    yield from resource.protects(resource.id, "Policy")


def read_table_policy(resource: TemplateResource) -> Iterable[AnyFact]:
    """The policy of a table, or of a bucket of tables."""
    target = "TableARN" if resource.type.endswith("TablePolicy") else "TableBucketARN"
    yield from policy_for(target, "ResourcePolicy")(resource)


def read_vector_bucket_policy(resource: TemplateResource) -> Iterable[AnyFact]:
    """The policy of a vector bucket, which is named by ARN or by name."""
    target = "VectorBucketArn" if resource.get("VectorBucketArn") is not None else "VectorBucketName"

    def arn(policy: TemplateResource, name: str) -> str:
        return policy.stack.arn("s3vectors", f"bucket/{name}")

    yield from policy_for(target, "Policy", arn=arn)(resource)


def _object_lambda_arn(resource: TemplateResource, name: str) -> str:
    return resource.stack.arn("s3-object-lambda", f"accesspoint/{name}")


def _directory_bucket_arn(resource: TemplateResource, name: str) -> str:
    return resource.stack.arn("s3express", f"bucket/{name}")


def _file_system_arn(resource: TemplateResource, name: str) -> str:
    return resource.stack.arn("s3files", f"file-system/{name}")


TEMPLATE = {
    "AWS::S3ObjectLambda::AccessPoint": read_object_lambda,
    "AWS::S3ObjectLambda::AccessPointPolicy": policy_for(
        "ObjectLambdaAccessPoint", "PolicyDocument", arn=_object_lambda_arn
    ),
    "AWS::S3Express::DirectoryBucket": holder(),
    "AWS::S3Express::BucketPolicy": policy_for("Bucket", "PolicyDocument", arn=_directory_bucket_arn),
    "AWS::S3Express::AccessPoint": read_access_point,
    "AWS::S3Outposts::AccessPoint": read_access_point,
    "AWS::S3Outposts::BucketPolicy": policy_for("Bucket", "PolicyDocument"),
    "AWS::S3Tables::TableBucket": holder(service="replication.s3tables.amazonaws.com"),
    "AWS::S3Tables::TableBucketPolicy": read_table_policy,
    "AWS::S3Tables::TablePolicy": read_table_policy,
    "AWS::S3Vectors::VectorBucketPolicy": read_vector_bucket_policy,
    "AWS::S3Files::FileSystem": holder(service="elasticfilesystem.amazonaws.com"),
    "AWS::S3Files::FileSystemPolicy": policy_for("FileSystemId", "Policy", arn=_file_system_arn),
}
SERVICE_PRINCIPALS = ("s3-object-lambda.amazonaws.com",)
