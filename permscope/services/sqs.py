"""Amazon SQS: queues, their policies, and where they move messages nobody could handle.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-overview-of-managing-access.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from permscope.inventory.facts import AnyFact, Delivery, Need
from permscope.inventory.located import LocatedStr, as_text, source_of
from permscope.inventory.tokens import UNKNOWN_TOKEN
from permscope.lazy import regex
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._values import Text, about, branches, json_value, policy_on, texts
from permscope.services.interface import Stack, TemplateResource
from permscope.services.kms import encryption_key

_URL = regex(
    r"https://(?:sqs\.(?P<region>(?:\$\{[^}]*\}|[^./])+)|(?P<old>[a-z0-9-]+)\.queue)\.[^/]+/"
    r"(?P<account>(?:\$\{[^}]*\}|[^/])+)/(?P<name>.+)"
)
POLL_ACTIONS = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")


def queue_arn(stack: Stack, value: object) -> str | None:
    """The ARN of a queue given by URL, ARN or name."""
    text = as_text(value)
    if not text:
        return None
    known = stack.find(text, "AWS::SQS::Queue")
    if known is not None and known.arn:
        return LocatedStr(known.arn, source_of(value))
    if text.startswith("arn:") or UNKNOWN_TOKEN.fullmatch(text):
        return text
    url = _URL.fullmatch(text)
    if url is not None:
        region = url["region"] or url["old"]
        return LocatedStr(stack.arn("sqs", url["name"], region=region, account=url["account"]), source_of(value))
    return None if "/" in text else LocatedStr(stack.arn("sqs", text), source_of(value))


def needs_to_poll(arn: str) -> tuple[Need, ...]:
    """What an execution role needs to take messages from a queue.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    """
    return (Need(actions=POLL_ACTIONS, resource_arn=arn, why="to take messages from the queue"),)


def dead_letter_queues(resource: TemplateResource, *path: str) -> Iterable[LocatedStr]:
    """The `deadLetterTargetArn` of a redrive policy given as a mapping or as JSON text."""
    for document, _ in branches(resource.get(*path)):
        value = json_value(document)
        if not isinstance(value, dict):
            why = "it is neither a mapping nor JSON"
            resource.unknowns.append(resource.unknown(f"`{path[-1]}`", why, "shape", resource.place(*path)))
        for found in texts(value.get("deadLetterTargetArn") if isinstance(value, dict) else None, source_of(document)):
            yield LocatedStr(found.text, found.source)


def read_queue(resource: TemplateResource) -> Iterable[AnyFact]:
    """A queue and the queue it moves failed messages to; SQS does that itself and asks nobody."""
    targets = tuple(dead_letter_queues(resource, "RedrivePolicy"))
    yield resource.resource(
        kms_key_arn=encryption_key(resource),
        redrive_target_arn=targets[0] if targets else None,
        fifo=resource.flag("FifoQueue"),
    )
    for target in targets:
        shared = about(resource, target.source)
        yield Delivery(sender_id=resource.id, target_arn=target, event="redrive", **shared)


def read_queue_policy(resource: TemplateResource) -> Iterable[AnyFact]:
    """One policy for several queues, each given by URL."""
    return policy_on(resource, "Queues", _named_queue, "PolicyDocument")


def read_inline_policy(resource: TemplateResource) -> Iterable[AnyFact]:
    """The policy of one queue."""
    return policy_on(resource, "Queue", _named_queue, "PolicyDocument")


def _named_queue(resource: TemplateResource, named: Text) -> str | None:
    return queue_arn(resource.stack, LocatedStr(named.text, named.source))


TEMPLATE = {
    "AWS::SQS::Queue": read_queue,
    "AWS::SQS::QueuePolicy": read_queue_policy,
    "AWS::SQS::QueueInlinePolicy": read_inline_policy,
}
SERVICE_PRINCIPALS = ("sqs.amazonaws.com",)


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every queue with its policy.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html
    """
    urls = list(session.pages("sqs", "list_queues", "QueueUrls", MaxResults=1000))
    for found in session.map(lambda url: list(_live_queue(session, url)), urls):
        yield from found


def _live_queue(session: Session, url: str) -> Iterator[LiveFact]:
    call = "sqs.get_queue_attributes"
    answer = session.call(
        "sqs",
        "get_queue_attributes",
        none=("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"),
        QueueUrl=url,
        AttributeNames=["QueueArn", "Policy", "KmsMasterKeyId", "RedrivePolicy", "FifoQueue"],
    )
    if not answer:
        return
    attributes = answer.get("Attributes") or {}
    name = url.rpartition("/")[2]
    properties = {key: attributes.get(key) for key in ("KmsMasterKeyId", "RedrivePolicy", "FifoQueue")}
    yield session.resource("AWS::SQS::Queue", properties, name=name, arn=attributes.get("QueueArn"), ref=url, call=call)
    if attributes.get("Policy"):
        policy = {"Queues": [url], "PolicyDocument": attributes["Policy"]}
        yield session.resource("AWS::SQS::QueuePolicy", policy, name=name, call=call)


LIVE = (
    LiveReader(
        read=read_live,
        client="sqs",
        operations={
            "sqs.list_queues": "which queues there are",
            "sqs.get_queue_attributes": "who may use a queue, its key and its dead-letter queue",
        },
    ),
)
