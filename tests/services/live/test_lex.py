"""Lex and Connect of a live account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from permscope.inventory.facts import ResourcePolicy, RoleUse, Trigger, Unknown

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


KENDRA = {"kendraIndex": "arn:aws:kendra:eu-west-1:123456789012:index/1", "role": ROLE}
ANSWERS: dict[str, Any] = {
    "lex-models.get_intents": {"intents": []},
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


def test_every_version_of_a_v1_intent_calls_its_functions(account: Callable[..., list[Any]]) -> None:
    """Its permission names the intent with any version; the role reads an index."""
    versions = {"intents": [{"name": "Order", "version": "$LATEST"}, {"name": "Order", "version": "1"}]}
    hook = {"uri": FUNCTION, "messageVersion": "1.0"}
    recorded = {
        **ANSWERS,
        "lexv2-models.list_bots": {"botSummaries": []},
        "lex-models.get_intents": {"intents": [{"name": "Order", "version": "$LATEST"}]},
        "lex-models.get_intent_versions": versions,
        "lex-models.get_intent": lambda asked: {
            "name": "Order",
            "version": asked["version"],
            "fulfillmentActivity": {"type": "CodeHook", "codeHook": hook},
            **(
                {"dialogCodeHook": {**hook, "uri": f"{FUNCTION}:old"}, "kendraConfiguration": KENDRA}
                if asked["version"] == "1"
                else {}
            ),
        },
    }
    facts = account("lex", recorded)
    found = {
        (fact.function_arn, fact.event, fact.service, fact.source_arn) for fact in facts if isinstance(fact, Trigger)
    }
    assert found == {
        (function, "lex-v1-bot", "lex.amazonaws.com", f"{LEX}:intent:Order:*")
        for function in (FUNCTION, f"{FUNCTION}:old")
    }
    assert [fact.role_arn for fact in facts if isinstance(fact, RoleUse)] == [ROLE]


@pytest.mark.parametrize("code", ["AccessDeniedException", "EndpointConnectionError", "UnknownOperationException"])
def test_that_v1_has_ended_is_no_failure(account: Callable[..., list[Any]], code: str) -> None:
    """AWS lets nobody in any more, so there is nothing to miss.

    https://docs.aws.amazon.com/lex/latest/dg/what-is.html
    """
    recorded = {**ANSWERS, "lex-models.get_intents": code}
    assert account("lex", recorded, Unknown) == []
    assert len(account("lex", recorded, Trigger)) == 2
