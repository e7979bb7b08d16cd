"""Breadth is judged over all policies of a principal together, with what caps them."""

from __future__ import annotations

from typing import Any

import pytest

MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


def test_a_condition_on_an_escalation_lowers_it(audit: Any, role: Any) -> None:
    """Only callers with MFA can take the way."""
    put = {"Effect": "Allow", "Action": "iam:PutRolePolicy", "Resource": "*"}
    assert audit({"Role": role(put)})["self-escalation"][0].severity == "critical"
    (finding,) = audit({"Role": role({**put, "Condition": MFA})})["self-escalation"]
    assert (finding.severity, finding.adjusted) == (
        "high",
        "lowered from critical: `aws:MultiFactorAuthPresent` narrows it",
    )


@pytest.mark.parametrize(
    ("policy", "severity"),
    [
        ("IAMFullAccess", "critical"),
        ("PowerUserAccess", "high"),
        ("AmazonS3FullAccess", "high"),
        ("AmazonTextractFullAccess", "medium"),
    ],
)
def test_a_managed_policy_is_as_bad_as_what_it_gives(audit: Any, role: Any, policy: str, severity: str) -> None:
    """IAM is administration in one more step; a service that holds no data of others is less than one that does."""
    found = audit({"Role": role(ManagedPolicyArns=[f"arn:aws:iam::aws:policy/{policy}"])})
    assert found["elevated-managed-attached"][0].severity == severity


CAP = {
    "Type": "AWS::IAM::ManagedPolicy",
    "Properties": {
        "PolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::orders/*"}],
        }
    },
}
ADMINISTRATOR = {"ManagedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"]}


def test_a_boundary_or_a_deny_makes_nobody_an_administrator(audit: Any, role: Any) -> None:
    """What is attached gives no more than what caps it leaves.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    """
    assert "admin-managed-attached" in audit({"Role": role(**ADMINISTRATOR)})
    capped = role(**ADMINISTRATOR, PermissionsBoundary={"Ref": "Cap"})
    everything = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    for resources in ({"Role": capped, "Cap": CAP}, {"Role": role(everything, **ADMINISTRATOR)}):
        assert not {"admin-managed-attached", "elevated-managed-attached"} & set(audit(resources))


def test_a_boundary_that_nobody_has_may_cap(audit: Any, role: Any) -> None:
    """What it leaves is not known, so the finding is less sure and says why."""
    unknown = role(
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        PermissionsBoundary="arn:aws:iam::111122223333:policy/theirs",
    )
    (finding,) = audit({"Role": unknown})["admin-star"]
    assert (finding.severity, finding.confidence) == ("high", "medium")
    assert "its permissions boundary is in no input" in finding.adjusted


def test_the_order_of_policies_does_not_choose_whom_to_blame(audit: Any, role: Any) -> None:
    """What a managed policy of AWS gives as well is still said of the statement that the user wrote."""
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:*", "Resource": "*"}]}
    beside = {
        "Type": "AWS::IAM::Policy",
        "Properties": {"PolicyName": "own", "Roles": [{"Ref": "Role"}], "PolicyDocument": document},
    }
    attached = {"ManagedPolicyArns": ["arn:aws:iam::aws:policy/IAMFullAccess"]}
    apart = audit({"Role": role(**attached), "Beside": beside})
    inside = audit({"Role": role(*document["Statement"], **attached)})
    assert "iam-full" in apart
    assert "iam-full" in inside


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("s3:*", "s3:* ("),
        (["s3:Put*", "s3:GetObject"], "s3:"),
        (["dynamodb:PutItem", "dynamodb:GetItem"], "dynamodb:GetItem, dynamodb:PutItem"),
    ],
)
def test_many_actions_are_said_as_the_one_element_that_gives_them(
    audit: Any, role: Any, action: Any, said: str
) -> None:
    """A list of dozens tells less than `s3:*`; a few are named."""
    service = "dynamodb" if "dynamodb" in said else "s3"
    pattern = "arn:aws:s3:::*" if service == "s3" else "arn:aws:dynamodb:*:*:table/*"
    statement = {"Effect": "Allow", "Action": action, "Resource": pattern}
    (finding,) = audit({"Role": role(statement)})["resource-effectively-star"]
    assert f"`Role` may do {said}" in finding.message
    assert len(finding.message) < 300


def test_a_role_to_assume_is_one_of_the_account_that_the_statement_names(audit: Any, role: Any) -> None:
    """Another account's role is no role of the template, and no role is told to assume itself."""
    assume = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    (finding,) = audit({"Role": role({**assume, "Resource": "arn:aws:iam::999988887777:role/*"})})["assume-any-role"]
    assert finding.message == ("`Role` may assume every role of account 999988887777 that trusts the account of `Role`")
    assert finding.fix == "Resource: arn:aws:iam::999988887777:role/<RoleName>"
    (finding,) = audit({"Role": role({**assume, "Resource": "*"})})["assume-any-role"]
    assert finding.message == "`Role` may assume every role that trusts the account of `Role`"
    assert "${AWS::AccountId}:role/<RoleName>" in finding.fix
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": {"Ref": "AWS::AccountId"}}, "Action": "sts:AssumeRole"}],
    }
    roles = {"Role": role({**assume, "Resource": "*"}), "Reader": role(AssumeRolePolicyDocument=trust)}
    (finding,) = audit(roles)["assume-any-role"]
    assert finding.fix == "Resource: !GetAtt Reader.Arn"
