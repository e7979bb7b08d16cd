"""AWS IoT of a live account: rules, authorizers, provisioning templates, role aliases, policies.

https://docs.aws.amazon.com/iot/latest/apireference/API_GetTopicRule.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from permscope.services._answers import capitalised, each, picked
from permscope.services._live import LiveFact, LiveReader, Session

_GONE = ("ResourceNotFoundException",)
_SECRET = ("headers", "clientProperties", "batchConfig")


def read_live(session: Session) -> Iterator[LiveFact]:
    """Everything of IoT that runs a function or acts with a role."""
    yield from each(session, _rule, session.pages("iot", "list_topic_rules", "rules"))
    yield from each(session, _authorizer, session.pages("iot", "list_authorizers", "authorizers"))
    yield from each(session, _template, session.pages("iot", "list_provisioning_templates", "templates"))
    yield from each(session, _role_alias, session.pages("iot", "list_role_aliases", "roleAliases"))
    yield from each(session, _policy, session.pages("iot", "list_policies", "policies"))
    yield from _roles(session)


def _rule(session: Session, item: Mapping[str, Any]) -> Iterator[LiveFact]:
    name = item["ruleName"]
    # a rule that is gone is answered as one that may not be read
    answer = session.call("iot", "get_topic_rule", none=("ResourceNotFoundException",), ruleName=name) or {}
    rule = answer.get("rule")
    if rule:
        payload = {
            **capitalised(picked(rule, "ruleDisabled")),
            "Actions": [_action(action) for action in rule.get("actions") or ()],
            "ErrorAction": _action(rule["errorAction"]) if rule.get("errorAction") else None,
        }
        yield session.resource(
            "AWS::IoT::TopicRule",
            {"TopicRulePayload": payload},
            name=name,
            arn=answer.get("ruleArn") or item.get("ruleArn"),
            call="iot.get_topic_rule",
        )


def _action(action: Mapping[str, Any]) -> Any:
    """An action without what may hold a secret: headers of requests, passwords of clusters."""
    return capitalised(
        {
            kind: {key: value for key, value in inner.items() if key not in _SECRET}
            for kind, inner in action.items()
            if isinstance(inner, Mapping)
        }
    )


def _authorizer(session: Session, item: Mapping[str, Any]) -> Iterator[LiveFact]:
    name = item["authorizerName"]
    answer = session.call("iot", "describe_authorizer", none=_GONE, authorizerName=name) or {}
    found = answer.get("authorizerDescription")
    if found:
        properties = capitalised(picked(found, "authorizerFunctionArn", "status", "signingDisabled"))
        arn = found.get("authorizerArn")
        yield session.resource("AWS::IoT::Authorizer", properties, name=name, arn=arn, call="iot.describe_authorizer")


def _template(session: Session, item: Mapping[str, Any]) -> Iterator[LiveFact]:
    name = item["templateName"]
    answer = session.call("iot", "describe_provisioning_template", none=_GONE, templateName=name)
    if answer:
        properties = capitalised(picked(answer, "provisioningRoleArn", "preProvisioningHook"))
        yield session.resource(
            "AWS::IoT::ProvisioningTemplate",
            properties,
            name=name,
            arn=answer.get("templateArn"),
            call="iot.describe_provisioning_template",
        )


def _role_alias(session: Session, name: str) -> Iterator[LiveFact]:
    answer = session.call("iot", "describe_role_alias", none=_GONE, roleAlias=name) or {}
    found = answer.get("roleAliasDescription")
    if found:
        properties, arn = capitalised(picked(found, "roleArn")), found.get("roleAliasArn")
        yield session.resource("AWS::IoT::RoleAlias", properties, name=name, arn=arn, call="iot.describe_role_alias")


def _policy(session: Session, item: Mapping[str, Any]) -> Iterator[LiveFact]:
    name = item["policyName"]
    answer = session.call("iot", "get_policy", none=_GONE, policyName=name)
    if answer:
        properties = {"PolicyDocument": answer.get("policyDocument")}
        yield session.resource(
            "AWS::IoT::Policy", properties, name=name, arn=answer.get("policyArn"), call="iot.get_policy"
        )


def _roles(session: Session) -> Iterator[LiveFact]:
    """Roles of the account's settings, and of destinations in a VPC."""
    logging = session.call("iot", "get_v2_logging_options", none=("NotConfiguredException",)) or {}
    audit = session.call("iot", "describe_account_audit_configuration") or {}
    for type_name, answer, operation in (
        ("AWS::IoT::Logging", logging, "get_v2_logging_options"),
        ("AWS::IoT::AccountAuditConfiguration", audit, "describe_account_audit_configuration"),
    ):
        if answer.get("roleArn"):
            properties = {"RoleArn": answer["roleArn"]}
            yield session.resource(type_name, properties, name=session.account, call=f"iot.{operation}")
    for item in session.pages("iot", "list_topic_rule_destinations", "destinationSummaries"):
        vpc = item.get("vpcDestinationSummary")
        properties = {"VpcProperties": capitalised(picked(vpc, "roleArn")) if vpc else None}
        yield session.resource(
            "AWS::IoT::TopicRuleDestination",
            properties,
            name=item["arn"],
            arn=item["arn"],
            call="iot.list_topic_rule_destinations",
        )


LIVE = (
    LiveReader(
        read=read_live,
        client="iot",
        operations={
            "iot.list_topic_rules": "which rules messages run",
            "iot.get_topic_rule": "what a message runs, and with which roles",
            "iot.list_authorizers": "which functions let devices in",
            "iot.describe_authorizer": "which functions let devices in",
            "iot.list_provisioning_templates": "how devices are registered",
            "iot.describe_provisioning_template": "which function and role register devices",
            "iot.list_role_aliases": "which roles devices get",
            "iot.describe_role_alias": "which roles devices get",
            "iot.list_policies": "what devices may do",
            "iot.get_policy": "what devices may do",
            "iot.get_v2_logging_options": "which role writes the logs of devices",
            "iot.describe_account_audit_configuration": "which role audits devices",
            "iot.list_topic_rule_destinations": "which role reaches a destination in a VPC",
        },
    ),
)
