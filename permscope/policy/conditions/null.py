"""`Null`: whether a key is missing (`true`) or there (`false`); one with an empty value counts as missing.

A `Null` condition beside `ForAllValues` keeps out "missing context keys or context keys with empty values":
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Null
"""

from __future__ import annotations

from collections.abc import Sequence


def test_null(wanted: Sequence[str], *, present: bool) -> bool:
    """Whether one of the values of a `Null` condition holds."""
    return ("false" if present else "true") in (value.strip().lower() for value in wanted)
