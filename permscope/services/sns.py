"""Amazon SNS: topics, their policies, and what is subscribed to them.

https://docs.aws.amazon.com/sns/latest/dg/sns-lambda-as-subscriber.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from permscope.inventory.facts import AnyFact, Delivery, Need, RoleUse
from permscope.inventory.located import LocatedStr, source_of
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._values import Item, Text, about, json_value, located, policy_on, root
from permscope.services._wiring import triggers
from permscope.services.iam import role_arn
from permscope.services.interface import Stack, TemplateResource
from permscope.services.kms import encryption_key
from permscope.services.sqs import dead_letter_queues, queue_arn

SERVICE = "sns.amazonaws.com"
EVENT = "sns-subscription"
_FIREHOSE_ACTIONS = (
    "firehose:DescribeDeliveryStream",
    "firehose:ListDeliveryStreams",
    "firehose:ListTagsForDeliveryStream",
    "firehose:PutRecord",
    "firehose:PutRecordBatch",
)


def topic_arn(stack: Stack, value: str) -> str:
    """The ARN of a topic, in the spelling of the topic's own fact where this template has it."""
    known = stack.find(value, "AWS::SNS::Topic")
    return LocatedStr(known.arn, source_of(value)) if known is not None and known.arn else value


def read_topic(resource: TemplateResource) -> Iterable[AnyFact]:
    """A topic with its inline subscriptions and the roles it logs deliveries with."""
    yield resource.resource(
        kms_key_arn=encryption_key(resource),
        fifo=resource.flag("FifoTopic"),
    )
    for subscription in root(resource).items("Subscription"):
        yield from _subscribed(resource, resource.id, subscription)
    for logging in root(resource).items("DeliveryStatusLogging"):
        for key in ("SuccessFeedbackRoleArn", "FailureFeedbackRoleArn"):
            for found in logging.texts(key):
                role = role_arn(resource.stack, located(found))
                if role:
                    shared = about(resource, found.source, found.only_if)
                    yield RoleUse(user_id=resource.id, role_arn=role, service=SERVICE, exact=False, **shared)


def read_subscription(resource: TemplateResource) -> Iterable[AnyFact]:
    """A subscription: a trigger of a function, or a delivery to a queue or delivery stream."""
    for topic in root(resource).texts("TopicArn"):
        arn = topic_arn(resource.stack, located(topic))
        yield from _subscribed(resource, arn, Item(resource.properties, topic.only_if))
        for queue in dead_letter_queues(resource, "RedrivePolicy"):
            yield Delivery(
                sender_id=arn,
                target_arn=queue_arn(resource.stack, queue) or queue,
                event="dead-letter-queue",
                service=SERVICE,
                source_arn=arn,
                **about(resource, queue.source, topic.only_if),
            )


def _subscribed(resource: TemplateResource, topic: str, subscription: Item) -> Iterator[AnyFact]:
    """What one subscription wires; mail addresses, numbers and URLs are people and sites, not resources."""
    stack = resource.stack
    for protocol in subscription.texts("Protocol"):
        for endpoint in subscription.texts("Endpoint"):
            shared = about(resource, endpoint.source, endpoint.only_if or protocol.only_if or subscription.only_if)
            match protocol.text.lower():
                case "lambda":
                    yield from triggers(
                        resource,
                        [endpoint._replace(only_if=shared["only_if"])],
                        event=EVENT,
                        service=SERVICE,
                        source_id=topic,
                        source_arn=topic,
                        source_account=None,
                    )
                case "sqs":
                    yield Delivery(
                        sender_id=topic,
                        target_arn=queue_arn(stack, located(endpoint)) or located(endpoint),
                        event=EVENT,
                        service=SERVICE,
                        source_arn=topic,
                        **shared,
                    )
                case "firehose":
                    target = located(endpoint)
                    yield Delivery(
                        sender_id=topic,
                        target_arn=target,
                        event=EVENT,
                        role_arn=role_arn(stack, subscription.text("SubscriptionRoleArn")),
                        required=(Need(actions=_FIREHOSE_ACTIONS, resource_arn=target, why="to send the messages"),),
                        **shared,
                    )
                case "application" | "email" | "email-json" | "http" | "https" | "sms":
                    pass
                case _:
                    yield resource.unknown("the subscription", "its `Protocol` is not known", "target", protocol.source)


def read_topic_policy(resource: TemplateResource) -> Iterable[AnyFact]:
    """One policy for several topics."""
    return policy_on(resource, "Topics", _named_topic, "PolicyDocument")


def read_inline_policy(resource: TemplateResource) -> Iterable[AnyFact]:
    """The policy of one topic."""
    return policy_on(resource, "TopicArn", _named_topic, "PolicyDocument")


def _named_topic(resource: TemplateResource, named: Text) -> str | None:
    return topic_arn(resource.stack, located(named))


TEMPLATE = {
    "AWS::SNS::Topic": read_topic,
    "AWS::SNS::Subscription": read_subscription,
    "AWS::SNS::TopicPolicy": read_topic_policy,
    "AWS::SNS::TopicInlinePolicy": read_inline_policy,
}
SERVICE_PRINCIPALS = (SERVICE,)


_FEEDBACK = ("Application", "Firehose", "HTTP", "Lambda", "SQS")
_WIRED = ("lambda", "sqs", "firehose")


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every topic with its policy and logging roles, and what is subscribed: functions, queues, delivery streams.

    Endpoints that are mail addresses, phone numbers or URLs are left out. The list of subscriptions has those that the
    account made, to topics of others too; what others made to its own topics is asked for topic by topic.
    https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptions.html
    """
    topics = [topic["TopicArn"] for topic in session.pages("sns", "list_topics", "Topics")]
    for found in session.map(lambda arn: list(_live_topic(session, arn)), topics):
        yield from found
    made = list(session.pages("sns", "list_subscriptions", "Subscriptions"))
    others = session.map(lambda arn: list(_subscriptions_of_others(session, arn)), topics)
    known = {
        each["SubscriptionArn"]: each
        for each in (*made, *(each for found in others for each in found))
        if each.get("Protocol") in _WIRED and each["SubscriptionArn"].startswith("arn:")
    }
    for found in session.map(lambda each: list(_live_subscription(session, each)), list(known.values())):
        yield from found


def _subscriptions_of_others(session: Session, topic: str) -> Iterator[Mapping[str, Any]]:
    none = ("NotFound", "NotFoundException")
    for each in session.pages("sns", "list_subscriptions_by_topic", "Subscriptions", none=none, TopicArn=topic):
        if each.get("Owner") not in (None, "", session.account):
            yield each


def _live_topic(session: Session, arn: str) -> Iterator[LiveFact]:
    call = "sns.get_topic_attributes"
    answer = session.call("sns", "get_topic_attributes", none=("NotFound", "NotFoundException"), TopicArn=arn)
    if answer == {}:
        return
    attributes = (answer or {}).get("Attributes") or {}
    logging = [
        {key: attributes.get(f"{kind}{key}") for key in ("SuccessFeedbackRoleArn", "FailureFeedbackRoleArn")}
        for kind in _FEEDBACK
        if attributes.get(f"{kind}SuccessFeedbackRoleArn") or attributes.get(f"{kind}FailureFeedbackRoleArn")
    ]
    properties = {
        "KmsMasterKeyId": attributes.get("KmsMasterKeyId"),
        "FifoTopic": attributes.get("FifoTopic"),
        "DeliveryStatusLogging": logging or None,
    }
    name = arn.rpartition(":")[2]
    yield session.resource("AWS::SNS::Topic", properties, name=name, arn=arn, ref=arn, call=call)
    policy = json_value(attributes.get("Policy"))
    if policy is not None and not _is_default(policy):
        document = {"Topics": [arn], "PolicyDocument": policy}
        yield session.resource("AWS::SNS::TopicPolicy", document, name=name, call=call)


def _is_default(policy: object) -> bool:
    """Whether a policy is the one every topic begins with, which lets in what the owner's own policies let in."""
    if not isinstance(policy, dict) or policy.get("Id") != "__default_policy_ID":
        return False
    statements = policy.get("Statement")
    return (
        isinstance(statements, list)
        and len(statements) == 1
        and isinstance(statements[0], dict)
        and statements[0].get("Sid") == "__default_statement_ID"
        and "AWS:SourceOwner" in ((statements[0].get("Condition") or {}).get("StringEquals") or {})
    )


def _live_subscription(session: Session, each: Mapping[str, Any]) -> Iterator[LiveFact]:
    call = "sns.list_subscriptions_by_topic"
    attributes: Mapping[str, Any] = {}
    if each.get("Owner") in (None, "", session.account):  # nobody else is told about it
        call = "sns.get_subscription_attributes"
        answer = session.call(
            "sns",
            "get_subscription_attributes",
            none=("NotFound", "NotFoundException"),
            SubscriptionArn=each["SubscriptionArn"],
        )
        attributes = (answer or {}).get("Attributes") or {}
    properties = {
        "TopicArn": each["TopicArn"],
        "Protocol": each["Protocol"],
        "Endpoint": each["Endpoint"],
        "RedrivePolicy": attributes.get("RedrivePolicy"),
        "SubscriptionRoleArn": attributes.get("SubscriptionRoleArn"),
    }
    arn = each["SubscriptionArn"]
    yield session.resource("AWS::SNS::Subscription", properties, name=arn, arn=arn, ref=arn, call=call)


LIVE = (
    LiveReader(
        read=read_live,
        client="sns",
        operations={
            "sns.list_topics": "which topics there are",
            "sns.get_topic_attributes": "who may publish and subscribe to a topic, and its key",
            "sns.list_subscriptions": "which functions and queues topics run",
            "sns.list_subscriptions_by_topic": "which functions and queues of other accounts topics run",
            "sns.get_subscription_attributes": "where a subscription sends what it cannot deliver",
        },
    ),
)
