"""Changes in words that say neither more nor less than what changed."""

from __future__ import annotations

from typing import Any

import pytest

from permscope.catalog.actions import load
from permscope.graph.diff import words
from permscope.graph.model import PermissionGraph


@pytest.mark.parametrize(
    ("conditions", "said"),
    [
        ({"auth": {"type": ["jwt"]}}, "with a JWT"),
        ({"StringEquals": {"aws:SourceAccount": "111122223333"}}, "when `aws:SourceAccount` is `111122223333`"),
        ({"Null": {"aws:TokenIssueTime": ["true"]}}, "when `aws:TokenIssueTime` is absent"),
        ({"StringLike": {"aws:SourceArn": ["arn:*"]}}, "when `aws:SourceArn` is like `arn:*`"),
        (
            {"auth": {"type": ["iam"]}, "StringEquals": {"aws:PrincipalOrgID": ["o-1", "o-2"]}},
            "with IAM credentials, when `aws:PrincipalOrgID` is `o-1` or `o-2`",
        ),
        ({"template": {"condition": ["IsProd"]}}, "where the template's condition `IsProd` holds"),
        ({}, ""),
    ],
)
def test_a_condition_is_a_clause(conditions: dict[str, Any], said: str) -> None:
    """Who is asked for comes first, then what must hold."""
    assert words.condition_words(conditions) == said


@pytest.mark.parametrize(
    ("actions", "wide", "severity"),
    [
        (["*"], True, "critical"),
        (["iam:PutRolePolicy"], False, "high"),
        (["dynamodb:PutItem"], True, "high"),
        (["dynamodb:PutItem"], False, "medium"),
        (["dynamodb:ListTables"], True, "low"),
    ],
)
def test_access_is_as_grave_as_its_level_and_reach(actions: list[str], wide: bool, severity: str) -> None:
    """Everything everywhere is the worst; a list of names the least."""
    assert words.access_severity(load().action_set(actions), wide=wide, target="*" if wide else "Table") == severity


@pytest.mark.parametrize(
    ("severity", "by", "raised"),
    [("medium", 1, "high"), ("critical", 2, "critical"), ("low", -1, "low"), ("info", 3, "info")],
)
def test_a_severity_is_raised_within_the_scale(severity: str, by: int, raised: str) -> None:
    """A remark stays one."""
    assert words.step_up(severity, by) == raised


def test_of_many_actions_the_first_are_named_and_the_rest_counted() -> None:
    """One more than is shown is shown as well: counting it takes as much room."""
    read = load().action_set(["s3:GetObject", "s3:PutObject", "sqs:SendMessage", "sns:Publish", "kms:Decrypt"])
    assert "more" not in words.action_words(read)
    more = words.action_words(read | load().action_set(["iam:PassRole"]))
    assert more.endswith(" and 2 more")
    assert words.doing_words(load().action_set(["*"])).startswith("do nearly anything in ")


def test_what_one_role_lacks_on_one_thing_is_said_once() -> None:
    """A reason that is worded otherwise stays as it is."""
    graph = PermissionGraph(())
    assert words.reason_words(graph, "the role is unknown") == "the role is unknown"
    assert words.level_words(["Read", "Write", "List"]) == "Read, Write and List"
    assert (words.highest(["Write", "Read"]), words.highest([])) == (3, -1)


def test_what_the_other_side_must_agree_to_is_said_in_words() -> None:
    """A policy of another account, and the trust policy of a role that is in no input."""
    assert (
        words.condition_words({"cross-account": {"policy-in-account": ["111122223333"]}})
        == "if `111122223333` allows it too"
    )
    assert words.condition_words({"trust": {"role-trusts": ["arn:aws:iam::1:role/r"]}}) == "if the role trusts it"
