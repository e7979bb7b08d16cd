"""Date operators: the W3C forms of ISO 8601, or seconds since 1970.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Date,
https://www.w3.org/TR/NOTE-datetime
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from permscope.inventory.tokens import has_token
from permscope.lazy import regex
from permscope.policy.conditions.operator import Operator

_DATE = regex(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:[Tt]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(\.[0-9]+)?)?"
    r"([Zz]|[+-][0-9]{2}:?[0-9]{2})?)?)?)?"
)
_SECONDS = regex(r"[+-]?[0-9]{5,}(?:\.[0-9]+)?|[0-9]{1,3}(?:\.[0-9]+)?")
_UNSETTLED = Decimal("NaN")  # a policy value that only a deployment settles


@lru_cache(maxsize=4096)
def _seconds(text: str) -> Decimal | None:
    """Seconds since 1970, or None for text that is no date."""
    text = text.strip()
    if _SECONDS.fullmatch(text):
        return Decimal(text)
    found = _DATE.fullmatch(text)
    if found is None:
        return _UNSETTLED if has_token(text) else None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    try:
        moment = datetime(
            int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=UTC
        )
    except ValueError:
        return None
    whole = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    if zone and zone not in "Zz":
        sign = -1 if zone[0] == "-" else 1
        whole -= sign * (int(zone[1:3]) * 3600 + int(zone[-2:]) * 60)
    return Decimal(whole) + Decimal(f"0{fraction}" if fraction else 0)


def _comparison(compare: Callable[[Decimal, Decimal], bool]) -> Callable[[Decimal | None, str], bool | None]:
    def match(policy: Decimal | None, value: str) -> bool | None:
        moment = _seconds(value)
        if policy is None or moment is None:
            return False
        if policy.is_nan() or moment.is_nan():
            return None
        return compare(moment, policy)

    return match


OPERATORS = {
    "dateequals": Operator(_comparison(operator.eq), _seconds),
    "datenotequals": Operator(_comparison(operator.eq), _seconds, negated=True),
    "datelessthan": Operator(_comparison(operator.lt), _seconds),
    "datelessthanequals": Operator(_comparison(operator.le), _seconds),
    "dategreaterthan": Operator(_comparison(operator.gt), _seconds),
    "dategreaterthanequals": Operator(_comparison(operator.ge), _seconds),
}
