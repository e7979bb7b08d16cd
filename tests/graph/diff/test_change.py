"""Changes that are known again, and told from each other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from permscope.catalog.actions import load
from permscope.graph.diff.change import KIND_ORDER, Change, ChangeKind
from permscope.inventory.source import Source

CHANGE = Change(
    kind=ChangeKind.NEW_ACCESS,
    severity="high",
    message="`Fn` can now write `Table`",
    actor="Fn",
    actor_id="arn:fn",
    target="Table",
    actions=load().action_set(["dynamodb:PutItem"]),
    source=Source("a.yaml", 3, 1),
)


def test_a_change_is_known_again_after_its_lines_moved() -> None:
    """Otherwise a comment on a pull request would be written anew with each push."""
    moved = replace(CHANGE, source=Source("b.yaml", 90, 2), message="worded anew", severity="low")
    assert moved.fingerprint == CHANGE.fingerprint
    assert len(CHANGE.fingerprint) == 32


@pytest.mark.parametrize(
    "other",
    [
        replace(CHANGE, actor="Other"),
        replace(CHANGE, target="Other"),
        replace(CHANGE, kind=ChangeKind.WEAKENED),
        replace(CHANGE, weakened="boundary"),
        replace(CHANGE, actions=load().action_set(["dynamodb:DeleteItem"])),
        replace(CHANGE, actor="FnT", target="able"),
        replace(CHANGE, actor="\ud800"),
    ],
)
def test_another_change_has_another_fingerprint(other: Change) -> None:
    """Whoever accepts one accepts that one alone; half a surrogate in a name is no crash."""
    assert other.fingerprint != CHANGE.fingerprint


def test_only_what_takes_access_away_is_no_risk() -> None:
    """A wiring that breaks is one: something no longer runs."""
    safe = {kind for kind in ChangeKind if not replace(CHANGE, kind=kind).is_risk}
    assert safe == {ChangeKind.ACCESS_REMOVED}
    assert list(KIND_ORDER) == list(ChangeKind)
    assert replace(CHANGE, also=(ChangeKind.WEAKENED,)).kinds == (ChangeKind.NEW_ACCESS, ChangeKind.WEAKENED)
