"""Access grants of a live account."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import Resource, ResourcePolicy, RoleUse, Unknown

ROLE = "arn:aws:iam::123456789012:role/grants"
GRANTS = "arn:aws:s3:eu-west-1:123456789012:access-grants/default"
POLICY = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "*"}})
ANSWERS: dict[str, Any] = {
    "s3control.get_access_grants_instance": {"AccessGrantsInstanceArn": GRANTS},
    "s3control.get_access_grants_instance_resource_policy": {"Policy": POLICY},
    "s3control.list_access_grants_locations": {
        "AccessGrantsLocationsList": [
            {
                "AccessGrantsLocationId": "default",
                "AccessGrantsLocationArn": f"{GRANTS}/location/default",
                "LocationScope": "s3://",
                "IAMRoleArn": ROLE,
            }
        ]
    },
    "s3control.list_access_grants": {
        "AccessGrantsList": [
            {
                "AccessGrantId": "1",
                "AccessGrantArn": f"{GRANTS}/grant/1",
                "Permission": "READ",
                "GrantScope": "s3://lake/sales/*",
                "Grantee": {"GranteeType": "IAM", "GranteeIdentifier": "arn:aws:iam::123456789012:role/analyst"},
            },
            {
                "AccessGrantId": "2",
                "AccessGrantArn": f"{GRANTS}/grant/2",
                "Permission": "READWRITE",
                "GrantScope": "s3://lake/*",
                "Grantee": {"GranteeType": "DIRECTORY_GROUP", "GranteeIdentifier": "a1b2c3d4"},
            },
        ]
    },
}


def test_an_account_without_any_has_nothing_unknown(account: Callable[..., list[Any]]) -> None:
    """That there is no instance, or no such service in a Region, is an answer."""
    for code in ("AccessGrantsInstanceNotExistsError", "EndpointConnectionError"):
        assert account("s3_access_grants", {"s3control.get_access_grants_instance": code}) == []


def test_the_instance_has_a_policy_and_each_location_a_role(account: Callable[..., list[Any]]) -> None:
    """Locations hand out credentials of their roles."""
    facts = account("s3_access_grants", ANSWERS)
    assert GRANTS in {fact.resource_arn for fact in facts if isinstance(fact, ResourcePolicy)}
    (use,) = [fact for fact in facts if isinstance(fact, RoleUse)]
    service = "access-grants.s3.amazonaws.com"
    assert (use.user_id, use.role_arn, use.service) == (f"{GRANTS}/location/default", ROLE, service)
    places = {f"{GRANTS}/{kind}" for kind in ("location/default", "grant/1", "grant/2")}
    assert {fact.id for fact in facts if isinstance(fact, Resource)} == {GRANTS, *places}


def test_a_grant_lets_a_role_in_and_who_is_in_a_directory_is_not_known(account: Callable[..., list[Any]]) -> None:
    """One is a statement about the bucket, the other an unknown."""
    facts = account("s3_access_grants", ANSWERS)
    (policy,) = [fact for fact in facts if isinstance(fact, ResourcePolicy) and fact.resource_arn != GRANTS]
    assert policy.resource_arn == "arn:aws:s3:::lake"
    assert policy.policy.statements[0].resources == ("arn:aws:s3:::lake/sales/*",)
    (unknown,) = [fact for fact in facts if isinstance(fact, Unknown)]
    assert (unknown.kind, unknown.what) == ("access-grant", "the grantee of `2`")
