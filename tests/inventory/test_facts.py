"""Ids of what has no ARN, and failures that hide something."""

from __future__ import annotations

import pytest

from permscope.inventory.facts import Unknown, resource_id


def test_resources_of_two_stacks_never_share_an_id() -> None:
    """Nor two types of one name."""
    parts = [("AWS::A::B", "X", ""), ("AWS::A::B", "X", "one"), ("AWS::A::B", "X", "two"), ("AWS::A::C", "X", "")]
    assert len({resource_id(*each) for each in parts}) == len(parts)


@pytest.mark.parametrize(
    ("kind", "failed"), [("denied", True), ("throttled", True), ("expired", True), ("parameter", False)]
)
def test_a_call_that_gave_nothing_is_told_from_what_a_template_leaves_open(kind: str, failed: bool) -> None:
    """Only the first makes a snapshot incomplete."""
    assert Unknown(what="x", why="y", kind=kind).is_failed_call is failed
