"""IoT of a live account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import Resource, RoleUse, Trigger

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:device"
ROLE = "arn:aws:iam::123456789012:role/iot"
IOT = "arn:aws:iot:eu-west-1:123456789012"
ANSWERS: dict[str, Any] = {
    "iot.list_topic_rules": {"rules": [{"ruleName": "all", "ruleArn": f"{IOT}:rule/all"}]},
    "iot.get_topic_rule": {
        "ruleArn": f"{IOT}:rule/all",
        "rule": {
            "ruleName": "all",
            "sql": "SELECT * FROM 'a'",
            "ruleDisabled": False,
            "actions": [
                {"lambda": {"functionArn": FUNCTION}},
                {"dynamoDBv2": {"roleArn": ROLE, "putItem": {"tableName": "seen"}}},
                {
                    "http": {
                        "url": "https://example.com",
                        "headers": [{"key": "Authorization", "value": "not kept"}],
                        "auth": {"sigv4": {"signingRegion": "a", "serviceName": "b", "roleArn": f"{ROLE}-http"}},
                    }
                },
            ],
            "errorAction": {
                "sqs": {"roleArn": ROLE, "queueUrl": "https://sqs.eu-west-1.amazonaws.com/123456789012/failed"}
            },
        },
    },
    "iot.list_authorizers": {"authorizers": [{"authorizerName": "in", "authorizerArn": f"{IOT}:authorizer/in"}]},
    "iot.describe_authorizer": {
        "authorizerDescription": {
            "authorizerName": "in",
            "authorizerArn": f"{IOT}:authorizer/in",
            "authorizerFunctionArn": FUNCTION,
            "status": "INACTIVE",
        }
    },
    "iot.list_provisioning_templates": {"templates": [{"templateName": "fleet"}]},
    "iot.describe_provisioning_template": {
        "templateName": "fleet",
        "templateArn": f"{IOT}:provisioningtemplate/fleet",
        "provisioningRoleArn": f"{ROLE}-fleet",
        "preProvisioningHook": {"targetArn": FUNCTION},
        "templateBody": "{}",
    },
    "iot.list_role_aliases": {"roleAliases": ["camera"]},
    "iot.describe_role_alias": {
        "roleAliasDescription": {
            "roleAlias": "camera",
            "roleAliasArn": f"{IOT}:rolealias/camera",
            "roleArn": f"{ROLE}-camera",
        }
    },
    "iot.list_policies": {"policies": [{"policyName": "open", "policyArn": f"{IOT}:policy/open"}]},
    "iot.get_policy": {
        "policyName": "open",
        "policyArn": f"{IOT}:policy/open",
        "policyDocument": '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"}]}',
    },
    "iot.get_v2_logging_options": "NotConfiguredException",
    "iot.describe_account_audit_configuration": {"roleArn": f"{ROLE}-audit"},
    "iot.list_topic_rule_destinations": {
        "destinationSummaries": [
            {
                "arn": f"{IOT}:ruledestination/vpc/1",
                "vpcDestinationSummary": {"vpcId": "vpc-1", "roleArn": f"{ROLE}-vpc"},
            }
        ]
    },
}


def test_rules_authorizers_and_hooks_run_their_function(account: Callable[..., list[Any]]) -> None:
    """Each with an ARN of its own; an inactive authorizer runs nothing."""
    found = {(fact.event, fact.source_arn, fact.enabled) for fact in account("iot", ANSWERS, Trigger)}
    assert found == {
        ("iot-rule", f"{IOT}:rule/all", True),
        ("iot-authorizer", f"{IOT}:authorizer/in", False),
        ("iot-provisioning-hook", f"{IOT}:provisioningtemplate/fleet", True),
    }


def test_every_role_is_used(account: Callable[..., list[Any]]) -> None:
    """Roles of actions, aliases, provisioning, audits and destinations; headers are not kept."""
    facts = account("iot", ANSWERS)
    uses = [fact for fact in facts if isinstance(fact, RoleUse)]
    assert {use.role_arn.removeprefix(ROLE) for use in uses} == {"", "-http", "-fleet", "-camera", "-audit", "-vpc"}
    needs = {need.resource_arn: need.actions for use in uses for need in use.required}
    assert needs["arn:aws:dynamodb:eu-west-1:123456789012:table/seen"] == ("dynamodb:PutItem",)
    assert needs["arn:aws:sqs:eu-west-1:123456789012:failed"] == ("sqs:SendMessage",)
    assert "not kept" not in repr(facts)


def test_what_devices_may_do_is_known(account: Callable[..., list[Any]]) -> None:
    """The policy of devices is kept as attributes."""
    facts = account("iot", ANSWERS, Resource)
    (policy,) = [fact for fact in facts if fact.type == "AWS::IoT::Policy"]
    assert policy.attributes["allowed_actions"] == ("iot:*",)
