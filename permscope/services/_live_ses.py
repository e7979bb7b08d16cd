"""Amazon SES of a live account: receipt rules, Mail Manager, policies of identities, destinations of events.

https://docs.aws.amazon.com/ses/latest/APIReference/API_DescribeReceiptRuleSet.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from permscope.services._answers import NOT_HERE, arn_of, each, picked, protecting
from permscope.services._live import LiveFact, LiveReader, Session

_GONE = ("NotFoundException", "RuleSetDoesNotExist", "ResourceNotFoundException")


def read_receipt_rules(session: Session) -> Iterator[LiveFact]:
    """The rules of every rule set; those of a set that is not the active one do not run."""
    active = session.call("ses", "describe_active_receipt_rule_set") or {}
    running = (active.get("Metadata") or {}).get("Name")
    type_name = "AWS::SES::ReceiptRule"
    for item in session.pages("ses", "list_receipt_rule_sets", "RuleSets"):
        name = item["Name"]
        yield session.resource("AWS::SES::ReceiptRuleSet", {}, name=name, call="ses.list_receipt_rule_sets")
        found = session.call("ses", "describe_receipt_rule_set", none=_GONE, RuleSetName=name) or {}
        for rule in found.get("Rules") or ():
            held = {**picked(rule, "Name"), "Actions": [_action(action) for action in rule.get("Actions") or ()]}
            held["Enabled"] = bool(rule.get("Enabled")) and name == running
            yield session.resource(
                type_name,
                {"RuleSetName": name, "Rule": held},
                name=rule["Name"],
                arn=arn_of(session, type_name, RuleSetName=name, name=rule["Name"]),
                call="ses.describe_receipt_rule_set",
            )


def _action(action: Mapping[str, Any]) -> dict[str, Any]:
    parts = ("FunctionArn", "TopicArn", "BucketName", "IamRoleArn")
    return {kind: picked(inner, *parts) for kind, inner in action.items()}


def read_identities(session: Session) -> Iterator[LiveFact]:
    """Who may send as an identity of the account, and where events of sent mail go.

    https://docs.aws.amazon.com/ses/latest/dg/sending-authorization-policies.html
    """
    identities = [item["IdentityName"] for item in session.pages("sesv2", "list_email_identities", "EmailIdentities")]
    yield from each(session, _identity, identities)
    sets = [*session.pages("sesv2", "list_configuration_sets", "ConfigurationSets")]
    yield from each(session, _destinations, sets)


def _identity(session: Session, name: str) -> Iterator[LiveFact]:
    call = "sesv2.get_email_identity_policies"
    arn = session.stack.arn("ses", f"identity/{name}")
    yield session.resource("AWS::SES::EmailIdentity", {}, name=name, arn=arn, call="sesv2.list_email_identities")
    answer = session.call("sesv2", "get_email_identity_policies", none=_GONE, EmailIdentity=name) or {}
    for policy_name, document in (answer.get("Policies") or {}).items():
        yield from protecting(session, arn, document, name=f"{name}/{policy_name}", call=call)


def _destinations(session: Session, name: str) -> Iterator[LiveFact]:
    call = "sesv2.get_configuration_set_event_destinations"
    answer = session.call("sesv2", "get_configuration_set_event_destinations", none=_GONE, ConfigurationSetName=name)
    for item in (answer or {}).get("EventDestinations") or ():
        firehose = item.get("KinesisFirehoseDestination") or {}
        topic = (item.get("SnsDestination") or {}).get("TopicArn")
        held = {
            **picked(item, "EventBridgeDestination"),
            "SnsDestination": {"TopicARN": topic} if topic else None,
            "KinesisFirehoseDestination": {
                "IAMRoleARN": firehose.get("IamRoleArn"),
                "DeliveryStreamARN": firehose.get("DeliveryStreamArn"),
            }
            if firehose
            else None,
        }
        yield session.resource(
            "AWS::SES::ConfigurationSetEventDestination",
            {"ConfigurationSetName": name, "EventDestination": held},
            name=f"{name}/{item['Name']}",
            call=call,
        )


def read_mail_manager(session: Session) -> Iterator[LiveFact]:
    """What the rules of Mail Manager do."""
    rule_sets = [
        item["RuleSetId"] for item in session.pages("mailmanager", "list_rule_sets", "RuleSets", none=NOT_HERE)
    ]
    yield from each(session, _rule_set, rule_sets)


def _rule_set(session: Session, rule_set_id: str) -> Iterator[LiveFact]:
    answer = session.call("mailmanager", "get_rule_set", none=_GONE, RuleSetId=rule_set_id)
    if answer:
        yield session.resource(
            "AWS::SES::MailManagerRuleSet",
            {"Rules": [picked(rule, "Name", "Actions") for rule in answer.get("Rules") or ()]},
            name=answer["RuleSetName"],
            arn=answer["RuleSetArn"],
            ref=rule_set_id,
            call="mailmanager.get_rule_set",
        )


LIVE = (
    LiveReader(
        read=read_receipt_rules,
        client="ses",
        operations={
            "ses.list_receipt_rule_sets": "what received mail runs",
            "ses.describe_active_receipt_rule_set": "which rules for received mail are active",
            "ses.describe_receipt_rule_set": "which functions received mail runs",
        },
    ),
    LiveReader(
        read=read_identities,
        client="sesv2",
        operations={
            "sesv2.list_email_identities": "who may send mail in the account's name",
            "sesv2.get_email_identity_policies": "who may send mail in the account's name",
            "sesv2.list_configuration_sets": "where events of sent mail go",
            "sesv2.get_configuration_set_event_destinations": "where events of sent mail go",
        },
    ),
    LiveReader(
        read=read_mail_manager,
        client="mailmanager",
        operations={
            "mailmanager.list_rule_sets": "what Mail Manager does with received mail",
            "mailmanager.get_rule_set": "which functions Mail Manager runs, and with which roles",
        },
    ),
)
