"""`BinaryEquals`: byte for byte, the policy value in base64.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_BinaryEquals
"""

from __future__ import annotations

import base64
import binascii

from permscope.policy.conditions.operator import Operator


def _bytes(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _same(policy: bytes | None, value: str) -> bool:
    """A request value is given in base64, as the IAM policy simulator takes it, or as the plain text of its bytes."""
    return policy is not None and (_bytes(value) == policy or value.encode("utf-8", "surrogatepass") == policy)


OPERATORS = {"binaryequals": Operator(_same, _bytes)}
