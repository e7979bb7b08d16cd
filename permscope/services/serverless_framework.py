"""The Serverless Framework's custom resources, which wire a function to what exists already or to a rule of their own.

A helper function adds the permission to the wired function and then the wiring, when the stack is deployed; a template
that `serverless package` writes shows only the custom resource.
https://www.serverless.com/framework/docs/providers/aws/events/s3#using-existing-buckets
https://www.serverless.com/framework/docs/providers/aws/events/cognito-user-pool#using-existing-pools
https://www.serverless.com/framework/docs/providers/aws/events/event-bridge
"""

from __future__ import annotations

from collections.abc import Iterator

from permscope.inventory.facts import AnyFact, Delivery, Mechanism, Resource, Trigger
from permscope.inventory.located import LocatedStr
from permscope.inventory.policies import ConditionEntry, Principal
from permscope.lazy import regex
from permscope.services._values import Item, Text, about, located, mappings, root
from permscope.services.cognito import USER_POOLS, event_of
from permscope.services.events import SERVICE as EVENTS
from permscope.services.events import bus_arn, pattern_keys
from permscope.services.interface import TemplateResource
from permscope.services.lambda_permissions import stored_permission
from permscope.services.s3 import SERVICE as S3

_NOT_IN_TOKENS = regex(r"[{}:*?$]")


def read_existing_bucket(resource: TemplateResource) -> Iterator[AnyFact]:
    """`Custom::S3`: notifications of a bucket that is in no template."""
    for bucket in root(resource).texts("BucketName"):
        arn = LocatedStr(resource.stack.arn("s3", bucket.text, region="", account=""), bucket.source)
        yield from _wired(resource, S3, arn, ("s3-notification",), account=True)


def read_existing_user_pool(resource: TemplateResource) -> Iterator[AnyFact]:
    """`Custom::CognitoUserPool`: triggers of a pool given by name; which pool that is, AWS tells at deployment."""
    for pool in root(resource).texts("UserPoolName"):
        pool_id = "${" + _NOT_IN_TOKENS.sub("_", pool.text) + ".Id}"
        arn = LocatedStr(resource.stack.arn("cognito-idp", f"userpool/{pool_id}"), pool.source)
        named = (one.text("Trigger") for one in mappings(resource.get("UserPoolConfigs")))
        events = dict.fromkeys(event_of(name) for name in named if name)
        yield from _wired(resource, USER_POOLS, arn, tuple(events))


def read_rule(resource: TemplateResource) -> Iterator[AnyFact]:
    """`Custom::EventBridge`: a rule that the helper function makes, on a bus that it makes too where there is none."""
    for config in mappings(resource.get("EventBridgeConfig")):
        for name in config.texts("RuleName"):
            yield from _rule(resource, config, name)


def _rule(resource: TemplateResource, config: Item, name: Text) -> Iterator[AnyFact]:
    bus = bus_arn(resource, config.text("EventBus") or "default")
    bus_name = bus.partition(":event-bus/")[2]
    on_bus = f"{bus_name}/" if bus_name not in ("", "default") else ""
    arn = LocatedStr(resource.stack.arn("events", f"rule/{on_bus}{name.text}"), name.source)
    schedule, state = config.text("Schedule"), config.text("State")
    enabled = state != "DISABLED"
    shared = about(resource, name.source, name.only_if)
    yield Resource(
        id=arn,
        arn=arn,
        type="AWS::Events::Rule",
        name=name.text,
        attributes={
            key: value
            for key, value in {
                "event_bus": bus,
                "schedule_expression": schedule,
                "state": state,
                "event_pattern": pattern_keys(config.get("Pattern")),
            }.items()
            if value
        },
        **shared,
    )
    if config.get("Pattern") is not None:
        yield Delivery(sender_id=bus, target_arn=arn, event="event-bus", enabled=enabled, **shared)
    yield from _wired(resource, EVENTS, arn, ("schedule" if schedule else "event-rule",), enabled=enabled)


def _wired(
    resource: TemplateResource,
    service: str,
    source: str,
    events: tuple[str, ...],
    *,
    account: bool = False,
    enabled: bool = True,
) -> Iterator[AnyFact]:
    """The permission that the helper function adds, and the wiring."""
    own_account = resource.stack.account
    for function in root(resource).texts("FunctionName"):
        arn = resource.stack.function_arn(located(function))
        if arn is None:
            continue
        conditions = [ConditionEntry("ArnLike", "AWS:SourceArn", (source,), resource.source)]
        if account:
            conditions.append(ConditionEntry("StringEquals", "AWS:SourceAccount", (own_account,), resource.source))
        principals = (Principal("Service", LocatedStr(service, resource.source)),)
        yield stored_permission(resource, arn, "lambda:InvokeFunction", principals, tuple(conditions))
        for event in events:
            yield Trigger(
                function_arn=arn,
                event=event,
                mechanism=Mechanism.RESOURCE_POLICY,
                service=service,
                source_id=source,
                source_arn=source,
                source_account=own_account,
                enabled=enabled,
                **about(resource, function.source, function.only_if),
            )


TEMPLATE = {
    "Custom::S3": read_existing_bucket,
    "Custom::CognitoUserPool": read_existing_user_pool,
    "Custom::EventBridge": read_rule,
}
