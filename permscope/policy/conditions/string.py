"""String operators: case-sensitive, ignoring case, and with wildcards.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_String
"""

from __future__ import annotations

from permscope.policy.conditions.operator import Operator
from permscope.policy.matching import QUESTION, STAR, UNKNOWN, compare, encode, opened, patterns_intersect
from permscope.policy.variables import escape, unescape


def _literal(text: str) -> str:
    return unescape(encode(text))


def _equals(policy: str, value: str) -> bool | None:
    if STAR in policy or QUESTION in policy:  # came in by a variable
        policy = unescape(policy)
    if "${" in value:
        value = encode(value)
    if policy == value:
        return True
    if UNKNOWN in policy or UNKNOWN in value:
        return None if patterns_intersect(opened(escape(policy)), opened(escape(value))) else False
    return False


def _equals_ignoring_case(policy: str, value: str) -> bool | None:
    return _equals(policy.lower(), encode(value).lower())


def _like(policy: str, value: str) -> bool | None:
    if STAR in policy or QUESTION in policy:
        value = escape(value)
    return compare(policy, encode(value))


OPERATORS = {
    "stringequals": Operator(_equals, _literal, variables=True),
    "stringnotequals": Operator(_equals, _literal, negated=True, variables=True),
    "stringequalsignorecase": Operator(_equals_ignoring_case, _literal, variables=True),
    "stringnotequalsignorecase": Operator(_equals_ignoring_case, _literal, negated=True, variables=True),
    "stringlike": Operator(_like, encode, variables=True),
    "stringnotlike": Operator(_like, encode, negated=True, variables=True),
}
