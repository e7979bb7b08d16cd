"""Date operators: https://www.w3.org/TR/NOTE-datetime, and seconds since 1970."""

from __future__ import annotations

import pytest

from permscope.policy.conditions.date import OPERATORS


@pytest.mark.parametrize(
    ("policy", "value", "expected"),
    [
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", True),
        ("2026-01-01", "2026-01-01T00:00:00Z", True),
        ("2026", "2026-01-01T00:00Z", True),
        ("2026-01", "2026-01-01", True),
        ("2026-01-01T02:00:00+02:00", "2026-01-01T00:00:00Z", True),
        ("2025-12-31T19:00-05:00", "1767225600", True),
        ("2026-01-01T00:00:00.5Z", "1767225600.5", True),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", False),
        ("2026-13-01", "2026-13-01", False),
        ("tomorrow", "tomorrow", False),
        ("2026-01-01", "", False),
    ],
)
def test_dates_compare_as_moments(policy: str, value: str, expected: bool) -> None:
    """Every documented form means one moment; text that is no date equals nothing."""
    operator = OPERATORS["dateequals"]
    assert operator.match(operator.prepare(policy), value) is expected
