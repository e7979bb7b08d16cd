"""CloudWatch Logs: log groups, subscription filters, destinations, and the policies of all of them.

A subscribed function must let `logs.amazonaws.com` in; streams are written with a role.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from permscope.inventory.arn import split_arn
from permscope.inventory.facts import AnyFact, Delivery, Mechanism, ResourcePolicy, RoleUse, Trigger
from permscope.inventory.located import LocatedStr, source_of
from permscope.inventory.policies import PolicyKind
from permscope.services._answers import capitalised, each, picked
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._targets import sending, target
from permscope.services._values import Text, about, branches, json_value, located, mappings, root, texts
from permscope.services.interface import TemplateResource

SERVICE = "logs.amazonaws.com"
SERVICE_PRINCIPALS = (SERVICE, "delivery.logs.amazonaws.com")


def log_group_arn(resource: TemplateResource, name: str) -> str:
    """The ARN of a log group given by name or ARN, as CloudWatch Logs sends it: it ends in `:*`."""
    place = source_of(name, resource.source)
    if name.startswith("arn:"):
        return LocatedStr(name if name.endswith(":*") else f"{name}:*", place)
    found = resource.stack.find(name, "AWS::Logs::LogGroup")
    if found is not None and found.arn:
        return LocatedStr(found.arn if found.arn.endswith(":*") else f"{found.arn}:*", place)
    return LocatedStr(resource.stack.arn("logs", f"log-group:{name}:*"), place)


def read_log_group(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Logs::LogGroup`: a log group and its policy."""
    yield resource.resource(kms_key_arn=resource.text("KmsKeyId"), retention_in_days=resource.text("RetentionInDays"))
    yield from resource.protects(resource.arn, "ResourcePolicyDocument")


def read_subscription_filter(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Logs::SubscriptionFilter`: where the events of a log group go."""
    yield resource.resource(destination_arn=resource.text("DestinationArn"))
    for name in root(resource).texts("LogGroupName"):
        group = log_group_arn(resource, located(name))
        for text in root(resource).texts("DestinationArn"):
            yield from _subscription(resource, group, text, [*root(resource).texts("RoleArn")])


def _subscription(resource: TemplateResource, group: str, text: Text, roles: list[Text]) -> Iterator[AnyFact]:
    where = target(resource.stack, located(text))
    shared = about(resource, text.source, text.only_if)
    if where.is_function:
        yield Trigger(
            function_arn=where.arn,
            event="logs-subscription",
            mechanism=Mechanism.RESOURCE_POLICY,
            service=SERVICE,
            source_id=group.removesuffix(":*"),
            source_arn=group,
            source_account=resource.stack.account,
            **shared,
        )
        return
    if not where.known:
        why = "only a deployment tells what it is"
        yield resource.unknown(f"destination `{text.text}`", why, "target", text.source)
    if roles:
        needs = sending(resource.stack, where)
        for role in roles:
            yield RoleUse(
                user_id=resource.id,
                role_arn=located(role),
                service=SERVICE,
                required=needs,
                exact=bool(needs),
                **{**shared, "only_if": role.only_if or text.only_if or resource.only_if},
            )
    yield Delivery(
        sender_id=group.removesuffix(":*"),
        target_arn=where.arn,
        event="logs-subscription",
        role_arn=located(roles[0]) if roles else None,
        required=sending(resource.stack, where) if roles else (),
        service=None if roles else SERVICE,
        source_arn=None if roles else group,
        source_account=None if roles else resource.stack.account,
        **shared,
    )


def read_account_policy(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Logs::AccountPolicy`: a subscription filter over every log group of the account.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters-AccountLevel.html
    """
    yield resource.resource(
        policy_type=resource.text("PolicyType"), selection_criteria=resource.text("SelectionCriteria")
    )
    if resource.text("PolicyType") != "SUBSCRIPTION_FILTER_POLICY":
        return
    everything = LocatedStr(resource.stack.arn("logs", "log-group:*:*"), resource.source)
    for raw, condition in branches(resource.get("PolicyDocument")):
        document = json_value(raw)
        found = [*mappings(document, condition)]
        if not found:
            yield resource.unknown("`PolicyDocument`", "it is not a JSON mapping", "shape", raw)
        for item in found:
            place = source_of(raw, resource.place("PolicyDocument"))
            roles = [*texts(item.value.get("RoleArn"), place, condition)]
            for text in texts(item.value.get("DestinationArn"), place, condition):
                yield from _subscription(resource, everything, text, roles)


def read_destination(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Logs::Destination`: a door through which other accounts' log groups write to a stream."""
    yield resource.resource(target_arn=resource.text("TargetArn"))
    yield from resource.protects(resource.arn, "DestinationPolicy")
    for text in root(resource).texts("TargetArn"):
        where = target(resource.stack, located(text))
        needs = sending(resource.stack, where)
        for role in root(resource).texts("RoleArn"):
            yield RoleUse(
                user_id=resource.id,
                role_arn=located(role),
                service=SERVICE,
                required=needs,
                exact=bool(needs),
                **about(resource, text.source, text.only_if or role.only_if),
            )
            yield Delivery(
                sender_id=resource.id,
                target_arn=where.arn,
                event="logs-destination",
                role_arn=located(role),
                required=needs,
                **about(resource, text.source, text.only_if or role.only_if),
            )


def read_resource_policy(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Logs::ResourcePolicy`: which services may write to log groups of the account, or of one log group."""
    yield resource.resource()
    yield from _account_policy(resource)


def read_custom_policy(resource: TemplateResource) -> Iterator[AnyFact]:
    """A policy of the account that the CDK has a function of its own put, as the call it makes.

    https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_events_targets.CloudWatchLogGroup.html
    """
    for text in root(resource).texts("Create"):
        for call in mappings(json_value(text.text), text.only_if):
            document = call.text("parameters", "policyDocument")
            if call.text("service") == "CloudWatchLogs" and call.text("action") == "putResourcePolicy" and document:
                given = {
                    "PolicyDocument": LocatedStr(document, text.source),
                    "PolicyName": call.text("parameters", "policyName"),
                }
                yield from _account_policy(resource.part(given, call.only_if))


def _account_policy(resource: TemplateResource) -> Iterator[AnyFact]:
    document = resource.get("PolicyDocument")
    if document is None:
        return
    policy = resource.policy(
        document, PolicyKind.RESOURCE, name=resource.text("PolicyName") or f"{resource.logical_id}/PolicyDocument"
    )
    named = resource.text("ResourceArn")
    arns = [named] if named else sorted({arn for statement in policy.statements for arn in statement.resources or ()})
    for arn in arns or [resource.stack.arn("logs", "*")]:
        parts = split_arn(arn)
        covered = arn if parts is not None else resource.stack.arn("logs", "*")
        yield ResourcePolicy(
            resource_arn=covered,
            policy=policy,
            **about(resource, source_of(document, resource.place("PolicyDocument"))),
        )


def read_delivery_destination(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Logs::DeliveryDestination`: where a service's own logs go, and who may send them there."""
    yield resource.resource(destination_resource_arn=resource.text("DestinationResourceArn"))
    document = resource.get("DeliveryDestinationPolicy")
    inner = next((item.value.get("DeliveryDestinationPolicy") for item in mappings(document)), None)
    whole = inner if inner is not None else document
    if whole is not None and resource.arn:
        name = f"{resource.logical_id}/DeliveryDestinationPolicy"
        policy = resource.policy(whole, PolicyKind.RESOURCE, name=name)
        yield ResourcePolicy(resource_arn=resource.arn, policy=policy, **about(resource, source_of(whole)))


TEMPLATE = {
    "AWS::Logs::LogGroup": read_log_group,
    "AWS::Logs::SubscriptionFilter": read_subscription_filter,
    "AWS::Logs::AccountPolicy": read_account_policy,
    "AWS::Logs::Destination": read_destination,
    "AWS::Logs::ResourcePolicy": read_resource_policy,
    "AWS::Logs::DeliveryDestination": read_delivery_destination,
    "Custom::CloudwatchLogResourcePolicy": read_custom_policy,
}


_GONE = ("ResourceNotFoundException",)


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every log group with its subscriptions, then destinations and the policies of the account."""
    groups: list[str] = []
    for item in session.pages("logs", "describe_log_groups", "logGroups"):
        name = item["logGroupName"]
        groups.append(name)
        arn = (item.get("logGroupArn") or item["arn"]).removesuffix(":*")
        properties = capitalised(picked(item, "kmsKeyId", "retentionInDays"))
        yield session.resource("AWS::Logs::LogGroup", properties, name=name, arn=arn, call="logs.describe_log_groups")
    yield from each(session, _live_subscriptions, groups)
    yield from _live_policies(session)
    for item in session.pages(
        "logs", "describe_account_policies", "accountPolicies", policyType="SUBSCRIPTION_FILTER_POLICY"
    ):
        properties = capitalised(picked(item, "policyType", "policyDocument", "selectionCriteria"))
        yield session.resource(
            "AWS::Logs::AccountPolicy", properties, name=item["policyName"], call="logs.describe_account_policies"
        )
    yield from _live_destinations(session)


def _live_policies(session: Session) -> Iterator[LiveFact]:
    """The policies of the account, and those of single log groups where they are listed without naming the group.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeResourcePolicies.html
    """
    call = "logs.describe_resource_policies"
    refused = ("InvalidParameterException",)
    for scope in ("ACCOUNT", "RESOURCE"):
        for item in session.pages(
            "logs", "describe_resource_policies", "resourcePolicies", none=refused, policyScope=scope
        ):
            if scope == "RESOURCE" and not item.get("resourceArn"):
                continue
            named = item.get("policyName") or item.get("resourceArn") or scope
            properties = capitalised(picked(item, "policyName", "policyDocument", "resourceArn"))
            yield session.resource("AWS::Logs::ResourcePolicy", properties, name=named, call=call)


def _live_subscriptions(session: Session, group: str) -> Iterator[LiveFact]:
    for item in session.pages(
        "logs", "describe_subscription_filters", "subscriptionFilters", none=_GONE, logGroupName=group
    ):
        properties = capitalised(picked(item, "logGroupName", "destinationArn", "roleArn"))
        yield session.resource(
            "AWS::Logs::SubscriptionFilter",
            properties,
            name=f"{group}/{item['filterName']}",  # a name is one of its group only
            call="logs.describe_subscription_filters",
        )


def _live_destinations(session: Session) -> Iterator[LiveFact]:
    for item in session.pages("logs", "describe_destinations", "destinations"):
        properties = {
            **capitalised(picked(item, "targetArn", "roleArn")),
            "DestinationPolicy": item.get("accessPolicy"),
        }
        yield session.resource(
            "AWS::Logs::Destination",
            properties,
            name=item["destinationName"],
            arn=item.get("arn"),
            call="logs.describe_destinations",
        )
    for item in session.pages("logs", "describe_delivery_destinations", "deliveryDestinations"):
        name = item["name"]
        policy = session.call("logs", "get_delivery_destination_policy", none=_GONE, deliveryDestinationName=name)
        where = item.get("deliveryDestinationConfiguration") or {}
        properties = {
            "DestinationResourceArn": where.get("destinationResourceArn"),
            "DeliveryDestinationPolicy": _document((policy or {}).get("policy")),
        }
        yield session.resource(
            "AWS::Logs::DeliveryDestination",
            properties,
            name=name,
            arn=item.get("arn"),
            call="logs.describe_delivery_destinations",
        )


def _document(answer: Mapping[str, object] | None) -> object:
    text = (answer or {}).get("deliveryDestinationPolicy")
    return {"DeliveryDestinationPolicy": text} if text else None


LIVE = (
    LiveReader(
        read=read_live,
        client="logs",
        operations={
            "logs.describe_log_groups": "which log groups there are",
            "logs.describe_subscription_filters": "what the events of a log group run",
            "logs.describe_resource_policies": "which services may write to log groups",
            "logs.describe_account_policies": "what the events of all log groups run",
            "logs.describe_destinations": "which accounts send their logs here, and where to",
            "logs.describe_delivery_destinations": "where logs of services are delivered",
            "logs.get_delivery_destination_policy": "who may deliver logs of services",
        },
    ),
)
