"""Policy documents of any shape become statements and problems, never an exception."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permscope.inventory.located import Alternatives
from permscope.inventory.policies import Policy, PolicyKind, Principal, parse_policy

GRAMMAR = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html"


def parsed(document: object, kind: PolicyKind = PolicyKind.INLINE) -> Policy:
    """A policy read for a test."""
    return parse_policy(document, name="p", kind=kind)


def test_one_statement_may_stand_without_a_list() -> None:
    """The grammar lets `Statement`, `Action`, `Resource` be one value."""
    policy = parsed({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}})
    assert [statement.actions for statement in policy.statements] == [("s3:*",)]
    assert policy.problems == ()
    assert policy.version == "2012-10-17"


def test_principals_keep_their_kind() -> None:
    """`*` alone and `{"AWS": "*"}` are both kept as written."""
    statement = {
        "Effect": "Allow",
        "Action": "sqs:*",
        "Resource": "*",
        "Principal": {"AWS": ["1", "*"], "Service": "x"},
    }
    policy = parsed({"Statement": [statement, {**statement, "Principal": "*"}]}, PolicyKind.RESOURCE)
    assert policy.statements[0].principals == (Principal("AWS", "1"), Principal("AWS", "*"), Principal("Service", "x"))
    assert policy.statements[1].principals == (Principal("*", "*"),)


@pytest.mark.parametrize(
    ("document", "kind", "message"),
    [
        ([1], PolicyKind.INLINE, "must be a mapping"),
        ("{broken", PolicyKind.INLINE, "not valid JSON"),
        ({"Version": "2012-10-17"}, PolicyKind.INLINE, "needs `Statement`"),
        ({"Statement": {"Effect": "allow", "Action": "*", "Resource": "*"}}, PolicyKind.INLINE, "`Effect` must be"),
        ({"Statement": {"Effect": "Allow", "Resource": "*"}}, PolicyKind.INLINE, "needs `Action`"),
        ({"Statement": {"Effect": "Allow", "Action": "*"}}, PolicyKind.INLINE, "needs `Resource`"),
        (
            {"Statement": {"Effect": "Allow", "Action": "*", "NotAction": "*", "Resource": "*"}},
            PolicyKind.INLINE,
            "not both",
        ),
        ({"Statement": {"Effect": "Allow", "Action": {}, "Resource": "*"}}, PolicyKind.INLINE, "must be text"),
        (
            {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": "*"}},
            PolicyKind.INLINE,
            "no `Principal`",
        ),
        ({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}, PolicyKind.RESOURCE, "needs `Principal`"),
        (
            {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": "me"}},
            PolicyKind.RESOURCE,
            "not `me`",
        ),
        (
            {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Extra": 1}},
            PolicyKind.INLINE,
            "`Extra` is not",
        ),
        (
            {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*", "Principal": "*"}},
            PolicyKind.TRUST,
            "has no `Resource`",
        ),
    ],
)
def test_what_aws_refuses_is_a_problem(document: object, kind: PolicyKind, message: str) -> None:
    """The grammar decides what is refused."""
    assert any(message in problem.message for problem in parsed(document, kind).problems)


def test_a_statement_under_an_undecided_condition_says_so() -> None:
    """Both branches are there, each marked with the template's condition."""
    allow = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    policy = parsed({"Statement": [allow, Alternatives([allow, {**allow, "Action": "s3:*"}], "IsProd")]})
    assert [statement.only_if for statement in policy.statements] == [None, "IsProd", "IsProd"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["Allow", "Deny", "*"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["Statement", "Effect", "Action", "Resource", "Principal", "Condition", "AWS", "StringEquals", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(document=JSON, kind=st.sampled_from(list(PolicyKind)))
def test_no_document_is_too_strange(document: object, kind: PolicyKind) -> None:
    """Whatever stands there, reading it ends; what is not a policy has problems."""
    policy = parsed(document, kind)
    if not isinstance(document, dict) or "Statement" not in document:
        assert policy.problems


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"Statement": [], "Statements": []}, "`Statements` is not an element of a policy document"),
        (
            {"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": [{}]}},
            "`Condition` must be a mapping, not a list",
        ),
        ({"Statement": {"Effect": "Allow", "Action": "", "Resource": "*"}}, "`Action` holds an empty text"),
    ],
)
def test_what_the_grammar_has_no_place_for_is_a_problem(document: dict[str, object], message: str) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html."""
    policy = parse_policy(document, name="p", kind=PolicyKind.MANAGED)
    assert message in [problem.message for problem in policy.problems]
