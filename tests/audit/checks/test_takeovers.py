"""Escalation is judged by effective access against real targets."""

from __future__ import annotations

from typing import Any

import pytest

VAULT = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
CREATE = {"Effect": "Allow", "Action": ["lambda:CreateFunction", "lambda:InvokeFunction"], "Resource": "*"}
PASS = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": {"Fn::GetAtt": ["Vault", "Arn"]}}


def _rules(findings: dict[str, Any]) -> set[str]:
    return {rule for rule, found in findings.items() if any(item.severity != "info" for item in found)}


def test_permissions_spread_over_two_policies_are_added_up(audit: Any, role: Any) -> None:
    """The same escalation is found, however its statements are spread."""
    second = {
        "Type": "AWS::IAM::Policy",
        "Properties": {
            "PolicyName": "second",
            "Roles": [{"Ref": "Builder"}],
            "PolicyDocument": {"Version": "2012-10-17", "Statement": [PASS]},
        },
    }
    found = audit({"Vault": role(VAULT), "Builder": role(CREATE), "Second": second})
    assert "new-compute-passrole" in _rules(found)


def test_a_deny_takes_an_escalation_away(audit: Any, role: Any) -> None:
    """What a Deny removes is no way."""
    deny = {"Effect": "Deny", "Action": "iam:PassRole", "Resource": "*"}
    assert "new-compute-passrole" not in _rules(audit({"Vault": role(VAULT), "Builder": role(CREATE, PASS, deny)}))


def test_a_role_that_the_service_cannot_assume_is_no_target(audit: Any, role: Any) -> None:
    """A passed role must trust the service that takes it."""
    vault = role(VAULT, service="glue.amazonaws.com")
    assert "new-compute-passrole" not in _rules(audit({"Vault": vault, "Builder": role(CREATE, PASS)}))


def test_an_equal_role_is_no_gain(audit: Any, role: Any) -> None:
    """Nothing is gained by becoming somebody who may do no more."""
    assert "new-compute-passrole" not in _rules(audit({"Vault": role(VAULT), "Builder": role(CREATE, PASS, VAULT)}))


def test_becoming_an_administrator_is_critical(audit: Any, role: Any) -> None:
    """The severity says what is gained."""
    admin = role({"Effect": "Allow", "Action": "*", "Resource": "*"})
    found = audit({"Vault": admin, "Builder": role(CREATE, PASS)})
    assert [item.severity for item in found["new-compute-passrole"]] == ["critical"]


@pytest.mark.parametrize(
    ("cap", "severities"),
    [
        (["iam:PutRolePolicy", "s3:*"], ["high"]),
        (["iam:*"], ["critical"]),
        (["*"], ["critical"]),
        (["iam:PutRolePolicy"], []),
    ],
)
def test_a_boundary_caps_what_a_role_can_give_itself(
    audit: Any, role: Any, cap: list[str], severities: list[str]
) -> None:
    """Within it the role raises its rights, and no further, unless the boundary lets it be taken off.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    """
    raising = role({"Effect": "Allow", "Action": "iam:PutRolePolicy", "Resource": "*"})
    raising["Properties"]["PermissionsBoundary"] = {"Ref": "Cap"}
    statement = {"Effect": "Allow", "Action": cap, "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    limit = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}}
    found = audit({"Raising": raising, "Cap": limit})
    assert [item.severity for item in found.get("self-escalation", [])] == severities
