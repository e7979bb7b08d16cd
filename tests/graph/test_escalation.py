"""The table of escalation paths names things that exist."""

from __future__ import annotations

from permscope.catalog.actions import load
from permscope.graph.escalation import EXISTING_WORK, NEW_WORK, ON_IDENTITY, ON_OWN_POLICY


def test_every_action_of_the_table_is_an_action() -> None:
    """A misspelt action would make a path that never fires."""
    catalog = load()
    actions = {action for row in (*NEW_WORK, *EXISTING_WORK) for action in row.actions}
    actions |= {row.action for row in ON_IDENTITY} | {action for _, action in ON_OWN_POLICY}
    assert [action for action in sorted(actions) if not catalog.is_known(action)] == []


def test_every_path_has_one_id() -> None:
    """Findings are told apart by it."""
    ids = [row.id for row in (*NEW_WORK, *EXISTING_WORK, *ON_IDENTITY)] + [path for path, _ in ON_OWN_POLICY]
    assert len(ids) == len(set(ids))
