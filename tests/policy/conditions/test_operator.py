"""Every operator of every family is complete."""

from __future__ import annotations

from permscope.policy.conditions.condition import OPERATORS
from permscope.policy.conditions.operator import Operator

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
DOCUMENTED = """
StringEquals StringNotEquals StringEqualsIgnoreCase StringNotEqualsIgnoreCase StringLike StringNotLike
NumericEquals NumericNotEquals NumericLessThan NumericLessThanEquals NumericGreaterThan NumericGreaterThanEquals
DateEquals DateNotEquals DateLessThan DateLessThanEquals DateGreaterThan DateGreaterThanEquals
Bool BinaryEquals IpAddress NotIpAddress ArnEquals ArnLike ArnNotEquals ArnNotLike
"""


def test_every_documented_operator_is_there() -> None:
    """`Null`, which only asks for presence, stands apart."""
    assert set(OPERATORS) == set(DOCUMENTED.lower().split())


def test_a_negated_operator_is_the_opposite_of_one_that_is_there() -> None:
    """It compares in the same way and turns the answer around."""
    for name, operator in OPERATORS.items():
        positive = name.replace("not", "", 1)
        assert operator.negated is (positive != name)
        assert OPERATORS[positive] == Operator(
            OPERATORS[positive].match, operator.prepare, variables=operator.variables
        )
