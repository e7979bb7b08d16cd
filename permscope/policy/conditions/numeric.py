"""Numeric operators: integers and decimals, without wildcards and variables.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Numeric
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache

from permscope.inventory.tokens import has_token
from permscope.lazy import regex
from permscope.policy.conditions.operator import Operator

_NUMBER = regex(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?", re.ASCII)


class _Open:
    """A policy value that only a deployment settles."""


_OPEN = _Open()


@lru_cache(maxsize=4096)
def _number(text: str) -> Decimal | _Open | None:
    text = text.strip()
    if _NUMBER.fullmatch(text):
        return Decimal(text)
    return _OPEN if has_token(text) else None


def _comparison(compare: Callable[[Decimal, Decimal], bool]) -> Callable[[Decimal | _Open | None, str], bool | None]:
    def match(policy: Decimal | _Open | None, value: str) -> bool | None:
        number = _number(value)
        if policy is None or number is None:
            return False
        if isinstance(policy, _Open) or isinstance(number, _Open):
            return None
        return compare(number, policy)

    return match


OPERATORS = {
    "numericequals": Operator(_comparison(operator.eq), _number),
    "numericnotequals": Operator(_comparison(operator.eq), _number, negated=True),
    "numericlessthan": Operator(_comparison(operator.lt), _number),
    "numericlessthanequals": Operator(_comparison(operator.le), _number),
    "numericgreaterthan": Operator(_comparison(operator.gt), _number),
    "numericgreaterthanequals": Operator(_comparison(operator.ge), _number),
}
