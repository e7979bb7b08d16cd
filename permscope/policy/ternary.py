"""Three-valued logic: True, False, and None for what is not known."""

from __future__ import annotations

from collections.abc import Iterable


def either(one: bool | None, other: bool | None) -> bool | None:
    """True when one is, False when both are."""
    if one or other:
        return True
    return None if one is None or other is None else False


def both(one: bool | None, other: bool | None) -> bool | None:
    """False when one is, True when both are."""
    if one is False or other is False:
        return False
    return None if one is None or other is None else True


def negate(value: bool | None) -> bool | None:
    """The opposite; what is not known stays so."""
    return None if value is None else not value


def any_of(values: Iterable[bool | None]) -> bool | None:
    """True when one is, False when all are."""
    found: bool | None = False
    for value in values:
        if value:
            return True
        if value is None:
            found = None
    return found


def all_of(values: Iterable[bool | None]) -> bool | None:
    """False when one is, True when all are."""
    found: bool | None = True
    for value in values:
        if value is False:
            return False
        if value is None:
            found = None
    return found
