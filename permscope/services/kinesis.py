"""Amazon Kinesis Data Streams: streams, consumers with enhanced fan-out, and their policies.

https://docs.aws.amazon.com/streams/latest/dev/controlling-access.html
"""

from __future__ import annotations

from collections.abc import Iterable

from permscope.inventory.facts import AnyFact, Need
from permscope.inventory.located import LocatedStr
from permscope.services._values import root
from permscope.services.interface import TemplateResource
from permscope.services.kms import encryption_key

_READ_ACTIONS = (
    "kinesis:DescribeStream",
    "kinesis:DescribeStreamSummary",
    "kinesis:GetRecords",
    "kinesis:GetShardIterator",
    "kinesis:ListShards",
    "kinesis:ListStreams",
)
_CONSUMER_ACTIONS = ("kinesis:SubscribeToShard", "kinesis:DescribeStreamConsumer")


def stream_of(arn: str) -> str:
    """The stream of a consumer ARN (`stream/orders/consumer/audit:1`), or the ARN itself."""
    return arn.partition("/consumer/")[0]


def needs_to_poll(arn: str) -> tuple[Need, ...]:
    """What an execution role needs to read a stream, or a stream through a consumer (enhanced fan-out).

    `kinesis:ListStreams` is asked on the stream, so that `*` is enough but not needed.
    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html
    """
    stream = stream_of(arn)
    read = Need(actions=_READ_ACTIONS, resource_arn=stream, why="to read the stream")
    if stream == arn:
        return (read,)
    return (read, Need(actions=_CONSUMER_ACTIONS, resource_arn=arn, why="to read as its registered consumer"))


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
    "AWS::Kinesis::StreamConsumer": read_consumer,
    "AWS::Kinesis::ResourcePolicy": read_policy,
}
SERVICE_PRINCIPALS = ("kinesis.amazonaws.com",)
