"""Who asks, and how a `Principal` element names them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import pytest

from permscope.errors import PolicyError
from permscope.inventory.policies import Principal
from permscope.policy.requester import ANONYMOUS, Naming, RequesterKind, match_principal, parse_requester

A = "111111111111"
USER = f"arn:aws:iam::{A}:user/team/bob"
ROLE = f"arn:aws:iam::{A}:role/app"
PATH_ROLE = f"arn:aws:iam::{A}:role/team/app"
SESSION = f"arn:aws:sts::{A}:assumed-role/app/i-1"
FEDERATED_USER = f"arn:aws:sts::{A}:federated-user/eve"
OIDC = f"arn:aws:iam::{A}:oidc-provider/token.actions.githubusercontent.com"

KINDS = [
    (USER, RequesterKind.USER, "bob"),
    (ROLE, RequesterKind.ROLE, "app"),
    (PATH_ROLE, RequesterKind.ROLE, "app"),
    (SESSION, RequesterKind.SESSION, "app"),
    (FEDERATED_USER, RequesterKind.FEDERATED_USER, "eve"),
    (f"arn:aws:iam::{A}:root", RequesterKind.ROOT, ""),
    (A, RequesterKind.ROOT, ""),
    ("s3.amazonaws.com", RequesterKind.SERVICE, "s3.amazonaws.com"),
    ("alexa-appkit.amazon.com", RequesterKind.SERVICE, "alexa-appkit.amazon.com"),
    (OIDC, RequesterKind.FEDERATED, OIDC),
    (f"arn:aws:iam::{A}:saml-provider/idp", RequesterKind.FEDERATED, f"arn:aws:iam::{A}:saml-provider/idp"),
    ("cognito-identity.amazonaws.com", RequesterKind.FEDERATED, "cognito-identity.amazonaws.com"),
    ("accounts.google.com", RequesterKind.FEDERATED, "accounts.google.com"),
    ("*", RequesterKind.ANONYMOUS, ""),
    ("arn:aws:iam::${AWS::AccountId}:role/${Role}", RequesterKind.ROLE, "${Role}"),
]

NAMED = [
    ("*", "*", USER, Naming.EVERYONE),
    ("AWS", "*", SESSION, Naming.EVERYONE),
    ("AWS", "*", "*", Naming.EVERYONE),
    ("AWS", "*", "s3.amazonaws.com", Naming.EVERYONE),
    ("AWS", A, USER, Naming.ACCOUNT),
    ("AWS", f"arn:aws:iam::{A}:root", SESSION, Naming.ACCOUNT),
    ("AWS", "222222222222", USER, False),
    ("AWS", "arn:aws:iam::222222222222:root", USER, False),
    ("AWS", A, "*", False),
    ("AWS", A, "s3.amazonaws.com", False),
    ("AWS", USER, USER, Naming.DIRECT),
    ("AWS", f"arn:aws:iam::{A}:user/team/Bob", USER, False),
    ("AWS", f"arn:aws:iam::{A}:user/bob", USER, False),
    ("AWS", f"arn:aws:iam::{A}:user/*", USER, False),
    ("AWS", ROLE, ROLE, Naming.ROLE),
    ("AWS", ROLE, SESSION, Naming.ROLE),
    ("AWS", PATH_ROLE, SESSION, Naming.ROLE),
    ("AWS", PATH_ROLE, ROLE, False),
    ("AWS", f"arn:aws:iam::{A}:role/*", ROLE, False),
    ("AWS", f"arn:aws:iam::{A}:role/ap?", ROLE, False),
    ("AWS", f"arn:aws:iam::{A}:role/other", SESSION, False),
    ("AWS", SESSION, SESSION, Naming.DIRECT),
    ("AWS", f"arn:aws:sts::{A}:assumed-role/app/*", SESSION, False),
    ("AWS", f"arn:aws:sts::{A}:assumed-role/app/i-2", SESSION, False),
    ("AWS", SESSION, ROLE, None),
    ("AWS", FEDERATED_USER, FEDERATED_USER, Naming.DIRECT),
    ("AWS", "AROAEXAMPLE", SESSION, Naming.ROLE),
    ("AWS", "AIDAEXAMPLE", SESSION, False),
    ("Service", "s3.amazonaws.com", "s3.amazonaws.com", Naming.DIRECT),
    ("Service", "sns.amazonaws.com", "s3.amazonaws.com", False),
    ("Service", "s3.${AWS::URLSuffix}", "s3.amazonaws.com", Naming.DIRECT),
    ("Service", "s3.amazonaws.com", USER, False),
    ("Federated", OIDC, OIDC, Naming.DIRECT),
    ("Federated", OIDC, USER, False),
    ("CanonicalUser", "79a59df9", USER, False),
]


@pytest.mark.parametrize(("text", "kind", "name"), KINDS)
def test_a_principal_is_recognised_by_its_form(text: str, kind: RequesterKind, name: str) -> None:
    """ARNs, account ids, service names, provider hosts and `*` each mean one kind."""
    found = parse_requester(text)
    assert (found.kind, found.name) == ((kind, name) if kind is not RequesterKind.ROOT else (kind, found.name))
    assert found.is_iam == (kind.value not in ("service", "federated", "anonymous"))


@pytest.mark.parametrize("text", ["", "bob", "arn:aws:s3:::b", f"arn:aws:iam::{A}:group/g", f"arn:aws:iam::{A}:user"])
def test_what_is_no_principal_is_an_error(text: str) -> None:
    """Groups, resources and bare names cannot make a request."""
    with pytest.raises(PolicyError, match="is no principal"):
        parse_requester(text)


@pytest.mark.parametrize(("kind", "value", "who", "expected"), NAMED)
def test_a_principal_element_names_whom_aws_says(
    kind: str, value: str, who: str, expected: Naming | bool | None
) -> None:
    """Account, role, session, user, service and provider; a wildcard inside an ARN names nobody."""
    assert match_principal(Principal(kind, value), parse_requester(who), "AROAEXAMPLE:i-1") == expected


def test_a_session_says_the_arn_of_its_role() -> None:
    """`aws:PrincipalArn` of a session is the role's ARN."""
    assert parse_requester(SESSION).principal_arn == ROLE


def test_service_linked_roles_are_recognised() -> None:
    """By their path, or in a session by their name."""
    path = f"arn:aws:iam::{A}:role/aws-service-role/es.amazonaws.com/AWSServiceRoleForES"
    assert parse_requester(path).is_service_linked
    assert parse_requester(f"arn:aws:sts::{A}:assumed-role/AWSServiceRoleForES/s").is_service_linked
    assert not parse_requester(ROLE).is_service_linked
    assert ANONYMOUS.account == ""
