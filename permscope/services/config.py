"""AWS Config: custom rules run functions; recorders and remediations act with roles.

https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config_develop-rules_lambda-functions.html
"""

from __future__ import annotations

from collections.abc import Iterator

from permscope.inventory.facts import AnyFact
from permscope.services._answers import picked
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._values import mappings
from permscope.services._wiring import deliveries, properties, role_uses, triggers
from permscope.services.interface import TemplateResource

SERVICE = "config.amazonaws.com"
SERVICE_PRINCIPALS = (SERVICE, "config-multiaccountsetup.amazonaws.com")


def read_rule(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Config::ConfigRule`: of a custom rule the function that judges resources."""
    owner = resource.text("Source", "Owner")
    yield resource.resource(owner=owner)
    if owner == "CUSTOM_LAMBDA":
        found = properties(resource, "Source", "SourceIdentifier")
        yield from triggers(resource, found, event="config-rule", service=SERVICE)


def read_organization_rule(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Config::OrganizationConfigRule`: the function is called on behalf of every member account."""
    yield resource.resource()
    found = properties(resource, "OrganizationCustomRuleMetadata", "LambdaFunctionArn")
    yield from triggers(
        resource, found, event="organization-config-rule", service=SERVICE, source_arn=None, source_account=None
    )


def read_recorder(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Config::ConfigurationRecorder`: reads every resource of the account with its role."""
    yield resource.resource()
    yield from role_uses(resource, properties(resource, "RoleARN"), SERVICE, exact=False)


def read_delivery_channel(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Config::DeliveryChannel`: the topic that is told of changes."""
    yield resource.resource(s3_bucket_name=resource.text("S3BucketName"), kms_key_arn=resource.text("S3KmsKeyArn"))
    yield from deliveries(resource, properties(resource, "SnsTopicARN"), event="config-change", service=SERVICE)


def read_remediation(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Config::RemediationConfiguration`: an Automation document that runs with a role."""
    yield resource.resource(target_id=resource.text("TargetId"))
    for item in mappings(resource.get("Parameters", "AutomationAssumeRole")):
        found = item.texts("StaticValue", "Values")
        yield from role_uses(resource, found, "ssm.amazonaws.com", exact=False)


TEMPLATE = {
    "AWS::Config::ConfigRule": read_rule,
    "AWS::Config::OrganizationConfigRule": read_organization_rule,
    "AWS::Config::ConfigurationRecorder": read_recorder,
    "AWS::Config::DeliveryChannel": read_delivery_channel,
    "AWS::Config::RemediationConfiguration": read_remediation,
}


_MOST_RULES = 25
"""How many rules one call may ask for the remediations of."""


def read_live(session: Session) -> Iterator[LiveFact]:
    """Rules of the account and of its organization, remediations, recorders and delivery channels."""
    names = []
    for item in session.pages("config", "describe_config_rules", "ConfigRules"):
        names.append(item["ConfigRuleName"])
        yield session.resource(
            "AWS::Config::ConfigRule",
            {"Source": picked(item["Source"], "Owner", "SourceIdentifier")},
            name=item["ConfigRuleName"],
            arn=item.get("ConfigRuleArn"),
            call="config.describe_config_rules",
        )
    for start in range(0, len(names), _MOST_RULES):
        yield from _live_remediations(session, names[start : start + _MOST_RULES])
    denied = ("OrganizationAccessDeniedException",)  # not the organization's management or administrator account
    for item in session.pages("config", "describe_organization_config_rules", "OrganizationConfigRules", none=denied):
        custom = picked(item.get("OrganizationCustomRuleMetadata") or {}, "LambdaFunctionArn")
        yield session.resource(
            "AWS::Config::OrganizationConfigRule",
            {"OrganizationCustomRuleMetadata": custom or None},
            name=item["OrganizationConfigRuleName"],
            arn=item["OrganizationConfigRuleArn"],
            call="config.describe_organization_config_rules",
        )
    for item in session.pages("config", "describe_configuration_recorders", "ConfigurationRecorders"):
        yield session.resource(
            "AWS::Config::ConfigurationRecorder",
            {"RoleARN": item.get("roleARN")},
            name=item["name"],
            arn=item.get("arn"),
            call="config.describe_configuration_recorders",
        )
    for item in session.pages("config", "describe_delivery_channels", "DeliveryChannels"):
        properties = {
            "S3BucketName": item.get("s3BucketName"),
            "S3KmsKeyArn": item.get("s3KmsKeyArn"),
            "SnsTopicARN": item.get("snsTopicARN"),
        }
        yield session.resource(
            "AWS::Config::DeliveryChannel", properties, name=item["name"], call="config.describe_delivery_channels"
        )


def _live_remediations(session: Session, names: list[str]) -> Iterator[LiveFact]:
    call = "config.describe_remediation_configurations"
    for item in session.pages(
        "config", "describe_remediation_configurations", "RemediationConfigurations", ConfigRuleNames=names
    ):
        properties = {
            "TargetId": item.get("TargetId"),
            "Parameters": picked(item.get("Parameters") or {}, "AutomationAssumeRole"),
        }
        yield session.resource(
            "AWS::Config::RemediationConfiguration",
            properties,
            name=item["ConfigRuleName"],
            arn=item.get("Arn"),
            call=call,
        )


LIVE = (
    LiveReader(
        read=read_live,
        client="config",
        operations={
            "config.describe_config_rules": "which functions judge resources",
            "config.describe_remediation_configurations": "which roles repair resources",
            "config.describe_organization_config_rules": "which functions judge resources of the organization",
            "config.describe_configuration_recorders": "which role reads every resource",
            "config.describe_delivery_channels": "who is told of changes",
        },
    ),
)
