"""The other kinds of Amazon S3: Object Lambda, directory, table and vector buckets, S3 on Outposts, file systems.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/transforming-objects.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from permscope.inventory.facts import AnyFact, Mechanism
from permscope.services._answers import NOT_HERE, each, picked, protecting
from permscope.services._holders import Held, holder, policy_for
from permscope.services._live import LiveFact, LiveReader, Session
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


_NO_POINT = ("NoSuchAccessPoint", "NoSuchAccessPointPolicy")
_TABLE_BUCKETS = Held(
    client="s3tables",
    lists="list_table_buckets",
    items="tableBuckets",
    name="name",
    arn="arn",
    asks="get_table_bucket_policy",
    by={"tableBucketARN": "arn"},
    document="resourcePolicy",
    type_name="AWS::S3Tables::TableBucket",
    none=("NotFoundException",),
    listed_none=NOT_HERE,
    what="who may read and write a bucket of tables",
)
_VECTOR_BUCKETS = Held(
    client="s3vectors",
    lists="list_vector_buckets",
    items="vectorBuckets",
    name="vectorBucketName",
    arn="vectorBucketArn",
    asks="get_vector_bucket_policy",
    by={"vectorBucketArn": "vectorBucketArn"},
    document="policy",
    type_name="AWS::S3Vectors::VectorBucket",
    none=("NotFoundException",),
    listed_none=NOT_HERE,
    what="who may read and write a bucket of vectors",
)


def read_live_object_lambda(session: Session) -> Iterator[LiveFact]:
    """Every Object Lambda access point with its functions and its policy.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_GetAccessPointConfigurationForObjectLambda.html
    """
    found = session.pages(
        "s3control",
        "list_access_points_for_object_lambda",
        "ObjectLambdaAccessPointList",
        AccountId=session.account,
    )
    yield from each(session, _live_object_lambda, found)


def _live_object_lambda(session: Session, item: Mapping[str, Any]) -> Iterator[LiveFact]:
    name = item["Name"]
    arn = item.get("ObjectLambdaAccessPointArn") or session.stack.arn("s3-object-lambda", f"accesspoint/{name}")
    named: dict[str, Any] = {"AccountId": session.account, "Name": name}
    answer = session.call(
        "s3control", "get_access_point_configuration_for_object_lambda", none=_NO_POINT, of=arn, **named
    )
    found = (answer or {}).get("Configuration") or {}
    transformations = [
        {"ContentTransformation": {"AwsLambda": picked(function, "FunctionArn")}}
        for each_one in found.get("TransformationConfigurations") or ()
        for function in [(each_one.get("ContentTransformation") or {}).get("AwsLambda") or {}]
    ]
    configuration = {
        **picked(found, "SupportingAccessPoint"),
        "TransformationConfigurations": transformations,
    }
    yield session.resource(
        "AWS::S3ObjectLambda::AccessPoint",
        {"ObjectLambdaConfiguration": configuration},
        name=name,
        arn=arn,
        call="s3control.get_access_point_configuration_for_object_lambda",
    )
    call = "s3control.get_access_point_policy_for_object_lambda"
    answer = session.call("s3control", "get_access_point_policy_for_object_lambda", none=_NO_POINT, of=arn, **named)
    yield from protecting(session, arn, (answer or {}).get("Policy"), name=name, call=call)


def read_live_directory_buckets(session: Session) -> Iterator[LiveFact]:
    """Every directory bucket with its policy."""
    for item in session.pages("s3", "list_directory_buckets", "Buckets", none=NOT_HERE):
        name = item["Name"]
        arn = item.get("BucketArn") or session.stack.arn("s3express", f"bucket/{name}")
        yield session.resource(
            "AWS::S3Express::DirectoryBucket", {}, name=name, arn=arn, call="s3.list_directory_buckets"
        )
        answer = session.call("s3", "get_bucket_policy", none=("NoSuchBucketPolicy", "NoSuchBucket"), Bucket=name)
        yield from protecting(session, arn, (answer or {}).get("Policy"), name=name, call="s3.get_bucket_policy")


def read_live_tables(session: Session) -> Iterator[LiveFact]:
    """Every table bucket and its tables, with their policies."""
    buckets = []
    for fact in _TABLE_BUCKETS.read(session):
        yield fact
        if isinstance(fact, TemplateResource):
            buckets.append(fact.id)
    for bucket in buckets:
        none = ("NotFoundException",)
        tables = session.pages("s3tables", "list_tables", "tables", none=none, tableBucketARN=bucket)
        yield from each(session, _live_table, [{**table, "bucket": bucket} for table in tables])


def _live_table(session: Session, item: Mapping[str, Any]) -> Iterator[LiveFact]:
    arn = item["tableARN"]
    answer = session.call(
        "s3tables",
        "get_table_policy",
        none=("NotFoundException",),
        of=arn,
        tableBucketARN=item["bucket"],
        namespace=item["namespace"][0],
        name=item["name"],
    )
    policy = (answer or {}).get("resourcePolicy")
    yield from protecting(session, arn, policy, name=item["name"], call="s3tables.get_table_policy")


LIVE = (
    LiveReader(
        read=read_live_object_lambda,
        client="s3control",
        operations={
            "s3control.list_access_points_for_object_lambda": "which functions change objects as they are read",
            "s3control.get_access_point_configuration_for_object_lambda": (
                "which functions change objects as they are read"
            ),
            "s3control.get_access_point_policy_for_object_lambda": "who may read objects that functions change",
        },
    ),
    LiveReader(
        read=read_live_directory_buckets,
        client="s3",
        operations={
            "s3.list_directory_buckets": "which directory buckets there are",
            "s3.get_bucket_policy": "who may use a directory bucket",
        },
    ),
    LiveReader(
        read=read_live_tables,
        client="s3tables",
        operations={
            **_TABLE_BUCKETS.operations,
            "s3tables.list_tables": "who may read and write a table",
            "s3tables.get_table_policy": "who may read and write a table",
        },
    ),
    _VECTOR_BUCKETS.reader(),
)
