"""What only AWS changes.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html,
https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html (`UnmodifiableEntity`),
https://docs.aws.amazon.com/kms/latest/developerguide/alias-create.html
"""

from __future__ import annotations

import pytest

from permscope.policy.protected import is_protected
from permscope.policy.simulate import simulate_case

A = "111111111111"
MANAGED = "arn:aws:iam::aws:policy/ReadOnlyAccess"
OWN = f"arn:aws:iam::{A}:policy/ReadOnlyAccess"
LINKED = f"arn:aws:iam::{A}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
RESERVED = f"arn:aws:iam::{A}:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Admin_0123456789abcdef"
ROLE = f"arn:aws:iam::{A}:role/aws-service-roles/app"
ALIAS = f"arn:aws:kms:eu-west-1:{A}:alias/aws/s3"
EVERYTHING = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
CHANGES = [
    ("iam:CreatePolicyVersion", MANAGED, True),
    ("iam:SetDefaultPolicyVersion", MANAGED, True),
    ("iam:CreatePolicyVersion", OWN, False),
    ("iam:GetPolicyVersion", MANAGED, False),
    ("iam:PutRolePolicy", LINKED, True),
    ("iam:UpdateAssumeRolePolicy", LINKED, True),
    ("iam:DeleteServiceLinkedRole", LINKED, False),
    ("iam:UpdateRoleDescription", LINKED, False),
    ("iam:PassRole", LINKED, False),
    ("iam:AttachRolePolicy", RESERVED, True),
    ("IAM:PASSROLE", RESERVED, True),
    ("iam:GetRole", RESERVED, False),
    ("iam:AttachRolePolicy", ROLE, False),
    ("kms:UpdateAlias", ALIAS, True),
    ("kms:UpdateAlias", f"arn:aws:kms:eu-west-1:{A}:alias/aws-app", False),
    ("iam:PutRolePolicy", "*", False),
]


@pytest.mark.parametrize(("action", "resource", "expected"), CHANGES)
def test_what_belongs_to_aws_is_changed_by_aws_alone(action: str, resource: str, expected: bool) -> None:
    """Reading it, and changing what is only named alike, is nothing special."""
    assert is_protected(action, resource) is expected


@pytest.mark.parametrize("principal", [f"arn:aws:iam::{A}:user/admin", f"arn:aws:iam::{A}:root"])
def test_no_policy_lets_anybody_change_it(principal: str) -> None:
    """Neither an administrator nor the root user; a deny stays an explicit one."""
    case = {"principal": principal, "action": "iam:PutRolePolicy", "resource": LINKED, "identityPolicies": [EVERYTHING]}
    answer = simulate_case(case, explained=True)
    assert answer["decision"] == "implicitDeny"
    assert answer["because"] == ["only AWS itself may change the resource"]
    deny = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}
    assert simulate_case({**case, "identityPolicies": [EVERYTHING, deny]})["decision"] == "explicitDeny"


def test_the_services_own_role_may_change_it() -> None:
    """IAM Identity Center keeps its roles with a service-linked role."""
    linked = f"arn:aws:iam::{A}:role/aws-service-role/sso.amazonaws.com/AWSServiceRoleForSSO"
    case = {"principal": linked, "action": "iam:PutRolePolicy", "resource": RESERVED, "identityPolicies": [EVERYTHING]}
    assert simulate_case(case)["decision"] == "allowed"
