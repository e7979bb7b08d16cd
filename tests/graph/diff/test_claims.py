"""When one claim is covered by another: patterns that hold, limits that stay."""

from __future__ import annotations

from typing import Any

import pytest

from permscope.graph.diff.claims import Book, statement_claims
from permscope.inventory.policies import PolicyKind, parse_policy
from permscope.policy.matching import encode


def _book(*statements: dict[str, Any], version: str = "2012-10-17") -> Book:
    document = {"Version": version, "Statement": [{"Effect": "Allow", **each} for each in statements]}
    policy = parse_policy(document, name="p", kind=PolicyKind.INLINE)
    return Book(statement_claims((policy, each) for each in policy.statements))


TABLE = "arn:aws:dynamodb:us-east-1:111111111111:table/users"
GET = {"Action": "dynamodb:GetItem", "Resource": TABLE}
COVERED: dict[str, tuple[dict[str, Any], tuple[dict[str, Any], ...], list[str]]] = {
    "the same": (GET, (GET,), []),
    "nothing before": (GET, (), ["dynamodb:GetItem"]),
    "a wider pattern": (GET, ({"Action": "dynamodb:*", "Resource": f"{TABLE}*"},), []),
    "a narrower pattern": ({**GET, "Resource": f"{TABLE}*"}, (GET,), ["dynamodb:GetItem"]),
    "action by action": (
        {"Action": ["dynamodb:GetItem", "dynamodb:PutItem"], "Resource": TABLE},
        (GET, {"Action": "dynamodb:Put*", "Resource": "*"}),
        [],
    ),
    "every ARN the action can be about": (
        {"Action": ["dynamodb:GetItem", "dynamodb:ListTables"], "Resource": "*"},
        ({"Action": "dynamodb:*", "Resource": "arn:aws:dynamodb:*:*:*"},),
        ["dynamodb:ListTables"],
    ),
    "what was left out": (GET, ({"Action": "dynamodb:*", "NotResource": f"{TABLE}*"},), ["dynamodb:GetItem"]),
    "what was left out elsewhere": (GET, ({"Action": "dynamodb:*", "NotResource": "arn:aws:s3:::*"},), []),
    "leaving out less": (
        {"Action": "dynamodb:GetItem", "NotResource": TABLE},
        ({"Action": "dynamodb:GetItem", "NotResource": [TABLE, "arn:aws:s3:::x"]},),
        ["dynamodb:GetItem"],
    ),
}


@pytest.mark.parametrize(("new", "old", "left"), COVERED.values(), ids=COVERED)
def test_a_claim_is_covered_action_by_action(
    new: dict[str, Any], old: tuple[dict[str, Any], ...], left: list[str]
) -> None:
    """What no old claim holds is left, and only that."""
    (claim,) = _book(new).claims
    assert list(_book(*old).remaining(claim)) == left


def test_a_variable_of_an_old_policy_language_is_text() -> None:
    """In policies of 2008 `${aws:username}` is no variable, so the two do not mean the same."""
    statement = {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/${aws:username}/*"}
    (claim,) = _book(statement).claims
    assert not _book(statement).remaining(claim)
    assert _book(statement, version="2008-10-17").remaining(claim)


def test_an_unknown_value_covers_only_itself() -> None:
    """Nobody knows whether two unknown names are the same."""
    one = {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::${Param::One}/*"}
    two = {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::${Param::Two}/*"}
    (claim,) = _book(one).claims
    assert claim.resource == encode(one["Resource"])
    assert not _book(one).remaining(claim)
    assert _book(two).remaining(claim)
    assert not _book({"Action": "s3:*", "Resource": "*"}).remaining(claim)
