"""Amazon DynamoDB: tables, their streams, and the policies of both.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/access-control-resource-based.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from permscope.inventory.facts import AnyFact, Delivery, Need
from permscope.inventory.tokens import UNKNOWN_TOKEN
from permscope.services._live import LiveFact, LiveReader, Session
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
    known = table.attributes.get("StreamArn")
    if known is not None:
        return known
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


_NO_POLICY = ("PolicyNotFoundException", "ResourceNotFoundException")


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every table with the policies of it and its stream, and the Kinesis stream its changes go to."""
    names = list(session.pages("dynamodb", "list_tables", "TableNames"))
    for found in session.map(lambda name: list(_live_table(session, name)), names):
        yield from found


def _live_table(session: Session, name: str) -> Iterator[LiveFact]:
    answer = session.call("dynamodb", "describe_table", none=("ResourceNotFoundException",), TableName=name)
    if answer == {}:
        return
    table = (answer or {}).get("Table") or {}
    arn = table.get("TableArn") or session.stack.arn("dynamodb", f"table/{name}")
    encryption = table.get("SSEDescription") or {}
    stream = table.get("LatestStreamArn") if (table.get("StreamSpecification") or {}).get("StreamEnabled") else None
    properties = {
        "SSESpecification": {"KMSMasterKeyId": encryption["KMSMasterKeyArn"]}
        if encryption.get("KMSMasterKeyArn")
        else None,
        "DeletionProtectionEnabled": table.get("DeletionProtectionEnabled"),
        "ResourcePolicy": _live_policy(session, arn),
        "StreamSpecification": {"ResourcePolicy": _live_policy(session, stream)} if stream else None,
    }
    sending = session.call(
        "dynamodb", "describe_kinesis_streaming_destination", none=("ResourceNotFoundException",), TableName=name
    )
    active = [
        found["StreamArn"]
        for found in (sending or {}).get("KinesisDataStreamDestinations") or ()
        if found.get("DestinationStatus") in ("ACTIVE", "ENABLING", "UPDATING")
    ]
    if active:
        properties["KinesisStreamSpecification"] = {"StreamArn": active[0]}
    attributes = {"StreamArn": stream} if stream else {}
    yield session.resource(
        "AWS::DynamoDB::Table", properties, name=name, arn=arn, attributes=attributes, call="dynamodb.describe_table"
    )


def _live_policy(session: Session, arn: str) -> dict[str, object] | None:
    answer = session.call("dynamodb", "get_resource_policy", none=_NO_POLICY, ResourceArn=arn)
    document = (answer or {}).get("Policy")
    return {"PolicyDocument": document} if document else None


LIVE = (
    LiveReader(
        read=read_live,
        client="dynamodb",
        operations={
            "dynamodb.list_tables": "which tables there are",
            "dynamodb.describe_table": "the key and the stream of a table",
            "dynamodb.get_resource_policy": "who may use a table or its stream",
            "dynamodb.describe_kinesis_streaming_destination": "where the changes of a table go",
        },
    ),
)
