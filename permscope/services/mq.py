"""Amazon MQ: brokers that Lambda polls.

https://docs.aws.amazon.com/lambda/latest/dg/process-mq-messages-with-lambda.html
"""

from __future__ import annotations

from collections.abc import Iterable

from permscope.inventory.facts import AnyFact, Need
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
