"""`BinaryEquals`.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_BinaryEquals
"""

from __future__ import annotations

import pytest

from permscope.policy.conditions.binary import OPERATORS


@pytest.mark.parametrize(
    ("policy", "value", "expected"),
    [
        ("QmluYXJ5VmFsdWVJbkJhc2U2NA==", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", True),
        ("QmluYXJ5VmFsdWVJbkJhc2U2NA==", "BinaryValueInBase64", True),
        ("QmluYXJ5VmFsdWVJbkJhc2U2NA==", "binaryvalueinbase64", False),
        ("not base64", "not base64", False),
    ],
)
def test_bytes_are_compared_whatever_way_the_request_gives_them(policy: str, value: str, expected: bool) -> None:
    """The policy value is base64; the request's is base64 or the text itself."""
    operator = OPERATORS["binaryequals"]
    assert operator.match(operator.prepare(policy), value) is expected
