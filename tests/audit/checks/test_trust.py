"""What trust policies ask of those who assume a role."""

from __future__ import annotations

from typing import Any

import pytest

POOL = "cognito-identity.amazonaws.com"
GITHUB = "token.actions.githubusercontent.com"
SAML = "arn:aws:iam::111122223333:saml-provider/corp"
READ_ALL = {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"}
READ_ONE = {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "arn:aws:dynamodb:eu-west-1:1:table/a"}


@pytest.fixture
def rules_of_trust(audit: Any, role: Any) -> Any:
    """The rules that speak of a role that trusts a principal with actions under a condition."""

    def judge(principal: Any, action: Any, condition: Any = None, rights: Any = READ_ONE) -> set[str]:
        statement = {"Effect": "Allow", "Principal": principal, "Action": action}
        if condition:
            statement["Condition"] = condition
        trust = {"Version": "2012-10-17", "Statement": [statement]}
        return set(audit({"Role": role(rights, AssumeRolePolicyDocument=trust)}))

    return judge


@pytest.mark.parametrize(
    ("service", "condition", "found"),
    [
        ("pipes.amazonaws.com", None, True),
        ("states.eu-west-1.amazonaws.com", None, True),
        ("scheduler.amazonaws.com", {"StringEquals": {"aws:SourceAccount": "111122223333"}}, False),
        ("iot.amazonaws.com", {"ArnLike": {"aws:SourceArn": "arn:aws:iot:*:111122223333:rule/*"}}, False),
        ("pipes.amazonaws.com", {"StringNotEquals": {"aws:SourceAccount": "111122223333"}}, True),
        ("lambda.amazonaws.com", None, False),
        ("ec2.amazonaws.com", None, False),
        ("ecs-tasks.amazonaws.com", None, False),
    ],
)
def test_a_service_is_asked_for_whom_it_acts_where_it_says_so(
    rules_of_trust: Any, service: str, condition: Any, found: bool
) -> None:
    """Services that send no source would be shut out by the condition.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    rules = rules_of_trust({"Service": service}, "sts:AssumeRole", condition)
    assert ("service-trust-confused-deputy" in rules) is found


@pytest.mark.parametrize(
    ("principal", "action", "fits"),
    [
        ({"Service": "lambda.amazonaws.com"}, "sts:AssumeRoleWithSAML", False),
        ({"Federated": SAML}, "sts:AssumeRole", False),
        ({"Federated": SAML}, "sts:AssumeRoleWithSAML", True),
        ({"Federated": POOL}, "sts:AssumeRoleWithWebIdentity", True),
        ({"Federated": POOL}, "sts:AssumeRoleWithSAML", False),
        ({"Service": "lambda.amazonaws.com"}, ["sts:AssumeRole", "sts:AssumeRoleWithSAML"], True),
        ({"Service": "rolesanywhere.amazonaws.com"}, "sts:AssumeRole", False),
        (
            {"Service": "rolesanywhere.amazonaws.com"},
            ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
            True,
        ),
    ],
)
def test_a_principal_is_trusted_with_the_call_it_can_make(
    rules_of_trust: Any, principal: Any, action: Any, fits: bool
) -> None:
    """https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html."""
    assert ("trust-action-mismatch" in rules_of_trust(principal, action)) is not fits


@pytest.mark.parametrize(
    ("condition", "rights", "loose"),
    [
        (None, READ_ONE, True),
        ({"StringEquals": {f"{POOL}:aud": "eu-west-1:pool"}}, READ_ALL, False),
        (
            {
                "StringEquals": {f"{POOL}:aud": "eu-west-1:pool"},
                "ForAnyValue:StringLike": {f"{POOL}:amr": "unauthenticated"},
            },
            READ_ALL,
            True,
        ),
        (
            {
                "StringEquals": {f"{POOL}:aud": "eu-west-1:pool"},
                "ForAnyValue:StringLike": {f"{POOL}:amr": "unauthenticated"},
            },
            READ_ONE,
            False,
        ),
    ],
)
def test_identities_come_from_a_pool_and_guests_get_little(
    rules_of_trust: Any, condition: Any, rights: Any, loose: bool
) -> None:
    """Any account can have a pool: https://docs.aws.amazon.com/cognito/latest/developerguide/role-trust-and-permissions.html."""
    rules = rules_of_trust({"Federated": POOL}, "sts:AssumeRoleWithWebIdentity", condition, rights)
    assert ("cognito-trust-loose" in rules) is loose


@pytest.mark.parametrize(("key", "found"), [(None, True), ("SAML:aud", False), ("aws:SourceIp", True)])
def test_a_saml_assertion_is_for_somebody(rules_of_trust: Any, key: str | None, found: bool) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-saml."""
    condition = {"StringEquals": {key: "https://signin.aws.amazon.com/saml"}} if key else None
    assert ("saml-no-aud" in rules_of_trust({"Federated": SAML}, "sts:AssumeRoleWithSAML", condition)) is found


@pytest.mark.parametrize(
    ("action", "found"), [("*", True), ("sts:*", True), ("sts:Assume*", False), ("sts:AssumeRole", False)]
)
def test_a_trust_policy_allows_one_call_and_not_the_service(rules_of_trust: Any, action: str, found: bool) -> None:
    """A service by itself is not an action."""
    assert ("trust-star-action" in rules_of_trust({"Service": "lambda.amazonaws.com"}, action)) is found
