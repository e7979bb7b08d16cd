"""Conditions compared: does whatever satisfies the new ones satisfy the old ones?

What is said to follow surely does. Operators:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from permscope.inventory.policies import ConditionEntry
from permscope.policy.conditions.condition import OPERATORS, split_operator
from permscope.policy.matching import covers, encode, opened, patterns_intersect
from permscope.policy.variables import has_variable

_EXACT = frozenset(["stringequals"])
_IGNORING_CASE = "stringequalsignorecase"
_ARN = frozenset(["arnlike", "arnequals"])
_PATTERNS = _ARN | {"stringlike"}
_POSITIVE_OF = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": _IGNORING_CASE,
    "stringnotlike": "stringlike",
    "arnnotlike": "arnlike",
    "arnnotequals": "arnequals",
    "numericnotequals": "numericequals",
    "datenotequals": "dateequals",
    "notipaddress": "ipaddress",
}
_FORALL = "forallvalues:"
_WILDCARD_AS_TEXT = str.maketrans({"*": "\ue006", "?": "\ue007"})


def follows(new: Sequence[ConditionEntry], old: Sequence[ConditionEntry]) -> bool:
    """Whether whatever satisfies all the new conditions satisfies all the old ones."""
    return all(any(implies(entry, asked) for entry in new) for asked in old)


def lost(new: Sequence[ConditionEntry], old: Iterable[ConditionEntry]) -> tuple[ConditionEntry, ...]:
    """The old conditions that do not follow from the new ones."""
    return tuple(asked for asked in old if not any(implies(entry, asked) for entry in new))


def implies(new: ConditionEntry, old: ConditionEntry) -> bool:
    """Whether whatever satisfies one condition satisfies another one."""
    if new.key.lower() != old.key.lower():
        return False
    quantifier, name, if_exists = split_operator(new.operator)
    old_quantifier, old_name, old_if_exists = split_operator(old.operator)
    operator, old_operator = OPERATORS.get(name), OPERATORS.get(old_name)
    needs_value = operator is not None and not operator.negated and not if_exists and quantifier != _FORALL
    if old_name == "null" and not old_if_exists:
        if name == "null":
            return not if_exists and quantifier == old_quantifier and set(new.values) == set(old.values)
        return needs_value and {value.lower() for value in old.values} == {"false"}
    if operator is None or old_operator is None or quantifier != old_quantifier:
        return False
    if operator.negated and old_operator.negated:
        # Without a quantifier a missing key satisfies a negated operator anyway.
        return (not quantifier or old_if_exists or not if_exists) and all(
            any(_value_within(_POSITIVE_OF[old_name], value, _POSITIVE_OF[name], wide) for wide in new.values)
            for value in old.values
        )
    if operator.negated:
        return False
    if old_operator.negated:
        # Of several values one may be right and another one wrong where nothing says how many must be.
        return bool(quantifier) and needs_value and _are_apart(name, new.values, _POSITIVE_OF[old_name], old.values)
    if if_exists and not old_if_exists:
        return False
    return all(any(_value_within(name, value, old_name, wide) for wide in old.values) for value in new.values)


def _are_apart(name: str, values: Sequence[str], other: str, others: Sequence[str]) -> bool:
    """Whether no text that is exactly one of some values fits any of others."""
    if name != "stringequals" or other not in ("stringequals", "stringlike"):
        return False
    if any(has_variable(value) or "${" in value for value in (*values, *others)):
        return False
    if other == "stringequals":
        return not set(values) & set(others)
    return not any(
        patterns_intersect(encode(value.translate(_WILDCARD_AS_TEXT)), encode(pattern))
        for value in values
        for pattern in others
    )


def _value_within(name: str, value: str, old_name: str, wide: str) -> bool:
    """Whether what one value of a positive operator accepts is accepted by another one."""
    if name == old_name and value == wide:
        return True
    if has_variable(value) or has_variable(wide):
        return False
    if _IGNORING_CASE in (name, old_name):
        exact = name in (*_EXACT, _IGNORING_CASE) and old_name == _IGNORING_CASE
        return exact and encode(value).lower() == encode(wide).lower()
    if old_name in _PATTERNS or old_name in _EXACT:
        return (name in _PATTERNS or name in _EXACT) and _text_within(name, value, old_name, wide)
    if name == old_name == "ipaddress":
        return _network_within(value, wide)
    if name == old_name == "bool":
        return value.strip().lower() == wide.strip().lower()
    if name[:4] == old_name[:4] and name[:4] in ("nume", "date"):
        return _number_within(name, value, old_name, wide)
    return False


def _text_within(name: str, value: str, old_name: str, wide: str) -> bool:
    is_wild = name not in _EXACT and ("*" in value or "?" in value)
    if name in _EXACT:
        value = value.translate(_WILDCARD_AS_TEXT)
    if old_name in _EXACT:
        return not is_wild and encode(value) == encode(wide.translate(_WILDCARD_AS_TEXT))
    if old_name in _ARN:
        # An ARN is matched field by field, so a wildcard there does not cross colons, and in a string it does.
        return wide == "*" or ((name in _ARN or not is_wild) and _arn_within(value, wide))
    return covers(encode(wide), opened(encode(value)))


def _arn_within(value: str, wide: str) -> bool:
    one, other = encode(value).split(":", 5), encode(wide).split(":", 5)
    if len(one) != 6 or len(other) != 6:  # noqa: PLR2004 - the fields of an ARN
        return False
    # The first two fields together, since a partition that is not known may be any.
    pairs = [(":".join((*one[:2], "")), ":".join((*other[:2], ""))), *zip(one[2:], other[2:], strict=True)]
    return all(covers(theirs, opened(own)) for own, theirs in pairs)


def _network_within(value: str, wide: str) -> bool:
    try:
        one, other = ipaddress.ip_network(value, strict=False), ipaddress.ip_network(wide, strict=False)
    except ValueError:
        return value == wide
    return one.version == other.version and one.subnet_of(other)  # type: ignore[arg-type]


class _Range(NamedTuple):
    """Numbers from one to another; None where there is no end."""

    low: Decimal | None
    high: Decimal | None
    with_ends: bool


def _number_within(name: str, value: str, old_name: str, wide: str) -> bool:
    one, other = _range(name, value), _range(old_name, wide)
    return one is not None and other is not None and _starts_no_later(other, one) and _ends_no_earlier(other, one)


def _range(name: str, value: str) -> _Range | None:
    number = OPERATORS[name].prepare(value)
    if not isinstance(number, Decimal) or number.is_nan():
        return None
    with_ends = name.endswith("equals")
    if "lessthan" in name:
        return _Range(None, number, with_ends)
    if "greaterthan" in name:
        return _Range(number, None, with_ends)
    return _Range(number, number, with_ends=True)


def _starts_no_later(wide: _Range, narrow: _Range) -> bool:
    if wide.low is None:
        return True
    if narrow.low is None:
        return False
    return wide.low < narrow.low or (wide.low == narrow.low and (wide.with_ends or not narrow.with_ends))


def _ends_no_earlier(wide: _Range, narrow: _Range) -> bool:
    if wide.high is None:
        return True
    if narrow.high is None:
        return False
    return wide.high > narrow.high or (wide.high == narrow.high and (wide.with_ends or not narrow.with_ends))
