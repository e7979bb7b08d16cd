"""Identities of a live account, from one paged call."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy  # botocore decodes the documents of an answer where they stand
from datetime import UTC, datetime
from typing import Any

import pytest

from permscope.inventory.facts import Group, ManagedPolicy, Role, Unknown, User

ACCOUNT = "arn:aws:iam::123456789012"
ALLOW = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
MADE, USED = datetime(2024, 5, 1, 9, tzinfo=UTC), datetime(2026, 10, 1, 9, tzinfo=UTC)
EMPTY: dict[str, Any] = {"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [], "Policies": []}
NOTHING: dict[str, Any] = {
    "iam.get_account_authorization_details": EMPTY,
    "iam.list_open_id_connect_providers": {"OpenIDConnectProviderList": []},
    "iam.list_saml_providers": {"SAMLProviderList": []},
}
DETAILS: dict[str, Any] = {
    "GroupDetailList": [{"GroupName": "devs", "Arn": f"{ACCOUNT}:group/devs", "Path": "/"}],
    "UserDetailList": [
        {
            "UserName": "ann",
            "Arn": f"{ACCOUNT}:user/ann",
            "GroupList": ["devs"],
            "PermissionsBoundary": {"PermissionsBoundaryArn": f"{ACCOUNT}:policy/edge"},
        }
    ],
    "RoleDetailList": [
        {
            "RoleName": "app",
            "RoleId": "AROA123456789EXAMPLE",
            "Arn": f"{ACCOUNT}:role/team/app",
            "Path": "/team/",
            "AssumeRolePolicyDocument": "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%5D%7D",
            "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": ALLOW}],
            "AttachedManagedPolicies": [{"PolicyName": "edge", "PolicyArn": f"{ACCOUNT}:policy/edge"}],
        }
    ],
    "Policies": [
        {
            "PolicyName": "edge",
            "Arn": f"{ACCOUNT}:policy/edge",
            "PolicyVersionList": [
                {"VersionId": "v2", "IsDefaultVersion": True, "Document": ALLOW},
                {
                    "VersionId": "v1",
                    "IsDefaultVersion": False,
                    "Document": '{"Version": "2012-10-17", "Statement": []}',
                },
            ],
        }
    ],
}


def test_roles_users_and_groups_keep_what_limits_them(account: Callable[..., list[Any]]) -> None:
    """Boundaries, groups, paths, and inline beside attached policies."""
    facts = account("iam", {**NOTHING, "iam.get_account_authorization_details": deepcopy(DETAILS)})
    (role,) = [fact for fact in facts if isinstance(fact, Role)]
    (user,) = [fact for fact in facts if isinstance(fact, User)]
    assert (role.arn, role.unique_id) == (f"{ACCOUNT}:role/team/app", "AROA123456789EXAMPLE")
    assert [len(policy.statements) for policy in role.inline_policies] == [1]
    assert role.managed_policy_arns == (f"{ACCOUNT}:policy/edge",)
    assert (user.boundary_arn, user.group_arns) == (f"{ACCOUNT}:policy/edge", (f"{ACCOUNT}:group/devs",))
    assert [fact.arn for fact in facts if isinstance(fact, Group)] == [f"{ACCOUNT}:group/devs"]


def test_a_managed_policy_is_its_default_version(account: Callable[..., list[Any]]) -> None:
    """Wherever it stands in the list: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-versioning.html."""
    answers = {**NOTHING, "iam.get_account_authorization_details": deepcopy(DETAILS)}
    (policy,) = account("iam", answers, ManagedPolicy)
    assert len(policy.policy.statements) == 1


def test_identities_that_may_not_be_read_are_unknown(account: Callable[..., list[Any]]) -> None:
    """An account without roles would look harmless."""
    denied = {**NOTHING, "iam.get_account_authorization_details": "AccessDenied"}
    assert [fact.kind for fact in account("iam", denied, Unknown)] == ["denied"]
    assert account("iam", NOTHING, Unknown) == []


@pytest.mark.parametrize(
    ("more", "times"),
    [
        ({}, (None, None)),
        ({"CreateDate": MADE, "RoleLastUsed": {}}, (MADE.isoformat(), None)),
        (
            {"CreateDate": MADE, "RoleLastUsed": {"LastUsedDate": USED, "Region": "eu-west-1"}},
            (MADE.isoformat(), USED.isoformat()),
        ),
    ],
)
def test_a_role_knows_when_it_was_made_and_last_used(
    account: Callable[..., list[Any]], more: dict[str, Any], times: tuple[str | None, str | None]
) -> None:
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_RoleLastUsed.html."""
    details = deepcopy(DETAILS)
    details["RoleDetailList"][0].update(more)
    (role,) = account("iam", {**NOTHING, "iam.get_account_authorization_details": details}, Role)
    assert (role.created, role.last_used) == times
