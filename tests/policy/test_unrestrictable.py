"""Actions that cannot be limited to a resource."""

from __future__ import annotations

import pytest

from permscope.policy.unrestrictable import ALL_BUCKETS, UNSCOPED, is_restrictable, matched_resource


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("s3:getobject", True),
        ("dynamodb:listtables", False),
        ("ec2:describeinstances", False),
        ("sts:assumerole", True),
        ("nosuch:action", True),
    ],
)
def test_the_catalogue_tells_which_actions_need_a_star(action: str, expected: bool) -> None:
    """An action that is in no list is taken to be restrictable, so that nothing is granted by mistake."""
    assert is_restrictable(action) is expected


def test_only_a_wildcard_matches_the_resource_of_such_an_action() -> None:
    """Whatever the request names, the policy must say `*`; listing buckets may say `arn:aws:s3:::*`."""
    assert matched_resource("dynamodb:listtables", "arn:aws:dynamodb:eu-west-1:1:table/T") == UNSCOPED
    assert matched_resource("s3:listallmybuckets", "*") == ALL_BUCKETS
    assert matched_resource("s3:getobject", "arn:aws:s3:::b/k") == "arn:aws:s3:::b/k"
