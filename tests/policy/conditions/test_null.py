"""`Null`.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Null
"""

from __future__ import annotations

import pytest

from permscope.inventory.policies import ConditionEntry
from permscope.policy.conditions import compile_condition
from permscope.policy.context import RequestContext


@pytest.mark.parametrize(
    ("wanted", "values", "expected"),
    [
        (["true"], None, True),
        (["true"], ["x"], False),
        (["false"], None, False),
        (["false"], ["x"], True),
        (["True"], [], True),
        (["false"], [], False),
        (["true"], [""], True),
        (["false"], [""], False),
        (["false"], ["", "x"], True),
        (["true", "false"], ["x"], True),
        (["maybe"], None, False),
    ],
)
def test_null_asks_whether_a_key_is_missing(wanted: list[str], values: list[str] | None, expected: bool) -> None:
    """`true` is missing, `false` is there; a key without value, or with an empty one, is missing."""
    context = RequestContext({} if values is None else {"k": values})
    condition = compile_condition(ConditionEntry("Null", "K", tuple(wanted)), variables=True)
    assert condition.test(context, set()) is expected


def test_null_of_an_unknown_key_is_open() -> None:
    """A partial context does not tell."""
    condition = compile_condition(ConditionEntry("Null", "k", ("true",)), variables=True)
    assert condition.test(RequestContext(complete=False), set()) is None
