"""What AWS refuses, or ignores, in whole documents."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(
    ("resource", "broken"),
    [
        ("*", False),
        ("arn:aws:s3:::orders/*", False),
        ("arn:aws:s3:::orders/${aws:username}/*", False),
        ("arn:*:dynamodb:*:*:table/x", False),
        ("arn:aws-us-gov:dynamodb:us-gov-west-1:111122223333:table/x", False),
        ("arn:aws:iam::aws:policy/ReadOnlyAccess", False),
        ("orders", True),
        ("arn:aws:dynamodb:us-east-1:12345:table/x", True),
        ("arn:amazon:s3:::orders", True),
        ("arn:aws:dynamodb:virginia:111122223333:table/x", True),
        ("arn:aws:iam:us-east-1:111122223333:role/x", True),
        ("arn:aws:s3", True),
    ],
)
def test_an_arn_that_cannot_exist_is_found(rules_of: Any, resource: str, broken: bool) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html says what the fields can be."""
    found = rules_of({"Effect": "Allow", "Action": "s3:GetObject", "Resource": resource})
    assert ("invalid-arn" in found) is broken


def test_what_a_wildcard_covers_is_said_twice(audit: Any, role: Any) -> None:
    """The narrower of two action elements is the redundant one, in any case of letters."""
    statement = {"Effect": "Allow", "Action": ["S3:get*", "s3:GetObject"], "Resource": "arn:aws:s3:::b/*"}
    (finding,) = audit({"Role": role(statement)})["redundant"]
    assert finding.guilty == "s3:GetObject"


@pytest.mark.parametrize(
    ("principal", "broken"),
    [
        ({"Service": "lambda.amazonaws.com"}, False),
        ({"Service": "states.eu-west-1.amazonaws.com"}, False),
        ({"Service": "lamda.amazonaws.com"}, True),
        ({"AWS": "111122223333"}, False),
        ({"AWS": "1111"}, True),
        ({"AWS": "arn:aws:iam::111122223333:group/admins"}, True),
        ({"Federated": "cognito-identity.amazonaws.com"}, False),
    ],
)
def test_a_principal_that_cannot_exist_is_found(
    audit: Any,
    principal: dict[str, str],
    broken: bool,
) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html lists what can be."""
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:*"}]}
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}}
    assert ("principal-invalid" in audit({"Role": role})) is broken
