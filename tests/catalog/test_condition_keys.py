"""Condition keys and their types."""

from __future__ import annotations

import pytest

from permscope.catalog.actions import load
from permscope.catalog.condition_keys import condition_keys

TYPES = {"String", "ARN", "Bool", "Date", "Numeric", "IPAddress"}


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("aws:SourceArn", "ARN"),
        ("AWS:SOURCEARN", "ARN"),
        ("aws:SourceAccount", "String"),
        ("aws:SourceIp", "IPAddress"),
        ("aws:MultiFactorAuthPresent", "Bool"),
        ("aws:CurrentTime", "Date"),
        ("aws:PrincipalOrgPaths", "ArrayOfString"),
        ("aws:TagKeys", "ArrayOfString"),
        ("aws:PrincipalTag/team", "String"),
        ("aws:ResourceTag/a/b", "String"),
        ("kms:EncryptionContext:app", "String"),
        ("kms:EncryptionContextKeys", "ArrayOfString"),
        ("s3:ExistingObjectTag/state", "String"),
        ("codebuild:secondarySources/one.auth.type", "String"),
        ("lambda:FunctionUrlAuthType", "String"),
        ("lambda:InvokedViaFunctionUrl", "Bool"),
        ("token.actions.githubusercontent.com:sub", "String"),
        ("cognito-identity.amazonaws.com:amr", "ArrayOfString"),
        ("oidc.eks.eu-west-1.amazonaws.com/id/ABC123:aud", "String"),
        ("saml:aud", "String"),
        ("aws:NoSuchKey", None),
        ("aws:PrincipalTag", None),
        ("aws:PrincipalTag/", None),
        ("nosuch:Key", None),
        ("SourceArn", None),
        ("", None),
    ],
)
def test_a_key_is_found_as_policies_write_it(key: str, expected: str | None) -> None:
    """Any case, open-ended keys, keys of federation providers."""
    assert load().condition_key_type(key) == expected


def test_the_list_is_a_mapping_in_aws_spelling() -> None:
    """Sorted, every type one that IAM has."""
    keys = condition_keys()
    assert keys["aws:PrincipalOrgID"] == "String"
    assert "aws:principalorgid" not in keys
    assert len(keys) == len(list(keys)) > 1_500
    assert {type_.removeprefix("ArrayOf") for type_ in keys.values()} <= TYPES
    assert load().condition_keys is keys
