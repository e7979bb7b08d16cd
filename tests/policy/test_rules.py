"""Statements filed as rules, and what they do to a target."""

from __future__ import annotations

from typing import Any

import pytest

from permscope.inventory.policies import PolicyKind, parse_policy
from permscope.policy.compiled import compile_policy
from permscope.policy.context import RequestContext
from permscope.policy.matching import encode
from permscope.policy.rules import RuleLayer, file_rules, meet


def layer(*statements: dict[str, Any], narrows: bool = False) -> RuleLayer:
    """The Allow rules of some statements."""
    filed = RuleLayer(narrows=narrows)
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    compiled = compile_policy(parse_policy(document, name="p", kind=PolicyKind.INLINE))
    file_rules([compiled], RequestContext(complete=False), filed, RuleLayer())
    return filed


def may(action: str, resource: Any, **more: Any) -> dict[str, Any]:
    """An Allow statement."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def test_a_certain_rule_on_everything_is_kept_apart() -> None:
    """It needs no index."""
    assert list(layer(may("s3:GetObject", "*")).whole) == ["s3:GetObject"]
    assert not layer(may("s3:GetObject", "*", Condition={"Bool": {"aws:x": "true"}})).whole


def test_a_rule_covers_a_target_surely_vaguely_or_on_a_part() -> None:
    """All of it, under a condition, or a narrower pattern inside it."""
    filed = layer(
        may("s3:GetObject", "arn:aws:s3:::b/*"),
        may("s3:PutObject", "arn:aws:s3:::b/*", Condition={"Bool": {"aws:x": "true"}}),
        may("s3:DeleteObject", "arn:aws:s3:::b/x/y"),
        narrows=True,
    )
    found = filed.touch("arn:aws:s3:::b/x/*")
    assert list(found.sure) == ["s3:GetObject"]
    assert list(found.vague) == ["s3:PutObject"]
    assert [(where, list(actions)) for where, actions in found.narrow] == [("arn:aws:s3:::b/x/y", ["s3:DeleteObject"])]
    assert [statement.index for statement in found.causes_of(found.vague)] == [1]


@pytest.mark.parametrize(
    ("pattern", "target", "stands", "expected"),
    [
        ("*", "arn:aws:s3:::b", True, ("arn:aws:s3:::b", True)),
        ("arn:aws:s3:::b/x", "arn:aws:s3:::b/*", None, ("arn:aws:s3:::b/x", True)),
        ("arn:aws:s3:::*x", "arn:aws:s3:::b*", None, ("arn:aws:s3:::b*", False)),
    ],
)
def test_two_patterns_meet_in_the_narrower_one(
    pattern: str, target: str, stands: bool | None, expected: tuple[str, bool]
) -> None:
    """Where neither covers the other, the target stands for what both match."""
    assert meet(encode(pattern), encode(target), stands) == expected
