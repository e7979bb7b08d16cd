"""What rules call by name, and what one rule leaves to another."""

from __future__ import annotations

import pytest

from permscope.audit.predicates import FINDERS, PREDICATES, Taken, no_parameters
from permscope.catalog.actions import load
from permscope.errors import RuleError
from permscope.inventory.source import NOWHERE


def test_every_name_says_what_it_asks() -> None:
    """The reference of rules is made of these sentences."""
    assert all(each.doc.endswith(".") or ".\n" in each.doc for each in (*PREDICATES.values(), *FINDERS.values()))
    assert {"problems", "unknown_actions", "mismatched_resources"} <= set(FINDERS)


def test_what_another_rule_has_said_is_left_out_and_remembered() -> None:
    """Only what both would have said counts as removed."""
    actions = load().action_set
    taken = Taken(actions=actions(["iam:PassRole", "iam:CreateUser"]))
    assert taken.left_of(actions(["iam:PassRole", "s3:GetObject"])) == actions(["s3:GetObject"])
    assert taken.removed == actions(["iam:PassRole"])
    assert taken.left_of(actions(["s3:PutObject"])) == actions(["s3:PutObject"])
    assert taken.removed == actions(["iam:PassRole"])


def test_parameters_that_nobody_reads_are_a_mistake() -> None:
    """A limit that is passed over would make a rule wider than its author thinks."""
    no_parameters(None, NOWHERE)
    with pytest.raises(RuleError):
        no_parameters({"above": 3}, NOWHERE)
