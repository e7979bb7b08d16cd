"""Lex: functions behind bots. V2 bots are in templates; V1, which has ended, has no CloudFormation type.

https://docs.aws.amazon.com/lexv2/latest/dg/lambda-attach.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from permscope.inventory.facts import AnyFact
from permscope.inventory.located import LocatedStr
from permscope.services._answers import capitalised, each, still_there
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._permission_entries import entries
from permscope.services._values import Item, mappings
from permscope.services._wiring import properties, protection, role_uses, triggers
from permscope.services.interface import TemplateResource

SERVICE = "lexv2.amazonaws.com"
V1 = "lex.amazonaws.com"
SERVICE_PRINCIPALS = (SERVICE, V1)

_TEST_ALIAS = "TSTALIASID"
_V1_INTENT = "AWS::LexV1::Intent"  # no type of CloudFormation


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
    yield from entries(resource, {V1: "lex-v1-bot"}, wired_by=(_V1_INTENT,))
    yield from entries(resource, {SERVICE: "lex-bot"}, wired_by=("AWS::Lex::Bot", "AWS::Lex::BotAlias"))


TEMPLATE = {
    "AWS::Lex::Bot": read_bot,
    "AWS::Lex::BotAlias": read_bot_alias,
    "AWS::Lex::ResourcePolicy": read_resource_policy,
    "AWS::Lambda::Permission": read_permission,
}


_GONE = ("ResourceNotFoundException",)


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every bot of Lex V2 with its aliases and their policies."""
    bots = [item["botId"] for item in session.pages("lexv2-models", "list_bots", "botSummaries")]
    yield from each(session, _live_bot, bots)


def _live_bot(session: Session, bot_id: str) -> Iterator[LiveFact]:
    answer = session.call("lexv2-models", "describe_bot", none=_GONE, botId=bot_id)
    if not answer:
        return
    properties: dict[str, Any] = {"RoleArn": answer.get("roleArn")}
    arn = session.stack.arn("lex", f"bot/{bot_id}")
    call = "lexv2-models.describe_bot_alias"
    for item in session.pages("lexv2-models", "list_bot_aliases", "botAliasSummaries", none=_GONE, botId=bot_id):
        alias_id = item["botAliasId"]
        alias = session.call("lexv2-models", "describe_bot_alias", none=_GONE, botId=bot_id, botAliasId=alias_id) or {}
        settings = {"BotAliasLocaleSettings": _locales(alias.get("botAliasLocaleSettings") or {})}
        alias_arn = session.stack.arn("lex", f"bot-alias/{bot_id}/{alias_id}")
        if alias_id == _TEST_ALIAS:
            properties["TestBotAliasSettings"] = settings
        else:
            name = item.get("botAliasName") or alias_id
            settings["BotId"] = bot_id
            yield session.resource("AWS::Lex::BotAlias", settings, name=name, arn=alias_arn, call=call)
        yield from _live_policy(session, alias_arn)
    name = answer.get("botName") or bot_id
    yield session.resource(
        "AWS::Lex::Bot", properties, name=name, arn=arn, ref=bot_id, call="lexv2-models.describe_bot"
    )
    yield from _live_policy(session, arn)


def _locales(answer: Mapping[str, Any]) -> Any:
    """The settings of each language, which CloudFormation lists; it also writes `LambdaArn`, the API `lambdaARN`."""
    found = []
    for locale, settings in answer.items():
        hook = ((settings.get("codeHookSpecification") or {}).get("lambdaCodeHook") or {}).get("lambdaARN")
        held = {"Enabled": settings.get("enabled")}
        if hook:
            held |= capitalised({"codeHookSpecification": {"lambdaCodeHook": {"lambdaArn": hook}}})
        found.append({"LocaleId": locale, "BotAliasLocaleSetting": held})
    return found


def _live_policy(session: Session, arn: str) -> Iterator[LiveFact]:
    answer = session.call("lexv2-models", "describe_resource_policy", none=_GONE, resourceArn=arn)
    if (answer or {}).get("policy"):
        properties = {"ResourceArn": arn, "Policy": (answer or {})["policy"]}
        yield session.resource(
            "AWS::Lex::ResourcePolicy", properties, name=arn, call="lexv2-models.describe_resource_policy"
        )


def read_live_v1(session: Session) -> Iterator[LiveFact]:
    """Every intent of Lex V1, where the service still answers."""
    if still_there(session, "lex-models", "get_intents"):
        names = [item["name"] for item in session.pages("lex-models", "get_intents", "intents")]
        yield from each(session, _live_intent, dict.fromkeys(names))


def _live_intent(session: Session, name: str) -> Iterator[LiveFact]:
    """An intent with the functions of all its versions: bots use any of them.

    https://docs.aws.amazon.com/lex/latest/dg/gs-bp-prep.html (the source ARN is that of the intent, any version)
    """
    none = ("NotFoundException",)
    found: dict[str, list[str]] = {"Functions": [], "Roles": []}
    for item in session.pages("lex-models", "get_intent_versions", "intents", none=none, name=name):
        version = item.get("version") or "$LATEST"
        answer = session.call("lex-models", "get_intent", none=none, of=name, name=name, version=version) or {}
        hooks = (answer.get("dialogCodeHook"), (answer.get("fulfillmentActivity") or {}).get("codeHook"))
        found["Functions"] += [hook["uri"] for hook in hooks if hook]
        found["Roles"] += [kendra["role"] for kendra in [answer.get("kendraConfiguration")] if kendra]
    held = {key: list(dict.fromkeys(values)) for key, values in found.items()}
    arn = session.stack.arn("lex", f"intent:{name}")
    intent = session.resource(_V1_INTENT, held, name=name, arn=arn, call="lex-models.get_intent")
    yield intent
    functions = properties(intent, "Functions")
    yield from triggers(intent, functions, event="lex-v1-bot", service=V1, source_arn=f"{arn}:*")
    yield from role_uses(intent, properties(intent, "Roles"), V1, exact=False)


LIVE = (
    LiveReader(
        read=read_live_v1,
        client="lex-models",
        operations={
            "lex-models.get_intents": "which intents of Lex V1 run functions",
            "lex-models.get_intent_versions": "which intents of Lex V1 run functions",
            "lex-models.get_intent": "which functions an intent of Lex V1 runs",
        },
    ),
    LiveReader(
        read=read_live,
        client="lexv2-models",
        operations={
            "lexv2-models.list_bots": "which bots there are",
            "lexv2-models.describe_bot": "which role a bot acts with",
            "lexv2-models.list_bot_aliases": "which aliases a bot has",
            "lexv2-models.describe_bot_alias": "which functions a bot runs",
            "lexv2-models.describe_resource_policy": "who may use a bot",
        },
    ),
)
