"""Conditions that keep nobody out, or never hold."""

from __future__ import annotations

from typing import Any

import pytest

CHECKED = {
    "weak-condition",
    "mfa-antipattern",
    "forallvalues-allow",
    "unsupported-key",
    "type-mismatch",
    "ip-range",
    "ifexists-on-allow",
    "operator-invalid",
}


@pytest.mark.parametrize(
    ("effect", "condition", "expected"),
    [
        ("Allow", {"StringLike": {"aws:SourceVpce": "*"}}, {"weak-condition"}),
        ("Allow", {"stringlike": {"AWS:sourcevpce": "*"}}, {"weak-condition"}),
        ("Allow", {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}, {"weak-condition"}),
        ("Allow", {"IpAddress": {"aws:SourceIp": "192.168.0.0/16"}}, {"ip-range"}),
        ("Allow", {"IpAddress": {"aws:SourceIp": "52.94.76.0/24"}}, set()),
        ("Allow", {"StringNotEquals": {"aws:PrincipalTag/team": "x"}}, {"weak-condition"}),
        ("Deny", {"StringNotEquals": {"aws:PrincipalTag/team": "x"}}, set()),
        ("Allow", {"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}}, {"mfa-antipattern"}),
        ("Allow", {"Bool": {"aws:MultiFactorAuthPresent": "true"}}, set()),
        ("Deny", {"Bool": {"aws:MultiFactorAuthPresent": "false"}}, {"mfa-antipattern"}),
        ("Deny", {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}, set()),
        ("Allow", {"ForAllValues:StringEquals": {"aws:CalledVia": "x.amazonaws.com"}}, {"forallvalues-allow"}),
        ("Allow", {"ForAnyValue:StringEquals": {"aws:CalledVia": "x.amazonaws.com"}}, set()),
        ("Allow", {"StringEquals": {"s3:prefix": "a"}}, {"unsupported-key"}),
        ("Allow", {"Bool": {"aws:SecureTransport": "yes"}}, {"type-mismatch"}),
        ("Allow", {"StringEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/x*"}}, {"type-mismatch"}),
        ("Allow", {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/x*"}}, set()),
        ("Allow", {"StringEqualsIfExists": {"aws:SourceVpce": "vpce-1"}}, {"ifexists-on-allow"}),
        ("Allow", {"StringMatches": {"aws:SourceVpce": "vpce-1"}}, {"operator-invalid"}),
        ("Allow", {"StringEquals": {"aws:SourceVpce": "vpce-1"}}, set()),
    ],
)
def test_a_condition_is_judged(rules_of: Any, effect: str, condition: dict[str, Any], expected: set[str]) -> None:
    """Each condition is found by its rule and by no other; names are compared without case.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
    """
    statement = {"Effect": effect, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*", "Condition": condition}
    assert rules_of(statement) & CHECKED == expected
