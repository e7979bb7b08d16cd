"""ARN operators: each of the six fields is compared on its own; `ArnEquals` and `ArnLike` are the same.

A wildcard stays inside its field, and the sixth field keeps its colons
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN).
A lone `*` matches every ARN.
"""

from __future__ import annotations

from permscope.policy.conditions.operator import Operator
from permscope.policy.matching import ANY_PARTITION, QUESTION, STAR, UNKNOWN, compare, encode, glob
from permscope.policy.ternary import all_of
from permscope.policy.variables import escape

_FIELDS = 6


def _fields(text: str) -> list[str]:
    return encode(text).split(":", _FIELDS - 1)


def _like(policy: list[str], value: str) -> bool | None:
    if policy == ["*"]:
        return True
    text = encode(value)
    fields = text.split(":", _FIELDS - 1)
    if len(policy) == len(fields) == _FIELDS:
        if any(STAR in field or QUESTION in field for field in policy):
            fields = [escape(field) for field in fields]
        if UNKNOWN not in text and not any(UNKNOWN in field for field in policy):
            return all(
                glob(pattern, field) or (at == 1 and ANY_PARTITION[4:-1] in (pattern, field))
                for at, (pattern, field) in enumerate(zip(policy, fields, strict=True))
            )
        return all_of(
            True if at == 1 and ANY_PARTITION[4:-1] in (pattern, field) else compare(pattern, field)
            for at, (pattern, field) in enumerate(zip(policy, fields, strict=True))
        )
    if UNKNOWN in text or any(UNKNOWN in field for field in policy):
        return compare(":".join(policy), text)
    return False


OPERATORS = {
    "arnequals": Operator(_like, _fields, variables=True),
    "arnlike": Operator(_like, _fields, variables=True),
    "arnnotequals": Operator(_like, _fields, negated=True, variables=True),
    "arnnotlike": Operator(_like, _fields, negated=True, variables=True),
}
