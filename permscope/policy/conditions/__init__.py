"""Condition blocks: one module per operator family, and what all operators share.

An operator family is a dict from the lower-case operator name to an `Operator`. Everything about missing keys,
several values, `...IfExists`, `ForAllValues:` and `ForAnyValue:` is decided here, once
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html).
"""

from __future__ import annotations

from permscope.policy.conditions.condition import Condition, compile_condition, test_all

__all__ = ["Condition", "compile_condition", "test_all"]
