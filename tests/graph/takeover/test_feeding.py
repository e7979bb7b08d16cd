"""Actions that set going what is wired to a resource."""

from __future__ import annotations

import pytest

from permscope.catalog.actions import load
from permscope.graph.takeover.feeding import FEEDING_ACTIONS, feeding_actions


@pytest.mark.parametrize("resource_type", sorted(FEEDING_ACTIONS))
def test_feeding_actions_exist(resource_type: str) -> None:
    """Each is in the catalogue, and none only reads."""
    catalog = load()
    for action in FEEDING_ACTIONS[resource_type]:
        assert catalog.is_known(action), action
        assert catalog.access_level(action) != "List"


def test_a_type_that_runs_nothing_is_fed_by_nothing() -> None:
    """Unknown types have no actions."""
    assert not feeding_actions(None)
    assert not feeding_actions("AWS::EC2::VPC")
    assert feeding_actions("AWS::DynamoDB::GlobalTable") == feeding_actions("AWS::DynamoDB::Table")
