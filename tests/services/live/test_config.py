"""AWS Config of a live account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import Delivery, RoleUse, Trigger, Unknown

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:judge"
RULE = "arn:aws:config:eu-west-1:123456789012:config-rule/config-rule-1"
ROLE = "arn:aws:iam::123456789012:role/recorder"
ANSWERS: dict[str, Any] = {
    "config.describe_config_rules": {
        "ConfigRules": [
            {
                "ConfigRuleName": "tagged",
                "ConfigRuleArn": RULE,
                "Source": {"Owner": "CUSTOM_LAMBDA", "SourceIdentifier": FUNCTION},
            },
            *(
                {"ConfigRuleName": f"managed{number}", "Source": {"Owner": "AWS", "SourceIdentifier": "X"}}
                for number in range(30)
            ),
        ]
    },
    "config.describe_remediation_configurations": lambda asked: {
        "RemediationConfigurations": [
            {
                "ConfigRuleName": "tagged",
                "TargetType": "SSM_DOCUMENT",
                "TargetId": "repair",
                "Parameters": {"AutomationAssumeRole": {"StaticValue": {"Values": [f"{ROLE}-repair"]}}},
            }
        ]
        if "tagged" in asked["ConfigRuleNames"]
        else []
    },
    "config.describe_organization_config_rules": "OrganizationAccessDeniedException",
    "config.describe_configuration_recorders": {"ConfigurationRecorders": [{"name": "default", "roleARN": ROLE}]},
    "config.describe_delivery_channels": {
        "DeliveryChannels": [
            {
                "name": "default",
                "s3BucketName": "changes",
                "snsTopicARN": "arn:aws:sns:eu-west-1:123456789012:changes",
            }
        ]
    },
}


def test_a_custom_rule_asks_its_function(account: Callable[..., list[Any]]) -> None:
    """Managed rules ask nobody; an account that is not the organization's administrator is no failure."""
    facts = account("config", ANSWERS)
    assert [(fact.function_arn, fact.source_arn) for fact in facts if isinstance(fact, Trigger)] == [(FUNCTION, RULE)]
    assert not [fact for fact in facts if isinstance(fact, Unknown)]


def test_remediations_are_asked_for_in_pieces(account: Callable[..., list[Any]]) -> None:
    """One call takes 25 names; roles of recorders and remediations are used."""
    roles = {use.role_arn for use in account("config", ANSWERS, RoleUse)}
    assert roles == {ROLE, f"{ROLE}-repair"}
    asked = account.asked  # type: ignore[attr-defined]
    sizes = [len(arguments["ConfigRuleNames"]) for _, arguments in asked if "ConfigRuleNames" in arguments]
    assert sizes == [25, 6]


def test_a_channel_tells_its_topic(account: Callable[..., list[Any]]) -> None:
    """The keys of this API begin in lower case and end in capitals."""
    (delivery,) = account("config", ANSWERS, Delivery)
    assert delivery.target_arn == "arn:aws:sns:eu-west-1:123456789012:changes"
