"""What is the same thing in two versions, whatever it is called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from permscope.graph.diff.matching import match_graphs

QUEUE = "  {name}: {{Type: AWS::SQS::Queue{more}}}\n"


@pytest.mark.parametrize(
    ("old", "new", "paired"),
    [
        (["Jobs"], ["Jobs"], {"Jobs": "Jobs"}),
        (["Jobs", "Mail"], ["Mail", "Jobs"], {"Jobs": "Jobs", "Mail": "Mail"}),
        (["Jobs"], [], {}),
        ([], ["Jobs"], {}),
    ],
)
def test_things_are_paired_by_their_logical_ids(
    world: Callable[..., Any], function: Callable[..., str], old: list[str], new: list[str], paired: dict[str, str]
) -> None:
    """Their order counts for nothing, and what is new is paired with nothing."""
    graphs = [world(function(), *(QUEUE.format(name=name, more="") for name in names)).graph for names in (old, new)]
    matching = match_graphs(*graphs)
    labels = {
        graphs[1].nodes[one].label: graphs[0].nodes[other].label
        for one, other in matching.old_of.items()
        if graphs[1].nodes[one].type == "AWS::SQS::Queue"
    }
    assert labels == paired
    assert matching.renamed == []


def test_a_thing_that_is_given_a_name_stays_the_same_thing(
    world: Callable[..., Any], function: Callable[..., str]
) -> None:
    """Texts of the new version are read with the names of the old one."""
    old = world(function(), QUEUE.format(name="Jobs", more="")).graph
    new = world(function(), QUEUE.format(name="Jobs", more=", Properties: {QueueName: jobs}")).graph
    (before,) = [node for node in old.nodes.values() if node.label == "Jobs"]
    (after,) = [node for node in new.nodes.values() if node.logical_id == "Jobs"]
    matching = match_graphs(old, new)
    assert before.id != after.id
    assert matching.old_node(after.id) is before
    assert matching.old_text(f"{after.arn}/x") == f"{before.arn}/x"
    assert matching.old_text("nothing of it") == "nothing of it"
