"""Amazon Kinesis Data Streams: streams, consumers with enhanced fan-out, and their policies.

https://docs.aws.amazon.com/streams/latest/dev/controlling-access.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from permscope.inventory.facts import AnyFact, Need
from permscope.inventory.located import LocatedStr
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._values import root
from permscope.services.interface import Stack, TemplateResource
from permscope.services.kms import encryption_key

_CONSUMER = "AWS::Kinesis::StreamConsumer"
_READ_ACTIONS = (
    "kinesis:DescribeStream",
    "kinesis:DescribeStreamSummary",
    "kinesis:GetRecords",
    "kinesis:GetShardIterator",
    "kinesis:ListShards",
)


def stream_of(arn: str) -> str:
    """The stream of a consumer ARN (`stream/orders/consumer/audit:1`), or the ARN itself."""
    return arn.partition("/consumer/")[0]


def needs_to_poll(arn: str, stream: str | None = None) -> tuple[Need, ...]:
    """What an execution role needs to read a stream, or a stream through a consumer (enhanced fan-out).

    Lambda does not ask for `kinesis:ListStreams`, which AWS's list does not have, nor for
    `kinesis:DescribeStreamConsumer`, which its own `AWSLambdaKinesisExecutionRole` does not grant.
    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html

    Args:
        arn: of the stream or consumer that is mapped.
        stream: of the consumer, where its own ARN does not tell.
    """
    is_consumer = "/consumer/" in arn or (stream is not None and ":stream/" not in arn)
    stream = stream or stream_of(arn)
    read = Need(actions=_READ_ACTIONS, resource_arn=stream, why="to read the stream")
    if not is_consumer:
        return (read,)
    return (read, Need(actions=("kinesis:SubscribeToShard",), resource_arn=arn, why="to read as its consumer"))


def source_stream(stack: Stack, text: str) -> str | None:
    """The ARN of the stream behind a stream or consumer of this template; None for anything else."""
    known = stack.find(stream_of(text), "AWS::Kinesis::Stream")
    if known is not None:
        return known.arn
    consumers = [stack.find(text, _CONSUMER), *(found for found in stack.mentioned(text) if found.type == _CONSUMER)]
    consumer = next((found for found in consumers if found is not None), None)
    return consumer.text("StreamARN") if consumer is not None else None


def read_stream(resource: TemplateResource) -> Iterable[AnyFact]:
    """A stream."""
    yield resource.resource(kms_key_arn=encryption_key(resource))


def read_consumer(resource: TemplateResource) -> Iterable[AnyFact]:
    """A registered consumer of a stream."""
    yield resource.resource(stream_arn=resource.text("StreamARN"))


def read_policy(resource: TemplateResource) -> Iterable[AnyFact]:
    """The policy of a stream or consumer."""
    for found in root(resource).texts("ResourceArn"):
        yield from resource.when(found.only_if).protects(LocatedStr(found.text, found.source), "ResourcePolicy")


TEMPLATE = {
    "AWS::Kinesis::Stream": read_stream,
    _CONSUMER: read_consumer,
    "AWS::Kinesis::ResourcePolicy": read_policy,
}
SERVICE_PRINCIPALS = ("kinesis.amazonaws.com",)


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every stream with its consumers and the policies of both."""
    names = list(session.pages("kinesis", "list_streams", "StreamNames"))
    for found in session.map(lambda name: list(_live_stream(session, name)), names):
        yield from found


def _live_stream(session: Session, name: str) -> Iterator[LiveFact]:
    call = "kinesis.describe_stream_summary"
    answer = session.call("kinesis", "describe_stream_summary", none=("ResourceNotFoundException",), StreamName=name)
    if answer == {}:
        return
    stream = (answer or {}).get("StreamDescriptionSummary") or {}
    arn = stream.get("StreamARN") or session.stack.arn("kinesis", f"stream/{name}")
    key = stream.get("KeyId") if stream.get("EncryptionType") == "KMS" else None
    properties = {"StreamEncryption": {"EncryptionType": "KMS", "KeyId": key} if key else None}
    yield session.resource("AWS::Kinesis::Stream", properties, name=name, arn=arn, call=call)
    yield from _live_policy(session, arn)
    for consumer in session.pages("kinesis", "list_stream_consumers", "Consumers", StreamARN=arn):
        consumer_arn = consumer["ConsumerARN"]
        yield session.resource(
            _CONSUMER,
            {"StreamARN": arn, "ConsumerName": consumer["ConsumerName"]},
            name=consumer["ConsumerName"],
            arn=consumer_arn,
            ref=consumer_arn,
            call="kinesis.list_stream_consumers",
        )
        yield from _live_policy(session, consumer_arn)


def _live_policy(session: Session, arn: str) -> Iterator[LiveFact]:
    answer = session.call("kinesis", "get_resource_policy", none=("ResourceNotFoundException",), ResourceARN=arn)
    document = (answer or {}).get("Policy")
    if document and document.strip() != "{}":
        properties = {"ResourceArn": arn, "ResourcePolicy": document}
        yield session.resource("AWS::Kinesis::ResourcePolicy", properties, name=arn, call="kinesis.get_resource_policy")


LIVE = (
    LiveReader(
        read=read_live,
        client="kinesis",
        operations={
            "kinesis.list_streams": "which streams there are",
            "kinesis.describe_stream_summary": "the key of a stream",
            "kinesis.list_stream_consumers": "which consumers read a stream",
            "kinesis.get_resource_policy": "who may use a stream or its consumers",
        },
    ),
)
