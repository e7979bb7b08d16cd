"""Numeric operators.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Numeric
"""

from __future__ import annotations

import pytest

from permscope.policy.conditions.numeric import OPERATORS


@pytest.mark.parametrize(
    ("policy", "value", "expected"),
    [
        ("10", "10", True),
        ("10", "10.0", True),
        ("0.1", ".1", True),
        ("-5", "-5", True),
        ("10", "1e1", True),
        ("10", "11", False),
        ("9007199254740993", "9007199254740992", False),
        ("ten", "10", False),
        ("10", "ten", False),
        ("ten", "ten", False),
        ("10", "", False),
    ],
)
def test_numbers_compare_as_decimals(policy: str, value: str, expected: bool) -> None:
    """Integers and decimals are exact; text that is no number equals nothing."""
    operator = OPERATORS["numericequals"]
    assert operator.match(operator.prepare(policy), value) is expected
