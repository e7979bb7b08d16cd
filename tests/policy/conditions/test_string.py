"""String operators.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_String
"""

from __future__ import annotations

import pytest

from permscope.policy.conditions.string import OPERATORS


@pytest.mark.parametrize(
    ("name", "policy", "value", "expected"),
    [
        ("stringequals", "Red", "Red", True),
        ("stringequals", "Red", "red", False),
        ("stringequals", "R*", "Red", False),
        ("stringequals", "R*", "R*", True),
        ("stringequals", "", "", True),
        ("stringequalsignorecase", "Red", "rED", True),
        ("stringequalsignorecase", "R*", "Red", False),
        ("stringlike", "R*", "Red", True),
        ("stringlike", "r*", "Red", False),
        ("stringlike", "R?d", "Red", True),
        ("stringlike", "*e*", "Red", True),
        ("stringlike", "Red", "Redder", False),
        ("stringlike", "*", "", True),
        ("stringlike", "arn:aws:x:*:1:f/*", "arn:aws:x:r:9:s/a:1:f/d", True),
    ],
)
def test_strings_compare_exactly_unless_the_operator_says_otherwise(
    name: str, policy: str, value: str, expected: bool
) -> None:
    """Only `Like` reads wildcards, and only `IgnoreCase` ignores case."""
    operator = OPERATORS[name]
    assert operator.match(operator.prepare(policy), value) is expected
