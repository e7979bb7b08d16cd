"""Whether a trust policy makes sure who calls."""

from __future__ import annotations

from typing import Any

import pytest

OIDC = {"Federated": "arn:aws:iam::111122223333:oidc-provider/"}
GITHUB = "token.actions.githubusercontent.com"
ADMIN = {"Effect": "Allow", "Action": "*", "Resource": "*"}
AUDIENCE = {f"{GITHUB}:aud": "sts.amazonaws.com"}


def trust(principal: Any, action: str, condition: Any = None) -> dict[str, Any]:
    """A trust policy of one statement."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": action}
    return {"Version": "2012-10-17", "Statement": [{**statement, **({"Condition": condition} if condition else {})}]}


@pytest.fixture
def rules_of_trust(audit: Any, role: Any) -> Any:
    """The rules that speak of a role with such a trust policy."""
    return lambda *given, rights=(): set(audit({"Role": role(*rights, AssumeRolePolicyDocument=trust(*given))}))


@pytest.mark.parametrize(
    ("condition", "rule"),
    [
        (None, "oidc-no-condition"),
        ({"StringLike": {f"{GITHUB}:sub": "*"}}, "oidc-no-condition"),
        ({"StringEquals": AUDIENCE}, "github-oidc-no-sub"),
        ({"StringLike": {f"{GITHUB}:sub": "repo:*"}}, "github-oidc-no-sub"),
        ({"StringLike": {f"{GITHUB}:sub": "repo:acme*"}}, "github-oidc-no-sub"),
        ({"StringEquals": {f"{GITHUB}:sub": "environment:production"}}, "github-oidc-no-sub"),
        ({"StringLike": {f"{GITHUB}:sub": "repo:acme/*"}}, "github-oidc-loose-sub"),
        ({"StringEquals": {**AUDIENCE, f"{GITHUB}:sub": "repo:acme/shop:ref:refs/heads/main"}}, None),
        ({"StringEquals": {f"{GITHUB}:repository_owner": "acme"}}, None),
    ],
)
def test_a_workflow_of_a_stranger_is_kept_out_by_its_subject_alone(
    rules_of_trust: Any, condition: Any, rule: str | None
) -> None:
    """Every repository of GitHub gets a token of the same issuer and audience.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html
    """
    principal = {"Federated": f"{OIDC['Federated']}{GITHUB}"}
    found = rules_of_trust(principal, "sts:AssumeRoleWithWebIdentity", condition)
    about = {"oidc-no-condition", "github-oidc-no-sub", "github-oidc-loose-sub"}
    assert about & found == ({rule} if rule else set())


@pytest.mark.parametrize(
    ("host", "condition", "open_to_all"),
    [
        ("idp.example.com", None, True),
        ("idp.example.com", {"StringEquals": {"idp.example.com:aud": "app"}}, False),
        ("idp.example.com", {"StringLike": {"idp.example.com:aud": "*"}}, True),
        ("gitlab.com", {"StringEquals": {"gitlab.com:aud": "https://gitlab.com"}}, True),
        ("gitlab.com", {"StringLike": {"gitlab.com:sub": "project_path:acme/*"}}, False),
        ("gitlab.com", {"StringLike": {"gitlab.com:sub": "project_path:*"}}, True),
    ],
)
def test_a_provider_for_everybody_needs_more_than_an_audience(
    rules_of_trust: Any, host: str, condition: Any, open_to_all: bool
) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html."""
    principal = {"Federated": f"{OIDC['Federated']}{host}"}
    found = rules_of_trust(principal, "sts:AssumeRoleWithWebIdentity", condition)
    assert ("oidc-no-condition" in found) is open_to_all


@pytest.mark.parametrize(
    ("condition", "proof"),
    [
        ({"StringEquals": {"sts:ExternalId": "a1"}}, True),
        ({"StringLike": {"sts:ExternalId": "*"}}, False),
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, True),
        ({"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}}, False),
        ({"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}}, True),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}, True),
        ({"StringNotEquals": {"sts:ExternalId": "a1"}}, False),
    ],
)
def test_another_account_proves_who_it_is_by_what_only_it_has(rules_of_trust: Any, condition: Any, proof: bool) -> None:
    """An external id, a second factor, an organization; `...IfExists` holds without any.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html
    """
    found = rules_of_trust({"AWS": "arn:aws:iam::999988887777:root"}, "sts:AssumeRole", condition)
    assert ("trust-external-no-externalid" in found) is not proof


@pytest.mark.parametrize(
    ("condition", "everybody"),
    [
        (None, True),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/deploy"}}, False),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}}, True),
        ({"StringEquals": {"aws:PrincipalTag/team": "ops"}}, False),
        ({"StringEquals": {"aws:PrincipalAccount": "111122223333"}}, True),
    ],
)
def test_the_own_account_is_everybody_in_it_unless_some_are_named(
    rules_of_trust: Any, condition: Any, everybody: bool
) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html."""
    root = {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}
    found = rules_of_trust(root, "sts:AssumeRole", condition, rights=(ADMIN,))
    assert ("trust-account-root" in found) is everybody
