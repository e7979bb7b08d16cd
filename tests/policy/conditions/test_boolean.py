"""`Bool`."""

from __future__ import annotations

import pytest

from permscope.policy.conditions.boolean import OPERATORS


@pytest.mark.parametrize(
    ("policy", "value", "expected"),
    [
        ("true", "true", True),
        ("True", "TRUE", True),
        ("false", "true", False),
        ("yes", "yes", False),
        ("1", "true", False),
    ],
)
def test_only_true_and_false_are_booleans(policy: str, value: str, expected: bool) -> None:
    """Case does not matter, other words match nothing."""
    operator = OPERATORS["bool"]
    assert operator.match(operator.prepare(policy), value) is expected
