"""What the Serverless Framework's helper functions wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from permscope.inventory.facts import AnyFact, Delivery, Mechanism, Resource, ResourcePolicy, Trigger

Read = Callable[..., list[AnyFact]]
HERE = "${AWS::Region}:${AWS::AccountId}"
P = "arn:${AWS::Partition}"
FN = f"{P}:lambda:{HERE}:function:shop-dev-hello"
WORLD = """
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {FunctionName: shop-dev-hello, Runtime: nodejs20.x}}
  Helper: {Type: AWS::Lambda::Function, Properties: {FunctionName: shop-dev-custom, Runtime: nodejs20.x}}
"""


def facts_of(read: Read, type_name: str, properties: str, kind: type) -> list[Any]:
    """The facts of one kind that a custom resource gives."""
    wired = f"FunctionName: shop-dev-hello, ServiceToken: !GetAtt Helper.Arn, {properties}"
    resource = f"  X: {{Type: {type_name}, Properties: {{{wired}}}}}\n"
    return [fact for fact in read(WORLD + resource) if isinstance(fact, kind) and fact.logical_id == "X"]


@pytest.mark.parametrize(
    ("type_name", "properties", "service", "source", "events"),
    [
        (
            "Custom::S3",
            "BucketName: photos, BucketConfigs: [{Event: 's3:ObjectCreated:*', Rules: [{Prefix: up/}]}]",
            "s3.amazonaws.com",
            f"{P}:s3:::photos",
            ["s3-notification"],
        ),
        (
            "Custom::CognitoUserPool",
            "UserPoolName: people, UserPoolConfigs: [{Trigger: PreSignUp}, {Trigger: PostConfirmation}]",
            "cognito-idp.amazonaws.com",
            f"{P}:cognito-idp:{HERE}:userpool/${{people.Id}}",
            ["cognito-pre-sign-up", "cognito-post-confirmation"],
        ),
        (
            "Custom::EventBridge",
            "EventBridgeConfig: {RuleName: r, EventBus: orders, Pattern: {source: [a]}}",
            "events.amazonaws.com",
            f"{P}:events:{HERE}:rule/orders/r",
            ["event-rule"],
        ),
        (
            "Custom::EventBridge",
            "EventBridgeConfig: {RuleName: r, Schedule: rate(1 day), State: DISABLED}",
            "events.amazonaws.com",
            f"{P}:events:{HERE}:rule/r",
            ["schedule"],
        ),
    ],
)
def test_an_existing_source_is_wired_and_let_in(
    read: Read, type_name: str, properties: str, service: str, source: str, events: list[str]
) -> None:
    """The helper adds a permission with the source's ARN and then the wiring.

    https://www.serverless.com/framework/docs/providers/aws/events/s3#using-existing-buckets
    """
    triggers = [one for one in facts_of(read, type_name, properties, Trigger) if one.function_arn == FN]
    assert [(one.event, one.service, one.source_arn) for one in triggers] == [(e, service, source) for e in events]
    assert {one.mechanism for one in triggers} == {Mechanism.RESOURCE_POLICY}
    assert {one.enabled for one in triggers} == {"DISABLED" not in properties}
    (permission,) = facts_of(read, type_name, properties, ResourcePolicy)
    (statement,) = permission.policy.statements
    assert (permission.resource_arn, statement.principals[0].value) == (FN, service)
    assert (statement.conditions[0].key, statement.conditions[0].values) == ("AWS:SourceArn", (source,))


def test_the_rule_that_the_helper_makes_reads_its_bus(read: Read) -> None:
    """The rule stands in no template, so the custom resource stands for it."""
    bus = "arn:aws:events:us-east-1:111122223333:event-bus/orders"
    properties = f"EventBridgeConfig: {{RuleName: r, EventBus: '{bus}', Pattern: {{source: [a]}}}}"
    rules = [one for one in facts_of(read, "Custom::EventBridge", properties, Resource) if "Rule" in one.type]
    (delivery,) = facts_of(read, "Custom::EventBridge", properties, Delivery)
    assert [(one.name, one.attributes["event_pattern"]) for one in rules] == [("r", ("source",))]
    assert (delivery.sender_id, delivery.target_arn) == (bus, rules[0].id)


def test_the_helper_itself_is_run_by_the_custom_resource(read: Read) -> None:
    """Whoever deploys runs it, as with every custom resource; without its properties nothing is wired."""
    triggers = facts_of(read, "Custom::S3", "Other: x", Trigger)
    assert [(one.event, one.mechanism) for one in triggers] == [("custom-resource", Mechanism.CALLER)]
