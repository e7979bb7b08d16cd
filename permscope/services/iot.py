"""IoT Core: topic rules and all their actions, custom authorizers, provisioning, role aliases, policies.

A function must let `iot.amazonaws.com` in; every other action of a rule is done with a role of its own.
https://docs.aws.amazon.com/iot/latest/developerguide/iot-rule-actions.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from permscope.inventory.facts import AnyFact, Delivery, Need
from permscope.inventory.located import LocatedStr, source_of
from permscope.inventory.policies import PolicyKind
from permscope.lazy import regex
from permscope.services._answers import capitalised, each, picked
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._values import Item, Text, about, located, mappings
from permscope.services._wiring import bucket_text, first, need, properties, role_arn, role_uses, triggers
from permscope.services.interface import TemplateResource
from permscope.services.sqs import queue_arn

SERVICE = "iot.amazonaws.com"
CREDENTIALS = "credentials.iot.amazonaws.com"
SERVICE_PRINCIPALS = (SERVICE, CREDENTIALS)

_NAMED: Mapping[str, tuple[str, str, str, str]] = {
    # action -> key that names the resource, IAM action, ARN service, ARN resource prefix
    "CloudwatchAlarm": ("AlarmName", "cloudwatch:SetAlarmState", "cloudwatch", "alarm:"),
    "DynamoDB": ("TableName", "dynamodb:PutItem", "dynamodb", "table/"),
    "Firehose": ("DeliveryStreamName", "firehose:PutRecord", "firehose", "deliverystream/"),
    "IotAnalytics": ("ChannelName", "iotanalytics:BatchPutMessage", "iotanalytics", "channel/"),
    "IotEvents": ("InputName", "iotevents:BatchPutMessage", "iotevents", "input/"),
    "Kinesis": ("StreamName", "kinesis:PutRecord", "kinesis", "stream/"),
    "StepFunctions": ("StateMachineName", "states:StartExecution", "states", "stateMachine:"),
}
_ARN_NAMED: Mapping[str, tuple[str, str]] = {
    "Sns": ("TargetArn", "sns:Publish"),
    "Republish": ("Topic", "iot:Publish"),
}

_OF_MESSAGE = regex(r"\$\{[a-z_]+\(")


def read_topic_rule(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::IoT::TopicRule`: each action and the error action."""
    payload = resource.get("TopicRulePayload")
    enabled = resource.text("TopicRulePayload", "RuleDisabled") != "true"
    yield resource.resource()
    for item in mappings(payload):
        for name in ("Actions", "ErrorAction"):
            for action in item.items(name):
                yield from _action(resource, action, enabled=enabled)


def _action(resource: TemplateResource, action: Item, *, enabled: bool) -> Iterator[AnyFact]:
    """What one action comes to: a mapping of one key, the kind of action."""
    for kind in action.value:
        for inner in action.items(kind):
            if kind == "Lambda":
                found = inner.texts("FunctionArn")
                yield from triggers(resource, found, event="iot-rule", service=SERVICE, enabled=enabled)
                continue
            needs = tuple(_action_needs(resource, str(kind), inner))
            roles = [*inner.texts("RoleArn"), *inner.texts("Auth", "Sigv4", "RoleArn")]
            yield from role_uses(resource, roles, SERVICE, needs, exact=bool(needs))
            for role in roles:
                yield from _deliveries(resource, role, needs, enabled=enabled)


def _deliveries(
    resource: TemplateResource, role: Text, needs: tuple[Need, ...], *, enabled: bool
) -> Iterator[Delivery]:
    """Where an action sends the message; a name that is made of the message (`${topic(3)}`) is no place."""
    for one in needs:
        target = one.resource_arn.removesuffix("/*").removesuffix(":*")
        if target == "*" or _OF_MESSAGE.search(target):
            continue
        yield Delivery(
            sender_id=resource.id,
            target_arn=LocatedStr(target, source_of(one.resource_arn)),
            event="iot-rule",
            role_arn=role_arn(resource, role),
            required=(one,),
            enabled=enabled,
            **about(resource, source_of(one.resource_arn, role.source), role.only_if),
        )


def _action_needs(resource: TemplateResource, kind: str, inner: Item) -> Iterator[Need]:
    stack = resource.stack
    why = f"to do the action `{kind}`"
    if kind in _NAMED:
        key, action, service, prefix = _NAMED[kind]
        yield from need(_named(resource, first(inner, key), service, prefix), action, why=why)
    elif kind in _ARN_NAMED:
        key, action = _ARN_NAMED[kind]
        text = first(inner, key)
        if kind == "Republish" and text is not None:
            text = text._replace(text=stack.arn("iot", f"topic/{text.text.removeprefix('$$').lstrip('/')}"))
        yield from need(text, action, why=why)
    elif kind == "Sqs":
        for text in inner.texts("QueueUrl"):
            arn = queue_arn(stack, located(text))
            if arn:
                yield Need(actions=("sqs:SendMessage",), resource_arn=LocatedStr(arn, text.source), why=why)
    elif kind == "DynamoDBv2":
        yield from need(
            _named(resource, first(inner, "PutItem", "TableName"), "dynamodb", "table/"), "dynamodb:PutItem", why=why
        )
    elif kind == "S3":
        bucket = first(inner, "BucketName")
        yield from need(bucket_text(resource, bucket, "/*") if bucket else None, "s3:PutObject", why=why)
    elif kind == "CloudwatchLogs":
        group = _named(resource, first(inner, "LogGroupName"), "logs", "log-group:")
        yield from need(group, "logs:CreateLogStream", "logs:PutLogEvents", why=why, suffix=":*")
    elif kind == "CloudwatchMetric":
        yield Need(actions=("cloudwatch:PutMetricData",), resource_arn="*", why=why)
    elif kind == "Timestream":
        yield Need(actions=("timestream:DescribeEndpoints",), resource_arn="*", why=why)
        database, table = inner.text("DatabaseName"), first(inner, "TableName")
        if database and table is not None:
            arn = stack.arn("timestream", f"database/{database}/table/{table.text}")
            yield Need(actions=("timestream:WriteRecords",), resource_arn=LocatedStr(arn, table.source), why=why)
    elif kind == "IotSiteWise":
        yield Need(actions=("iotsitewise:BatchPutAssetPropertyValue",), resource_arn="*", why=why)


def _named(resource: TemplateResource, text: Text | None, service: str, prefix: str) -> Text | None:
    """A resource given by name, as its ARN."""
    if text is None or text.text.startswith("arn:"):
        return text
    found = resource.stack.find(text.text)
    known = found.arn if found is not None else None
    arn = known if known and f":{service}:" in known else resource.stack.arn(service, f"{prefix}{text.text}")
    return text._replace(text=arn)


def read_authorizer(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::IoT::Authorizer`: the function that lets devices in."""
    enabled = resource.text("Status") != "INACTIVE"
    yield resource.resource(signing_disabled=resource.flag("SigningDisabled"))
    found = properties(resource, "AuthorizerFunctionArn")
    yield from triggers(resource, found, event="iot-authorizer", service=SERVICE, enabled=enabled)


def read_provisioning_template(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::IoT::ProvisioningTemplate`: the role that registers devices and the function that is asked first."""
    yield resource.resource()
    found = properties(resource, "PreProvisioningHook", "TargetArn")
    yield from triggers(resource, found, event="iot-provisioning-hook", service=SERVICE)
    yield from role_uses(resource, properties(resource, "ProvisioningRoleArn"), SERVICE, exact=False)


def read_role_alias(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::IoT::RoleAlias`: a role that devices get credentials of."""
    yield resource.resource()
    yield from role_uses(resource, properties(resource, "RoleArn"), CREDENTIALS, exact=False)


def read_logging(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::IoT::Logging`, `TopicRuleDestination`, `AccountAuditConfiguration`: roles that write somewhere."""
    yield resource.resource()
    for path in (("RoleArn",), ("VpcProperties", "RoleArn")):
        yield from role_uses(resource, properties(resource, *path), SERVICE, exact=False)


def read_policy(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::IoT::Policy`: what devices may do; it is no IAM policy, so its allowed part is kept as attributes.

    https://docs.aws.amazon.com/iot/latest/developerguide/iot-policies.html
    """
    policy = resource.policy(resource.get("PolicyDocument"), PolicyKind.RESOURCE, name=resource.name)
    allowed = [statement for statement in policy.statements if statement.effect == "Allow"]
    yield resource.resource(
        allowed_actions=tuple(dict.fromkeys(action for one in allowed for action in one.actions or ())),
        allowed_resources=tuple(dict.fromkeys(arn for one in allowed for arn in one.resources or ())),
    )


TEMPLATE = {
    "AWS::IoT::TopicRule": read_topic_rule,
    "AWS::IoT::Authorizer": read_authorizer,
    "AWS::IoT::ProvisioningTemplate": read_provisioning_template,
    "AWS::IoT::RoleAlias": read_role_alias,
    "AWS::IoT::Logging": read_logging,
    "AWS::IoT::TopicRuleDestination": read_logging,
    "AWS::IoT::AccountAuditConfiguration": read_logging,
    "AWS::IoT::Policy": read_policy,
}


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
            "Actions": [_live_rule_action(action) for action in rule.get("actions") or ()],
            "ErrorAction": _live_rule_action(rule["errorAction"]) if rule.get("errorAction") else None,
        }
        yield session.resource(
            "AWS::IoT::TopicRule",
            {"TopicRulePayload": payload},
            name=name,
            arn=answer.get("ruleArn") or item.get("ruleArn"),
            call="iot.get_topic_rule",
        )


def _live_rule_action(action: Mapping[str, Any]) -> Any:
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
