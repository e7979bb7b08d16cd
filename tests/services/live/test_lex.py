"""Lex and Connect of a live account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import ResourcePolicy, RoleUse, Trigger

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:talk"
LEX = "arn:aws:lex:eu-west-1:123456789012"
ROLE = "arn:aws:iam::123456789012:role/bot"
POLICY = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"connect.amazonaws.com"},'
    '"Action":"lex:StartConversation","Resource":"*"}]}'
)


def aliases(asked: Any) -> Any:
    """The alias of the working draft is switched off, that of the version calls a function."""
    hook = {"lambdaCodeHook": {"lambdaARN": FUNCTION, "codeHookInterfaceVersion": "1.0"}}
    return {
        "botAliasId": asked["botAliasId"],
        "botAliasLocaleSettings": {
            "en_US": {"enabled": asked["botAliasId"] != "TSTALIASID", "codeHookSpecification": hook},
            "de_DE": {"enabled": True},
        },
    }


ANSWERS: dict[str, Any] = {
    "lexv2-models.list_bots": {"botSummaries": [{"botId": "BOT1234567", "botName": "shop"}]},
    "lexv2-models.describe_bot": {"botId": "BOT1234567", "botName": "shop", "roleArn": ROLE},
    "lexv2-models.list_bot_aliases": {
        "botAliasSummaries": [
            {"botAliasId": "TSTALIASID", "botAliasName": "TestBotAlias"},
            {"botAliasId": "LIVE123456", "botAliasName": "live"},
        ]
    },
    "lexv2-models.describe_bot_alias": aliases,
    "lexv2-models.describe_resource_policy": lambda asked: (
        {"policy": POLICY} if "bot-alias" in asked["resourceArn"] else "ResourceNotFoundException"
    ),
}


def test_each_alias_calls_its_function(account: Callable[..., list[Any]]) -> None:
    """The test alias belongs to the bot, as in CloudFormation."""
    found = {(fact.source_id, fact.source_arn, fact.enabled) for fact in account("lex", ANSWERS, Trigger)}
    assert found == {
        (f"{LEX}:bot/BOT1234567", f"{LEX}:bot-alias/BOT1234567/TSTALIASID", False),
        (f"{LEX}:bot-alias/BOT1234567/LIVE123456", f"{LEX}:bot-alias/BOT1234567/LIVE123456", True),
    }


def test_policies_and_role_of_a_bot(account: Callable[..., list[Any]]) -> None:
    """Aliases have policies, the bot has none."""
    facts = account("lex", ANSWERS)
    protected = {fact.resource_arn for fact in facts if isinstance(fact, ResourcePolicy)}
    assert protected == {f"{LEX}:bot-alias/BOT1234567/{alias}" for alias in ("TSTALIASID", "LIVE123456")}
    assert [fact.role_arn for fact in facts if isinstance(fact, RoleUse)] == [ROLE]


def test_contact_flows_call_functions_of_their_instance(account: Callable[..., list[Any]]) -> None:
    """The source ARN is that of the instance."""
    instance = "arn:aws:connect:eu-west-1:123456789012:instance/1"
    recorded = {
        "connect.list_instances": {"InstanceSummaryList": [{"Id": "1", "Arn": instance}]},
        "connect.list_lambda_functions": {"LambdaFunctions": [FUNCTION]},
    }
    (trigger,) = account("connect", recorded, Trigger)
    assert (trigger.function_arn, trigger.source_arn, trigger.source_id) == (FUNCTION, instance, instance)
