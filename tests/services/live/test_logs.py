"""CloudWatch Logs of a live account."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import Resource, ResourcePolicy, RoleUse, Trigger

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:watch"
GROUP = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/pay"
STREAM = "arn:aws:kinesis:eu-west-1:123456789012:stream/logs"
ROLE = "arn:aws:iam::123456789012:role/logs"


def policy(resource: str) -> str:
    """A policy that lets Route 53 write."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "route53.amazonaws.com"},
        "Action": "logs:PutLogEvents",
        "Resource": resource,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


DOOR = "arn:aws:logs:eu-west-1:123456789012:destination:door"
DELIVERY = "arn:aws:logs:eu-west-1:123456789012:delivery-destination:bucket"
ANSWERS: dict[str, Any] = {
    "logs.describe_log_groups": {
        "logGroups": [{"logGroupName": "/aws/lambda/pay", "arn": f"{GROUP}:*", "logGroupArn": GROUP}]
    },
    "logs.describe_subscription_filters": {
        "subscriptionFilters": [
            {"filterName": "all", "logGroupName": "/aws/lambda/pay", "filterPattern": "", "destinationArn": FUNCTION}
        ]
    },
    "logs.describe_resource_policies": lambda asked: (
        {"resourcePolicies": [{"policyName": "dns", "policyDocument": policy(f"{GROUP}:*")}]}
        if asked["policyScope"] == "ACCOUNT"
        else {"resourcePolicies": [{"policyDocument": policy("*"), "resourceArn": GROUP}]}
    ),
    "logs.describe_account_policies": {
        "accountPolicies": [
            {
                "policyName": "everything",
                "policyType": "SUBSCRIPTION_FILTER_POLICY",
                "policyDocument": json.dumps({"DestinationArn": FUNCTION, "FilterPattern": ""}),
            }
        ]
    },
    "logs.describe_destinations": {
        "destinations": [
            {
                "destinationName": "door",
                "arn": DOOR,
                "targetArn": STREAM,
                "roleArn": ROLE,
                "accessPolicy": policy(DOOR),
            }
        ]
    },
    "logs.describe_delivery_destinations": {
        "deliveryDestinations": [
            {
                "name": "bucket",
                "arn": DELIVERY,
                "deliveryDestinationConfiguration": {"destinationResourceArn": "arn:aws:s3:::logs"},
            }
        ]
    },
    "logs.get_delivery_destination_policy": {"policy": {"deliveryDestinationPolicy": policy(DELIVERY)}},
}


def test_a_subscription_names_its_log_group_as_source(account: Callable[..., list[Any]]) -> None:
    """The source ARN of a subscription ends in `:*`; an account policy covers every group."""
    found = {trigger.source_arn for trigger in account("logs", ANSWERS, Trigger)}
    assert found == {f"{GROUP}:*", "arn:aws:logs:eu-west-1:123456789012:log-group:*:*"}


def test_every_policy_protects_what_it_is_on(account: Callable[..., list[Any]]) -> None:
    """Policies of the account, of a log group, of a destination and of a delivery destination."""
    found = [str(fact.resource_arn) for fact in account("logs", ANSWERS, ResourcePolicy)]
    assert sorted(found) == sorted([f"{GROUP}:*", GROUP, DOOR, DELIVERY])


def test_a_destination_writes_with_its_role(account: Callable[..., list[Any]]) -> None:
    """Other accounts' logs reach the stream by the destination's role."""
    (use,) = account("logs", ANSWERS, RoleUse)
    assert (use.user_id, use.role_arn) == (DOOR, ROLE)


def test_a_log_group_is_known_by_the_arn_policies_name(account: Callable[..., list[Any]]) -> None:
    """Without the `:*` that the API appends."""
    assert GROUP in {fact.id for fact in account("logs", ANSWERS, Resource)}
