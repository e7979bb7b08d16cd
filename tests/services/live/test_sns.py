"""Topics of a live account, and who is subscribed to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import Trigger

OWN, OTHER = "123456789012", "210987654321"
TOPIC = f"arn:aws:sns:eu-west-1:{OWN}:news"
FOREIGN = f"arn:aws:sns:eu-west-1:{OTHER}:their-news"


def subscription(topic: str, owner: str, function: str) -> dict[str, str]:
    """A function that is subscribed."""
    endpoint = f"arn:aws:lambda:eu-west-1:{owner}:function:{function}"
    arn = f"{topic}:{function}"
    return {"SubscriptionArn": arn, "Owner": owner, "Protocol": "lambda", "Endpoint": endpoint, "TopicArn": topic}


MINE, THEIRS = subscription(TOPIC, OWN, "mine"), subscription(TOPIC, OTHER, "theirs")
ELSEWHERE = subscription(FOREIGN, OWN, "elsewhere")
PENDING = {**subscription(TOPIC, OTHER, "pending"), "SubscriptionArn": "PendingConfirmation"}
ANSWERS: dict[str, Any] = {
    "sns.list_topics": {"Topics": [{"TopicArn": TOPIC}]},
    "sns.get_topic_attributes": {"Attributes": {"TopicArn": TOPIC}},
    "sns.list_subscriptions": {"Subscriptions": [MINE, ELSEWHERE]},
    "sns.list_subscriptions_by_topic": {"Subscriptions": [MINE, THEIRS, PENDING]},
    "sns.get_subscription_attributes": {"Attributes": {}},
}


def test_what_other_accounts_subscribed_to_a_topic_is_found(account: Callable[..., list[Any]]) -> None:
    """Each function once: of the account's own list, and of the topic's; one that is not confirmed gets nothing.

    https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptions.html
    """
    found = account("sns", ANSWERS, Trigger)
    assert sorted((trigger.source_id, trigger.function_arn.rpartition(":")[2]) for trigger in found) == [
        (TOPIC, "mine"),
        (TOPIC, "theirs"),
        (FOREIGN, "elsewhere"),
    ]


def test_nobody_is_asked_about_the_subscription_of_another_account(account: Callable[..., list[Any]]) -> None:
    """Only its owner may read its attributes."""
    account("sns", ANSWERS)
    asked = [
        arguments["SubscriptionArn"]
        for name, arguments in account.asked  # type: ignore[attr-defined]
        if name == "sns.get_subscription_attributes"
    ]
    assert sorted(asked) == sorted([MINE["SubscriptionArn"], ELSEWHERE["SubscriptionArn"]])
