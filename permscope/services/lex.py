"""Lex: functions behind bots. V2 bots are in templates; of V1 only permissions are left.

https://docs.aws.amazon.com/lexv2/latest/dg/lambda-attach.html
"""

from __future__ import annotations

from collections.abc import Iterator

from permscope.inventory.facts import AnyFact
from permscope.inventory.located import LocatedStr
from permscope.services._permission_entries import entries
from permscope.services._values import Item, mappings
from permscope.services._wiring import properties, protection, role_uses, triggers
from permscope.services.interface import TemplateResource

SERVICE = "lexv2.amazonaws.com"
V1 = "lex.amazonaws.com"
SERVICE_PRINCIPALS = (SERVICE, V1)

_TEST_ALIAS = "TSTALIASID"


def read_bot(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Lex::Bot`: a bot, its role, and the functions of its test alias."""
    yield resource.resource()
    yield from role_uses(resource, properties(resource, "RoleArn"), SERVICE, exact=False)
    test_alias = LocatedStr(resource.stack.arn("lex", f"bot-alias/{resource.ref}/{_TEST_ALIAS}"), resource.source)
    for settings in mappings(resource.get("TestBotAliasSettings")):
        yield from _code_hooks(resource, settings, test_alias)


def read_bot_alias(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Lex::BotAlias`: the functions that each language of a bot calls."""
    yield resource.resource(bot_id=resource.text("BotId"))
    yield from _code_hooks(resource, Item(resource.properties, None), resource.arn)


def _code_hooks(resource: TemplateResource, settings: Item, source_arn: str | None) -> Iterator[AnyFact]:
    for locale in settings.items("BotAliasLocaleSettings"):
        found = locale.texts("BotAliasLocaleSetting", "CodeHookSpecification", "LambdaCodeHook", "LambdaArn")
        enabled = locale.text("BotAliasLocaleSetting", "Enabled") != "false"
        yield from triggers(resource, found, event="lex-bot", service=SERVICE, source_arn=source_arn, enabled=enabled)


def read_resource_policy(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Lex::ResourcePolicy`: who may use a bot or alias."""
    yield resource.resource()
    yield from protection(resource, resource.text("ResourceArn"), resource.get("Policy"), "Policy")


def read_permission(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Lambda::Permission` for Lex V1, whose bots no template can describe."""
    yield from entries(resource, {V1: "lex-v1-bot"})
    yield from entries(resource, {SERVICE: "lex-bot"}, wired_by=("AWS::Lex::Bot", "AWS::Lex::BotAlias"))


TEMPLATE = {
    "AWS::Lex::Bot": read_bot,
    "AWS::Lex::BotAlias": read_bot_alias,
    "AWS::Lex::ResourcePolicy": read_resource_policy,
    "AWS::Lambda::Permission": read_permission,
}
