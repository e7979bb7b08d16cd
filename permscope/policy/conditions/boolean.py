"""`Bool`: true or false, in any case.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Boolean
"""

from __future__ import annotations

from permscope.inventory.tokens import has_token
from permscope.policy.conditions.operator import Operator


def _truth(text: str) -> str | None:
    lower = text.strip().lower()
    if lower in ("true", "false"):
        return lower
    return "${}" if has_token(text) else None


def _same(policy: str | None, value: str) -> bool | None:
    truth = _truth(value)
    if policy is None or truth is None:
        return False
    return None if "${}" in (policy, truth) else policy == truth


OPERATORS = {"bool": Operator(_same, _truth, variables=True)}
