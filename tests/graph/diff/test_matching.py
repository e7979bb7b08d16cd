"""What is the same thing in two versions, whatever it is called."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from permscope.collect.load import LoadOptions, load
from permscope.graph.build import build_graph
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


def test_a_second_template_of_one_name_leaves_the_first_what_it_was(tmp_path: Path) -> None:
    """Its ARN is marked from then on, and its policies are read with the ARN of before."""
    text = "Resources:\n" + QUEUE.format(name="Jobs", more=", Properties: {QueueName: jobs}")
    graphs = []
    for version, names in (("old", ["a"]), ("new", ["a", "b"])):
        (tmp_path / version).mkdir()
        for name in names:
            (tmp_path / version / f"{name}.yaml").write_text(text, encoding="utf-8")
        graphs.append(build_graph(load([str(tmp_path / version)], LoadOptions())))
    old, new = graphs
    matching = match_graphs(old, new)
    (before,) = [node for node in old.nodes.values() if node.label == "Jobs"]
    after = {(node.source.file or "")[-6:]: node for node in new.nodes.values() if node.label == "Jobs"}
    assert matching.old_node(after["a.yaml"].id) is before
    assert matching.old_text(f"{after['a.yaml'].arn}:x") == f"{before.arn}:x"
    assert matching.old_node(after["b.yaml"].id) is None
    assert matching.renamed == []
