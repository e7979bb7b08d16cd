"""When one claim is covered by another: conditions that follow, patterns that hold, limits that stay."""

from __future__ import annotations

from typing import Any

import pytest

from permscope.graph.diff_claims import Book, follows, statement_claims
from permscope.inventory.policies import ConditionEntry, PolicyKind, parse_policy
from permscope.policy.matching import encode


def _entries(condition: dict[str, Any]) -> list[ConditionEntry]:
    return [
        ConditionEntry(operator, key, tuple([values] if isinstance(values, str) else values))
        for operator, keys in condition.items()
        for key, values in keys.items()
    ]


RED = {"StringEquals": {"aws:PrincipalTag/team": "red"}}
# New condition, old condition, whether the new one is at least as strict. Operators:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
FOLLOWS: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    ({}, {}, True),
    (RED, {}, True),
    ({}, RED, False),
    (RED, {"StringEquals": {"AWS:principaltag/team": ["red", "blue"]}}, True),
    ({"StringEquals": {"aws:PrincipalTag/team": ["red", "blue"]}}, RED, False),
    ({**RED, "Bool": {"aws:SecureTransport": "true"}}, RED, True),
    (RED, {"StringEqualsIfExists": RED["StringEquals"]}, True),
    ({"StringEqualsIfExists": RED["StringEquals"]}, RED, False),
    (RED, {"StringLike": {"aws:PrincipalTag/team": "r*"}}, True),
    ({"StringEquals": {"aws:PrincipalTag/team": "r*"}}, {"StringLike": {"aws:PrincipalTag/team": "r*"}}, True),
    ({"StringLike": {"aws:PrincipalTag/team": "r*"}}, RED, False),
    ({"StringLike": {"aws:PrincipalTag/team": "re*"}}, {"StringLike": {"aws:PrincipalTag/team": "r*"}}, True),
    (RED, {"Null": {"aws:PrincipalTag/team": "false"}}, True),
    (RED, {"Null": {"aws:PrincipalTag/team": "true"}}, False),
    ({"StringEqualsIfExists": RED["StringEquals"]}, {"Null": {"aws:PrincipalTag/team": "false"}}, False),
    ({"StringNotEquals": {"k": ["a", "b"]}}, {"StringNotEquals": {"k": "a"}}, True),
    ({"StringNotEquals": {"k": "a"}}, {"StringNotEquals": {"k": ["a", "b"]}}, False),
    ({"ForAllValues:StringEquals": {"k": "a"}}, {"ForAllValues:StringEquals": {"k": ["a", "b"]}}, True),
    ({"ForAnyValue:StringEquals": {"k": "a"}}, {"ForAllValues:StringEquals": {"k": "a"}}, False),
    ({"IpAddress": {"aws:SourceIp": "10.1.0.0/16"}}, {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, True),
    ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, {"IpAddress": {"aws:SourceIp": "10.1.0.0/16"}}, False),
    ({"IpAddress": {"aws:SourceIp": "nonsense"}}, {"IpAddress": {"aws:SourceIp": "10.1.0.0/16"}}, False),
    ({"ArnEquals": {"k": "arn:aws:s3:::a"}}, {"ArnLike": {"k": "arn:aws:s3:::*"}}, True),
    ({"ArnLike": {"k": "arn:aws:s3:::*"}}, {"ArnLike": {"k": "arn:aws:s3:*:*:a"}}, False),
    ({"NumericLessThan": {"k": "5"}}, {"NumericLessThan": {"k": "10"}}, False),
    ({"StringLike": {"k": "${aws:username}"}}, {"StringLike": {"k": "*"}}, False),
    ({"StringLike": {"k": "${aws:username}"}}, {"StringLike": {"k": "${aws:username}"}}, True),
]


@pytest.mark.parametrize(("new", "old", "expected"), FOLLOWS)
def test_conditions_follow_only_from_stricter_ones(new: dict[str, Any], old: dict[str, Any], expected: bool) -> None:
    """A condition may be called kept only when whatever satisfies the new one satisfies the old one."""
    assert follows(_entries(new), _entries(old)) is expected


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
