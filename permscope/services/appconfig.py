"""AppConfig: extensions call functions, queues, topics and buses with a role.

https://docs.aws.amazon.com/appconfig/latest/userguide/working-with-appconfig-extensions-creating-custom.html
"""

from __future__ import annotations

from collections.abc import Iterator

from permscope.inventory.facts import AnyFact
from permscope.services._targets import target
from permscope.services._values import Item, located, mappings, walk
from permscope.services._wiring import needs_to_send, properties, role_triggers, role_uses, triggers
from permscope.services.interface import TemplateResource

SERVICE = "appconfig.amazonaws.com"
SERVICE_PRINCIPALS = (SERVICE,)


def read_extension(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::AppConfig::Extension`: what each of its actions calls."""
    yield resource.resource()
    for inner in walk(resource.get("Actions")):
        action = Item(inner, None)
        roles = [*action.texts("RoleArn")]
        others = []
        for text in action.texts("Uri"):
            if target(resource.stack, located(text)).is_function:
                yield from role_triggers(resource, [text], roles, event="appconfig-extension", service=SERVICE)
            else:
                others.append(text)
        yield from role_uses(resource, roles, SERVICE, needs_to_send(resource, others))


def read_profile(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::AppConfig::ConfigurationProfile`: where it is read from with a role, and the function that checks it."""
    yield resource.resource(location_uri=resource.text("LocationUri"), kms_key_arn=resource.text("KmsKeyIdentifier"))
    yield from role_uses(resource, properties(resource, "RetrievalRoleArn"), SERVICE, exact=False)
    for validator in mappings(resource.get("Validators")):
        if validator.text("Type") == "LAMBDA":
            yield from triggers(
                resource,
                validator.texts("Content"),
                event="appconfig-validator",
                service=SERVICE,
                source_arn=None,
                source_account=None,
            )


TEMPLATE = {
    "AWS::AppConfig::Extension": read_extension,
    "AWS::AppConfig::ConfigurationProfile": read_profile,
}
