"""The line contract of `permscope simulate`."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permscope.policy.simulate import simulate_lines

ALLOW = {"Version": "2012-10-17", "Statement": [{"Sid": "Read", "Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
CASE: dict[str, Any] = {
    "id": "a",
    "principal": "arn:aws:iam::111111111111:role/app",
    "action": "s3:GetObject",
    "resource": "arn:aws:s3:::b/k",
    "identityPolicies": [ALLOW],
}


def ask(**changes: Any) -> dict[str, Any]:
    """The answer to the case with some fields changed."""
    (answer,) = simulate_lines([json.dumps({**CASE, **changes})])
    found: dict[str, Any] = json.loads(answer)
    return found


def test_an_answer_has_id_decision_and_the_statements_behind_it() -> None:
    """An allowed request names the Allow statements, by layer, policy and index."""
    assert ask() == {
        "id": "a",
        "decision": "allowed",
        "matched": [
            {"layer": "identity", "policy": "identityPolicies[0]", "statement": 0, "sid": "Read", "effect": "Allow"}
        ],
    }


def test_a_deny_names_the_deny_statements_only() -> None:
    """An explicit deny is caused by Deny statements; an implicit one by none."""
    denying = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}
    answer = ask(permissionBoundary=denying)
    assert answer["decision"] == "explicitDeny"
    assert answer["matched"] == [
        {"layer": "boundary", "policy": "permissionBoundary", "statement": 0, "effect": "Deny"}
    ]
    assert ask(identityPolicies=[]) == {"id": "a", "decision": "implicitDeny", "matched": []}


def test_lines_are_answered_in_order_and_a_bad_one_does_not_stop_the_rest() -> None:
    """Every line has its answer; broken ones say what is wrong."""
    lines = [
        json.dumps(CASE),
        "{",
        "",
        "[]",
        json.dumps({**CASE, "id": 7, "action": 1}),
        json.dumps({**CASE, "id": "z"}),
    ]
    answers = [json.loads(line) for line in simulate_lines(lines)]
    assert [answer["id"] for answer in answers] == ["a", None, None, 7, "z"]
    assert [answer.get("decision") for answer in answers] == ["allowed", None, None, None, "allowed"]
    assert answers[1]["error"] == "the line is not valid JSON"
    assert answers[3]["error"] == "`action` must be text"


def test_lines_are_read_one_at_a_time() -> None:
    """An answer comes before the next line is asked for."""

    def lines() -> Any:
        yield json.dumps(CASE)
        raise AssertionError("the second line was read too early")

    assert json.loads(next(simulate_lines(lines())))["decision"] == "allowed"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"principal": None}, "`principal` must be"),
        ({"principal": "bob"}, "`bob` is no principal"),
        ({"principal": {"service": 1}}, "`principal` must be"),
        ({"resource": ""}, "`resource` must be text"),
        ({"resourceAccount": 1}, "`resourceAccount` must be text"),
        ({"context": []}, "`context` must be an object"),
        ({"context": {"k": [{}]}}, "a value of `k` in `context` must be text"),
        ({"identityPolicies": {}, "sessionPolicies": "x"}, "`sessionPolicies` must be a list"),
        ({"identityPolicies": [1]}, "`identityPolicies[0]` must be a policy document"),
        ({"identityPolicies": ["{"]}, "`identityPolicies[0]` is not valid JSON"),
        ({"identityPolicies": [{}]}, "`identityPolicies[0]` has no `Statement`"),
        ({"identityPolicies": [{"Statement": [1]}]}, "statement 0 of `identityPolicies[0]` must be an object"),
        ({"identityPolicies": [{"Statement": {"Effect": "allow"}}]}, "needs `Effect`"),
        ({"identityPolicies": [{"Statement": {"Effect": "Allow", "Resource": "*"}}]}, "needs `Action` or `NotAction`"),
        ({"identityPolicies": [{"Statement": {"Effect": "Allow", "Action": "*"}}]}, "needs `Resource`"),
        (
            {
                "identityPolicies": [
                    {"Statement": {"Effect": "Allow", "Action": "*", "NotAction": "*", "Resource": "*"}}
                ]
            },
            "has `Action` and `NotAction`",
        ),
        (
            {"resourcePolicy": {"Statement": {"Effect": "Allow", "Action": "*", "Principal": {"Aws": "*"}}}},
            "`Aws` in statement 0 of `resourcePolicy` is not a kind of principal",
        ),
        (
            {"resourcePolicy": {"Statement": {"Effect": "Allow", "Action": "*", "Principal": "x"}}},
            "must be `*` or an object",
        ),
        (
            {"identityPolicies": [{"Statement": {"Effect": "Allow", "Action": 1, "Resource": "*"}}]},
            "must be text or a list of text",
        ),
        (
            {"identityPolicies": [{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": []}}]},
            None,
        ),
        (
            {
                "identityPolicies": [
                    {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Bool": 1}}}
                ]
            },
            "`Bool` of statement 0 of `identityPolicies[0]` must be an object",
        ),
        ({"scps": {"a": 1}}, "`scps` must be a list of levels"),
    ],
)
def test_what_aws_would_refuse_is_an_error_and_no_decision(changes: dict[str, Any], message: str | None) -> None:
    """A broken case is never decided silently; an empty condition block is none."""
    answer = ask(**changes)
    if message is None:
        assert answer["decision"] == "allowed"
    else:
        assert message in answer["error"]
        assert "decision" not in answer


@pytest.mark.parametrize(
    "changes",
    [
        {"unknown": {"field": 1}},
        {"resourcePolicy": None, "permissionBoundary": None, "sessionPolicies": None, "scps": None, "context": None},
        {"context": {"aws:SecureTransport": True, "n": 5, "none": None}},
        {"identityPolicies": [json.dumps(ALLOW)]},
        {"principal": {"AWS": "arn:aws:iam::111111111111:role/app"}},
    ],
)
def test_what_does_not_matter_is_ignored(changes: dict[str, Any]) -> None:
    """Unknown fields, nulls, scalars in the context and policies as JSON text are all fine."""
    assert ask(**changes)["decision"] == "allowed"


def test_hostile_lines_are_answered() -> None:
    """Deep nesting, lone surrogates and huge numbers end in an answer."""
    lines = ["[" * 100_000, json.dumps({**CASE, "id": "\ud800"}), '{"id": 1, "action": ' + "9" * 10_000 + "}"]
    answers = list(simulate_lines(lines))
    assert len(answers) == 3
    assert all(line.isascii() for line in answers)


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(
        ["*", "Allow", "s3:*", "arn:aws:s3:::${a", "${aws:x, 'y'}", "arn:aws:iam::1:role/", "${Param::X}"]
    )
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["Statement", "Effect", "Action", "Resource", "Principal", "Condition", "Bool", "AWS", "k"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.sampled_from([*CASE, "resourcePolicy", "permissionBoundary", "context", "scps", "rcps"]), ANYTHING)
def test_no_value_of_any_field_ends_in_a_traceback(field: str, value: object) -> None:
    """Whatever a field holds, the case is decided or answered with an error."""
    answer = ask(**{field: value})
    assert ("decision" in answer) is not ("error" in answer)
