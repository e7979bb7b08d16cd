"""AWS Config: custom rules run functions; recorders and remediations act with roles.

https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config_develop-rules_lambda-functions.html
"""

from __future__ import annotations

from collections.abc import Iterator

from permscope.inventory.facts import AnyFact
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
