"""SES: what receipt rules and Mail Manager do with received mail. Anyone who can send mail starts it.

https://docs.aws.amazon.com/ses/latest/dg/receiving-email-permissions.html
"""

from __future__ import annotations

from collections.abc import Iterator

from permscope.inventory.facts import AnyFact, Need
from permscope.inventory.located import LocatedStr
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
