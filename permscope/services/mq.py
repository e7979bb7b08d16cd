"""Amazon MQ: brokers that Lambda polls.

https://docs.aws.amazon.com/lambda/latest/dg/process-mq-messages-with-lambda.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from permscope.inventory.facts import AnyFact, Need
from permscope.services._answers import each, picked
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services.interface import TemplateResource
from permscope.services.kafka import needs_of_vpc
from permscope.services.kms import encryption_key


def needs_to_poll(arn: str) -> tuple[Need, ...]:
    """What an execution role needs to take messages from a broker, besides the secret with its password."""
    return (Need(actions=("mq:DescribeBroker",), resource_arn=arn, why="to find the broker"), *needs_of_vpc())


def read_broker(resource: TemplateResource) -> Iterable[AnyFact]:
    """A broker; its users' passwords are never looked at."""
    yield resource.resource(
        kms_key_arn=encryption_key(resource),
        publicly_accessible=resource.flag("PubliclyAccessible"),
        engine_type=resource.text("EngineType"),
    )


TEMPLATE = {"AWS::AmazonMQ::Broker": read_broker}
SERVICE_PRINCIPALS = ("mq.amazonaws.com",)


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every broker."""
    brokers = [item["BrokerId"] for item in session.pages("mq", "list_brokers", "BrokerSummaries")]
    yield from each(session, _live_broker, brokers)


def _live_broker(session: Session, broker_id: str) -> Iterator[LiveFact]:
    answer = session.call("mq", "describe_broker", none=("NotFoundException",), BrokerId=broker_id)
    if answer:
        yield session.resource(
            "AWS::AmazonMQ::Broker",
            picked(answer, "EncryptionOptions", "PubliclyAccessible", "EngineType"),
            name=answer["BrokerName"],
            arn=answer["BrokerArn"],
            ref=broker_id,
            call="mq.describe_broker",
        )


LIVE = (
    LiveReader(
        read=read_live,
        client="mq",
        operations={
            "mq.list_brokers": "which brokers there are",
            "mq.describe_broker": "whether the internet reaches a broker",
        },
    ),
)
