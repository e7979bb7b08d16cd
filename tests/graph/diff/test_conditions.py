"""When conditions follow from others, and that nothing is said to follow which a request shows not to."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from permscope.graph.diff.conditions import follows, implies, lost
from permscope.inventory.policies import ConditionEntry
from permscope.policy.conditions.condition import Condition
from permscope.policy.context import RequestContext


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
    ({"NumericLessThan": {"k": "5"}}, {"NumericLessThan": {"k": "10"}}, True),
    ({"NumericLessThanEquals": {"k": "10"}}, {"NumericLessThan": {"k": "10"}}, False),
    ({"NumericEquals": {"k": "9"}}, {"NumericGreaterThan": {"k": "10"}}, False),
    ({"DateLessThan": {"k": "2026-01-01T00:00:00Z"}}, {"DateLessThan": {"k": "2027-01-01T00:00:00Z"}}, True),
    ({"DateLessThan": {"k": "soon"}}, {"DateLessThan": {"k": "2027-01-01T00:00:00Z"}}, False),
    ({"Bool": {"k": "True"}}, {"Bool": {"k": "true"}}, True),
    ({"StringLike": {"k": "red"}}, {"StringEquals": {"k": "red"}}, True),
    ({"StringLike": {"k": "r*"}}, {"StringEquals": {"k": "r*"}}, False),
    ({"StringEquals": {"k": "red"}}, {"StringEqualsIgnoreCase": {"k": "RED"}}, True),
    ({"StringEqualsIgnoreCase": {"k": "red"}}, {"StringEquals": {"k": "red"}}, False),
    ({"StringEquals": {"k": "dev"}}, {"StringNotEquals": {"k": "prod"}}, False),
    ({"ForAnyValue:StringEquals": {"k": "dev"}}, {"ForAnyValue:StringNotEquals": {"k": "prod"}}, True),
    ({"StringEquals": {"k": ["dev", "prod"]}}, {"StringNotEquals": {"k": "prod"}}, False),
    ({"ForAnyValue:StringEquals": {"k": "dev-1"}}, {"ForAnyValue:StringNotLike": {"k": "prod*"}}, True),
    ({"StringEqualsIfExists": {"k": "dev"}}, {"StringNotEquals": {"k": "prod"}}, False),
    ({"StringNotLike": {"k": "a*"}}, {"StringNotEquals": {"k": "ab"}}, True),
    ({"StringNotEquals": {"k": "ab"}}, {"StringNotLike": {"k": "a*"}}, False),
    ({"NotIpAddress": {"k": "10.0.0.0/8"}}, {"NotIpAddress": {"k": "10.1.0.0/16"}}, True),
    ({"NotIpAddress": {"k": "10.1.0.0/16"}}, {"NotIpAddress": {"k": "10.0.0.0/8"}}, False),
    ({"ArnEquals": {"k": "arn:aws:s3:::b*"}}, {"StringLike": {"k": "arn:aws:s3:::b*"}}, True),
    ({"StringLike": {"k": "arn:aws:s3:::b*"}}, {"ArnLike": {"k": "arn:aws:s3:::b*"}}, False),
    ({"StringEquals": {"k": "arn:aws:s3:::box"}}, {"ArnLike": {"k": "arn:aws:s3:::b*"}}, True),
    ({"ArnLike": {"k": "arn:aws:s3:::b"}}, {"ArnLike": {"k": "arn:${AWS::Partition}:s3:::b"}}, True),
    ({"StringEquals": {"k": "${Param::A}"}}, {"StringLike": {"k": "x*"}}, False),
    ({"StringEquals": {"k": "${Param::A}"}}, {"StringNotEquals": {"k": "x"}}, False),
    ({"StringLike": {"k": "${aws:username}"}}, {"StringLike": {"k": "*"}}, False),
    ({"StringLike": {"k": "${aws:username}"}}, {"StringLike": {"k": "${aws:username}"}}, True),
]


@pytest.mark.parametrize(("new", "old", "expected"), FOLLOWS)
def test_conditions_follow_only_from_stricter_ones(new: dict[str, Any], old: dict[str, Any], expected: bool) -> None:
    """A condition may be called kept only when whatever satisfies the new one satisfies the old one."""
    assert follows(_entries(new), _entries(old)) is expected


def test_what_is_lost_is_named() -> None:
    """Of two conditions only the one that says less now."""
    old = _entries({"StringEquals": {"aud": "sts"}, "StringLike": {"sub": "repo:o/shop:*"}})
    new = _entries({"StringEquals": {"aud": "sts"}, "StringLike": {"sub": "repo:o/*"}})
    assert [entry.key for entry in lost(new, old)] == ["sub"]


_VALUES: dict[str, tuple[list[str], list[str]]] = {
    "String": (
        ["red", "RED", "red-1", "blue", "re?", "r*", "*", "", "a:b*"],
        ["red", "RED", "red-1", "blue", "re?", "r*", "", "a:b:c"],
    ),
    "Arn": (
        [
            "arn:aws:s3:::b",
            "arn:aws:s3:::b*",
            "arn:aws:s3:*:*:*",
            "*",
            "arn:aws:sqs:us-east-1:1:q",
            "arn:aws:s*",
        ],
        ["arn:aws:s3:::b", "arn:aws:s3:::b:c", "arn:aws:s3:::box", "arn:aws:sqs:us-east-1:1:q", "red"],
    ),
    "Numeric": (["1", "2", "2.0", "10", "x"], ["0", "1", "2", "3", "10", "11", "x"]),
    "Date": (
        ["2026-01-01", "2026-06-01T00:00:00Z", "2027", "x"],
        ["2025-12-31", "2026-01-01", "2026-06-01", "2028", "x"],
    ),
    "Ip": (
        ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "0.0.0.0/0", "::/0"],
        ["10.1.2.3", "10.9.9.9", "192.0.2.1", "2001:db8::1"],
    ),
    "Bool": (["true", "True", "false"], ["true", "FALSE", "x"]),
}
_NAMES = {
    "String": [
        "StringEquals",
        "StringLike",
        "StringNotEquals",
        "StringNotLike",
        "StringEqualsIgnoreCase",
        "StringNotEqualsIgnoreCase",
        "ArnLike",
    ],
    "Arn": ["ArnLike", "ArnEquals", "ArnNotLike", "StringEquals", "StringLike", "StringNotLike"],
    "Numeric": [
        f"Numeric{each}"
        for each in ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
    ],
    "Date": [
        f"Date{each}"
        for each in ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
    ],
    "Ip": ["IpAddress", "NotIpAddress"],
    "Bool": ["Bool"],
}


@st.composite
def _cases(draw: st.DrawFn) -> tuple[ConditionEntry, ConditionEntry, tuple[str, ...]]:
    """Two conditions on one key, and what a request says."""
    family = draw(st.sampled_from(sorted(_NAMES)))
    asked, sent = _VALUES[family]

    def entry() -> ConditionEntry:
        if draw(st.integers(0, 9)) == 0:
            return ConditionEntry("Null", "k", (draw(st.sampled_from(["true", "false"])),))
        quantifier = draw(st.sampled_from(["", "", "", "ForAllValues:", "ForAnyValue:"]))
        if_exists = draw(st.sampled_from(["", "", "IfExists"]))
        values = tuple(draw(st.lists(st.sampled_from(asked), min_size=1, max_size=3)))
        return ConditionEntry(f"{quantifier}{draw(st.sampled_from(_NAMES[family]))}{if_exists}", "k", values)

    return entry(), entry(), tuple(draw(st.lists(st.sampled_from(sent), max_size=2)))


@settings(max_examples=400, deadline=None)
@given(_cases())
def test_no_request_shows_that_something_does_not_follow(
    case: tuple[ConditionEntry, ConditionEntry, tuple[str, ...]],
) -> None:
    """Where one condition is said to follow from another, every request that satisfies the other satisfies it."""
    new, old, values = case
    if not implies(new, old):
        return
    context = RequestContext({"k": values} if values else {}, complete=True)
    if Condition(new, variables=True).test(context, set()) is True:
        assert Condition(old, variables=True).test(context, set()) is True
