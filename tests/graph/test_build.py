"""Whole templates become graphs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from permscope.collect.load import load
from permscope.graph.build import build_graph
from permscope.graph.model import EdgeKind, NodeKind
from permscope.inventory.facts import Delivery, Trigger
from permscope.inventory.inventory import Inventory
from permscope.report.graph_json import graph_document

SHARED = Path(__file__).parents[3] / "shared" / "templates"
TEMPLATES = sorted(
    path for path in SHARED.rglob("*") if path.suffix in (".yaml", ".yml", ".json", ".template") and path.is_file()
)

_RESOURCES = re.compile(r'^\s*"?Resources"?\s*:', re.MULTILINE)


def test_an_empty_inventory_is_an_empty_graph() -> None:
    """Nothing is made up."""
    graph = build_graph(Inventory(()))
    assert (graph.nodes, graph.edges, graph.unknowns) == ({}, [], [])


def test_generated_things_are_called_by_their_own_logical_id(world: Any) -> None:
    """A SAM function and the role made for it have different labels."""
    made = world(
        """\
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: a.b
      InlineCode: x
      Events: {Tick: {Type: Schedule, Properties: {Schedule: rate(1 day)}}}
"""
    )
    assert {node.label for node in made.graph.of_kind(NodeKind.FUNCTION, NodeKind.ROLE, NodeKind.RESOURCE)} == {
        "Fn",
        "FnRole",
        "FnTick",
    }
    assert made.edge(EdgeKind.TRIGGERS, "FnTick", "Fn").authorized is True


def test_the_same_input_gives_the_same_bytes(world: Any, function: Any) -> None:
    """Two runs are equal to the byte."""
    text = function("Fn", "{Effect: Allow, Action: 's3:*', Resource: '*'}")
    one, other = (json.dumps(graph_document(world(text).graph), sort_keys=True) for _ in range(2))
    assert one == other


@pytest.mark.skipif(not TEMPLATES, reason="the shared templates are not beside the checkout")
@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(SHARED)))
def test_every_wiring_of_a_real_template_is_an_edge(path: Path) -> None:
    """Every function has a role or an unknown says why not; no edge hangs in the air; the document is plain JSON."""
    if not _RESOURCES.search(path.read_text(encoding="utf-8")):
        pytest.skip("an API description, a state machine or the description of a pattern")
    inventory = load([str(path)])
    graph = build_graph(inventory)
    for function in inventory.functions.values():
        roles = list(graph.outgoing(function.arn, EdgeKind.EXECUTES_AS))
        assert roles or any(one.logical_id == function.logical_id for one in graph.unknowns)
    wired = {(edge.source, edge.target, edge.qualifier) for edge in graph.edges_of(EdgeKind.TRIGGERS)}
    assert len(wired) <= len(inventory.of(Trigger))
    assert bool(wired) is bool(inventory.of(Trigger))
    assert bool(list(graph.edges_of(EdgeKind.DELIVERS_TO))) is bool(inventory.of(Delivery))
    for edge in graph.edges:
        assert edge.source in graph.nodes
        assert edge.target in graph.nodes
        assert edge.provenance
        assert edge.authorized is not False or edge.reason
    json.dumps(graph_document(graph))
