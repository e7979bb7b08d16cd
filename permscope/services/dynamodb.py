"""Amazon DynamoDB: tables, their streams, and the policies of both.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/access-control-resource-based.html
"""

from __future__ import annotations

from collections.abc import Iterable

from permscope.inventory.facts import AnyFact, Delivery, Need
from permscope.inventory.tokens import UNKNOWN_TOKEN
from permscope.services._values import Item, about, root
from permscope.services.interface import Stack, TemplateResource
from permscope.services.kms import encryption_key, key_arn

TABLE_TYPES = ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable")
_STREAM_ACTIONS = (
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
)


def stream_arn(table: TemplateResource) -> str:
    """The ARN of a table's stream; its label is known to the deployment alone."""
    return f"{table.arn}/stream/${{{_label(table)}.StreamLabel}}"


def _label(table: TemplateResource) -> str:
    return f"{table.stack.label}/{table.logical_id}" if table.stack.label else table.logical_id


def table_of(arn: str) -> str:
    """The table of a stream, index or backup ARN (`table/orders/stream/2026-...`), or the ARN itself."""
    for part in ("/stream/", "/index/", "/backup/", "/export/"):
        arn = arn.partition(part)[0]
    return arn


def source_table(stack: Stack, text: str) -> TemplateResource | None:
    """The table of this template behind its ARN, its stream's ARN, or a `StreamArn` attribute left as a token."""
    known = stack.find(table_of(text), *TABLE_TYPES)
    if known is not None or UNKNOWN_TOKEN.fullmatch(text):
        return known
    return next((found for found in stack.mentioned(text) if found.type in TABLE_TYPES), None)


def needs_to_poll(arn: str) -> tuple[Need, ...]:
    """What an execution role needs to read a table's stream.

    `dynamodb:ListStreams` is asked on the stream, as AWS's own examples grant it, so that `*` is enough but not needed.
    https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html
    """
    return (Need(actions=_STREAM_ACTIONS, resource_arn=arn, why="to read the table's stream"),)


def read_table(resource: TemplateResource) -> Iterable[AnyFact]:
    """A table, the policies of it and its stream, and the Kinesis stream its changes go to."""
    has_stream = resource.get("StreamSpecification") is not None
    yield resource.resource(
        kms_key_arn=encryption_key(resource),
        stream_arn=stream_arn(resource) if has_stream else None,
        deletion_protection=resource.flag("DeletionProtectionEnabled"),
    )
    yield from resource.protects(resource.id, "ResourcePolicy", "PolicyDocument")
    yield from resource.protects(stream_arn(resource), "StreamSpecification", "ResourcePolicy", "PolicyDocument")
    yield from _change_stream(resource)


def read_global_table(resource: TemplateResource) -> Iterable[AnyFact]:
    """A global table; each replica has policies of its own, and the one of another Region protects that replica."""
    stack = resource.stack
    keys = [key_arn(stack, replica.text("SSESpecification", "KMSMasterKeyId")) for replica in _replicas(resource)]
    has_stream = resource.get("StreamSpecification") is not None
    yield resource.resource(
        kms_key_arn=next((key for key in keys if key), None),
        stream_arn=stream_arn(resource) if has_stream else None,
        replica_regions=tuple(region for replica in _replicas(resource) if (region := replica.text("Region"))),
    )
    for replica in _replicas(resource):
        region = replica.text("Region")
        table = stack.arn("dynamodb", f"table/{resource.name}", region=region) if region else resource.arn
        own = table == resource.arn
        for path, arn in (
            (("ResourcePolicy", "PolicyDocument"), table),
            (
                ("ReplicaStreamSpecification", "ResourcePolicy", "PolicyDocument"),
                stream_arn(resource) if own else f"{table}/stream/*",
            ),
        ):
            part = resource.part(replica.value, replica.only_if)
            yield from part.protects(arn, *path)


def _replicas(resource: TemplateResource) -> Iterable[Item]:
    return root(resource).items("Replicas")


def _change_stream(resource: TemplateResource) -> Iterable[AnyFact]:
    for found in root(resource).texts("KinesisStreamSpecification", "StreamArn"):
        yield Delivery(
            sender_id=resource.id,
            target_arn=found.text,
            event="kinesis-streaming-destination",
            **about(resource, found.source, found.only_if),
        )


TEMPLATE = {"AWS::DynamoDB::Table": read_table, "AWS::DynamoDB::GlobalTable": read_global_table}
SERVICE_PRINCIPALS = ("dynamodb.amazonaws.com", "replication.dynamodb.amazonaws.com")
