"""Three-valued logic."""

from __future__ import annotations

import pytest

from permscope.policy.ternary import all_of, any_of, both, either, negate

VALUES = (True, False, None)


@pytest.mark.parametrize("one", VALUES)
@pytest.mark.parametrize("other", VALUES)
def test_logic_is_that_of_every_way_to_settle_the_unknown(one: bool | None, other: bool | None) -> None:
    """A result is known exactly when every way to settle the unknown values gives it."""
    ways = [(a, b) for a in (True, False) for b in (True, False) if one in (a, None) and other in (b, None)]
    assert either(one, other) is _common({a or b for a, b in ways})
    assert both(one, other) is _common({a and b for a, b in ways})
    assert any_of([one, other]) is either(one, other)
    assert all_of([one, other]) is both(one, other)


def _common(results: set[bool]) -> bool | None:
    return results.pop() if len(results) == 1 else None


def test_what_is_not_known_stays_unknown_when_negated() -> None:
    """Negation turns only what is known."""
    assert negate(True) is False
    assert negate(None) is None
