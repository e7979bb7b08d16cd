"""SES: what receipt rules and Mail Manager do with received mail. Anyone who can send mail starts it.

https://docs.aws.amazon.com/ses/latest/dg/receiving-email-permissions.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from permscope.inventory.facts import AnyFact, Need
from permscope.inventory.located import LocatedStr
from permscope.services._answers import NOT_HERE, arn_of, each, picked, protecting
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._values import Item, located, mappings
from permscope.services._wiring import (
    bucket_text,
    deliveries,
    needs_to_send,
    properties,
    role_triggers,
    role_uses,
    triggers,
)
from permscope.services.interface import TemplateResource

SERVICE = "ses.amazonaws.com"
SERVICE_PRINCIPALS = (SERVICE,)


def read_receipt_rule(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::SES::ReceiptRule`: each action that received mail runs."""
    enabled = resource.text("Rule", "Enabled") == "true"
    yield resource.resource(rule_set_name=resource.text("RuleSetName"))
    source_arn = LocatedStr(_rule_arn(resource), resource.source)
    for rule in mappings(resource.get("Rule")):
        for action in rule.items("Actions"):
            yield from triggers(
                resource,
                action.texts("LambdaAction", "FunctionArn"),
                event="ses-receipt-rule",
                service=SERVICE,
                source_arn=source_arn,
                enabled=enabled,
            )
            yield from _told(resource, action, source_arn, enabled=enabled)


def _rule_arn(resource: TemplateResource) -> str:
    """https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonses.html ."""
    rule_set = resource.text("RuleSetName") or "${Unknown::RuleSetName}"
    name = resource.text("Rule", "Name") or resource.name
    return resource.stack.arn("ses", f"receipt-rule-set/{rule_set}:receipt-rule/{name}")


def _told(resource: TemplateResource, action: Item, source_arn: str, *, enabled: bool) -> Iterator[AnyFact]:
    """Topics and buckets that an action writes to: SES is let in by their own policies, or by a role for a bucket."""
    for kind in ("SNSAction", "S3Action", "BounceAction", "LambdaAction", "StopAction", "WorkmailAction"):
        yield from deliveries(
            resource,
            action.texts(kind, "TopicArn"),
            event="ses-receipt-rule",
            service=SERVICE,
            source_arn=source_arn,
            enabled=enabled,
        )
    roles = [*action.texts("S3Action", "IamRoleArn")]
    buckets = [bucket_text(resource, text) for text in action.texts("S3Action", "BucketName")]
    for bucket in buckets:
        objects = LocatedStr(f"{bucket.text}/*", bucket.source)
        needs = (Need(actions=("s3:PutObject",), resource_arn=objects, why="to keep the mail"),)
        yield from role_uses(resource, roles, SERVICE, needs)
        if not roles:
            yield from deliveries(
                resource, [bucket], event="ses-receipt-rule", service=SERVICE, source_arn=source_arn, enabled=enabled
            )


def read_mail_manager_rules(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::SES::MailManagerRuleSet`: every action that has a role of its own."""
    yield resource.resource()
    for rule in mappings(resource.get("Rules")):
        for action in rule.items("Actions"):
            for kind in action.value:
                for inner in action.items(kind):
                    yield from _mail_action(resource, str(kind), inner)


def _mail_action(resource: TemplateResource, kind: str, inner: Item) -> Iterator[AnyFact]:
    roles = [*inner.texts("RoleArn")]
    needs: list[Need] = []
    if kind == "InvokeLambda":
        found = inner.texts("FunctionArn")
        yield from role_triggers(resource, found, roles, event="mail-manager-rule", service=SERVICE)
    elif kind == "PublishToSns":
        needs.extend(needs_to_send(resource, inner.texts("TopicArn")))
    elif kind == "WriteToS3":
        for text in inner.texts("S3Bucket"):
            objects = located(bucket_text(resource, text, "/*"))
            needs.append(Need(actions=("s3:PutObject",), resource_arn=objects, why="to keep the mail"))
    yield from role_uses(resource, roles, SERVICE, needs, exact=kind == "InvokeLambda" or bool(needs))


def read_event_destination(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::SES::ConfigurationSetEventDestination`: where events of sent mail go."""
    yield resource.resource()
    for item in mappings(resource.get("EventDestination")):
        yield from deliveries(
            resource, item.texts("SnsDestination", "TopicARN"), event="ses-event-destination", service=SERVICE
        )
        yield from deliveries(
            resource, item.texts("EventBridgeDestination", "EventBusArn"), event="ses-event-destination"
        )
        needs = needs_to_send(resource, item.texts("KinesisFirehoseDestination", "DeliveryStreamARN"))
        yield from role_uses(resource, item.texts("KinesisFirehoseDestination", "IAMRoleARN"), SERVICE, needs)


def read_archive(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::SES::MailManagerArchive`: kept mail."""
    yield resource.resource(kms_key_arn=next((text.text for text in properties(resource, "KmsKeyArn")), None))


TEMPLATE = {
    "AWS::SES::ReceiptRule": read_receipt_rule,
    "AWS::SES::MailManagerRuleSet": read_mail_manager_rules,
    "AWS::SES::ConfigurationSetEventDestination": read_event_destination,
    "AWS::SES::MailManagerArchive": read_archive,
}


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
