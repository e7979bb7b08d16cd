"""SES of a live account."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import Delivery, Mechanism, ResourcePolicy, RoleUse, Trigger

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:mail"
SES = "arn:aws:ses:eu-west-1:123456789012"
ROLE = "arn:aws:iam::123456789012:role/mail"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:bounces"
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
POLICY = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"210987654321"},'
    '"Action":"ses:SendEmail","Resource":"*"}]}'
)
RULE = {
    "Name": "run",
    "Enabled": True,
    "Actions": [
        {"LambdaAction": {"FunctionArn": FUNCTION, "InvocationType": "Event"}},
        {"S3Action": {"BucketName": "mails"}},
        {"AddHeaderAction": {"HeaderName": "x", "HeaderValue": "not kept"}},
    ],
}
ANSWERS: dict[str, Any] = {
    "ses.list_receipt_rule_sets": {"RuleSets": [{"Name": "active"}, {"Name": "old"}]},
    "ses.describe_active_receipt_rule_set": {"Metadata": {"Name": "active"}, "Rules": [RULE]},
    "ses.describe_receipt_rule_set": lambda asked: {"Metadata": {"Name": asked["RuleSetName"]}, "Rules": [RULE]},
    "sesv2.list_email_identities": {"EmailIdentities": [{"IdentityName": "example.com"}]},
    "sesv2.get_email_identity_policies": {"Policies": {"partner": POLICY}},
    "sesv2.list_configuration_sets": {"ConfigurationSets": ["all"]},
    "sesv2.get_configuration_set_event_destinations": {
        "EventDestinations": [
            {"Name": "a", "MatchingEventTypes": ["BOUNCE"], "SnsDestination": {"TopicArn": TOPIC}},
            {
                "Name": "b",
                "MatchingEventTypes": ["BOUNCE"],
                "KinesisFirehoseDestination": {
                    "IamRoleArn": ROLE,
                    "DeliveryStreamArn": "arn:aws:firehose:eu-west-1:123456789012:deliverystream/mail",
                },
            },
        ]
    },
    "mailmanager.list_rule_sets": {"RuleSets": [{"RuleSetId": "rs-1"}]},
    "mailmanager.get_rule_set": {
        "RuleSetId": "rs-1",
        "RuleSetArn": f"{SES}:mailmanager-rule-set/rs-1",
        "RuleSetName": "inbox",
        "CreatedDate": NOW,
        "LastModificationDate": NOW,
        "Rules": [
            {
                "Actions": [
                    {"InvokeLambda": {"FunctionArn": FUNCTION, "InvocationType": "EVENT", "RoleArn": f"{ROLE}-manager"}}
                ]
            }
        ],
    },
}


def test_only_the_active_rule_set_runs(account: Callable[..., list[Any]]) -> None:
    """Rules of other sets are wired and switched off; Mail Manager calls with a role."""
    found = {(fact.mechanism, fact.source_arn, fact.enabled) for fact in account("ses", ANSWERS, Trigger)}
    assert found == {
        (Mechanism.RESOURCE_POLICY, f"{SES}:receipt-rule-set/active:receipt-rule/run", True),
        (Mechanism.RESOURCE_POLICY, f"{SES}:receipt-rule-set/old:receipt-rule/run", False),
        (Mechanism.SERVICE_ROLE, None, True),
    }


def test_events_of_sent_mail_go_to_topics_and_streams(account: Callable[..., list[Any]]) -> None:
    """The newer API spells the keys of destinations in another way than CloudFormation."""
    facts = account("ses", ANSWERS)
    assert TOPIC in {fact.target_arn for fact in facts if isinstance(fact, Delivery)}
    assert {fact.role_arn for fact in facts if isinstance(fact, RoleUse)} == {ROLE, f"{ROLE}-manager"}
    assert "not kept" not in repr(facts)


def test_who_may_send_as_an_identity_is_known(account: Callable[..., list[Any]]) -> None:
    """CloudFormation has no type for these policies."""
    (policy,) = account("ses", ANSWERS, ResourcePolicy)
    assert policy.resource_arn == f"{SES}:identity/example.com"
    assert policy.source.call == "sesv2.get_email_identity_policies"
