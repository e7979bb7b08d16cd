"""Statements that hold undecided template conditions.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-conditions.html
"""

from __future__ import annotations

from typing import Any

import pytest

from permscope.inventory.located import Alternatives
from permscope.inventory.variants import statement_variants


def either(one: Any, other: Any, condition: str = "IsProd") -> Alternatives:
    """`!If [IsProd, one, other]`."""
    return Alternatives([one, other], condition, has_sides=True)


ALLOW = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}
IF, NOT = "IsProd", "not IsProd"

CASES: list[tuple[dict[str, Any], list[tuple[dict[str, Any], str | None]]]] = [
    ({}, [({}, None)]),
    ({"Action": either("a:B", "a:C")}, [({"Action": ["a:B"]}, IF), ({"Action": ["a:C"]}, NOT)]),
    ({"Action": ["a:A", either("a:B", None)]}, [({"Action": ["a:A"]}, None), ({"Action": ["a:B"]}, IF)]),
    ({"Resource": either(["x", "y"], ["x"])}, [({"Resource": ["x"]}, None), ({"Resource": ["y"]}, IF)]),
    ({"Effect": either("Allow", "Deny")}, [({"Effect": "Allow"}, IF), ({"Effect": "Deny"}, NOT)]),
    # what is not listed is taken away from what is granted, so such a list is read as a whole
    (
        {"NotAction": ["a:A", either("a:B", None)]},
        [({"NotAction": ["a:A", "a:B"]}, IF), ({"NotAction": ["a:A"]}, NOT)],
    ),
    (
        {"Condition": either({"Bool": {"aws:SecureTransport": "true"}}, None)},
        [({"Condition": {"Bool": {"aws:SecureTransport": "true"}}}, IF), ({}, NOT)],
    ),
    (
        {"Condition": {"StringEquals": {"aws:PrincipalOrgID": either("o-1", "o-2")}}},
        [
            ({"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}, IF),
            ({"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-2"}}}, NOT),
        ],
    ),
    # the same condition twice turns out the same way
    (
        {"Action": either("a:B", "a:C"), "Resource": either("x", "y")},
        [({"Action": "a:B", "Resource": "x"}, IF), ({"Action": "a:C", "Resource": "y"}, NOT)],
    ),
]


@pytest.mark.parametrize(("changes", "expected"), CASES)
def test_a_statement_is_split_into_what_always_stands_and_what_one_side_adds(
    changes: dict[str, Any], expected: list[tuple[dict[str, Any], str | None]]
) -> None:
    """Nothing that always stands becomes conditional, and nothing conditional becomes certain."""
    found = [(dict(raw), only_if) for raw, only_if in statement_variants({**ALLOW, **changes}, None)]
    gone = {key for key in changes if isinstance(changes[key], Alternatives) and None in changes[key]}
    plain = {key: value for key, value in ALLOW.items() if key not in gone}
    assert found == [({**plain, **wanted}, only_if) for wanted, only_if in expected]


def test_many_conditions_stay_one_statement_that_depends_on_all() -> None:
    """A statement with too many sides is not multiplied."""
    raw = {**ALLOW, "Condition": {"StringEquals": {f"aws:K{n}": either("a", "b", f"C{n}") for n in range(8)}}}
    ((_, only_if),) = statement_variants(raw, None)
    assert only_if == " and ".join(f"C{n}" for n in range(8))


def test_one_condition_many_times_is_two_statements() -> None:
    """A hostile statement does not take time that doubles with every `Fn::If`."""
    raw = {**ALLOW, "NotAction": [either(f"a:{n}", f"b:{n}") for n in range(60)]}
    found = list(statement_variants(raw, None))
    assert [(len(statement["NotAction"]), only_if) for statement, only_if in found] == [(60, IF), (60, NOT)]
