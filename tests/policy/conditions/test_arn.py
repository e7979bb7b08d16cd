"""ARN operators.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN
"""

from __future__ import annotations

import pytest

from permscope.policy.conditions.arn import OPERATORS


@pytest.mark.parametrize(
    ("policy", "value", "expected"),
    [
        ("arn:aws:sns:eu-west-1:1:t", "arn:aws:sns:eu-west-1:1:t", True),
        ("arn:aws:sns:*:1:t*", "arn:aws:sns:eu-west-1:1:topic", True),
        ("arn:aws:sns:eu-west-?:1:t", "arn:aws:sns:eu-west-1:1:t", True),
        (
            "arn:aws:x:*:111122223333:finance/*",
            "arn:aws:x:us-east-2:999999999999:store/abc:111122223333:finance/d",
            False,
        ),
        ("arn:aws:logs:*:1:log-group:/a/*", "arn:aws:logs:r:1:log-group:/a/b:log-stream:c", True),
        ("arn:aws:s3:::B", "arn:aws:s3:::b", False),
        ("arn:aws:sns:*", "arn:aws:sns:eu-west-1:1:t", False),
        ("*", "arn:aws:sns:eu-west-1:1:t", True),
        ("arn:aws:s3:::b", "b", False),
    ],
)
def test_each_field_of_an_arn_is_compared_on_its_own(policy: str, value: str, expected: bool) -> None:
    """A wildcard stays inside its field; the last field keeps its colons."""
    for name in ("arnlike", "arnequals"):
        operator = OPERATORS[name]
        assert operator.match(operator.prepare(policy), value) is expected
