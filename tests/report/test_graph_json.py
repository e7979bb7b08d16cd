"""The graph's JSON contract."""

from __future__ import annotations

import json

from permscope.graph.model import PermissionGraph
from permscope.report.graph_json import render


def test_nodes_and_edges_have_the_fields_of_the_contract(graph: PermissionGraph) -> None:
    """Every field is there, with the words of the contract."""
    document = json.loads(render(graph))
    assert document["schema"] == "permscope/graph/1"
    route = next(node for node in document["nodes"] if node["kind"] == "route")
    assert (route["auth"], route["method"], route["path"]) == ("none", "GET", "/")
    service = next(node for node in document["nodes"] if node["kind"] == "service")
    assert service["service"] == "s3.amazonaws.com"
    access = next(edge for edge in document["edges"] if edge["kind"] == "can_access")
    assert access["actions"] == ["dynamodb:GetItem", "dynamodb:PutItem"]
    assert access["access_levels"] == ["Read", "Write"]
    assert access["decision"] == "conditional"
    assert access["conditions"] == {"StringEquals": {"aws:SourceAccount": ["111122223333"]}}
    assert access["provenance"] == [
        {"file": "template.yaml", "line": 12, "logical_id": "FnRole", "statement": "FnRolePolicy0[0]"}
    ]
    poll = next(edge for edge in document["edges"] if edge["mechanism"] == "poll")
    assert poll["authorized"] is False
    unknown = document["unknowns"][0]
    assert (unknown["what"], unknown["file"], unknown["line"]) == ("parameter `Table`", "template.yaml", 2)


def test_the_order_of_nodes_and_edges_does_not_depend_on_how_they_were_added(graph: PermissionGraph) -> None:
    """Two runs give the same bytes."""
    turned = PermissionGraph(reversed(graph.unknowns))
    for node in reversed(list(graph.nodes.values())):
        turned.add_node(node)
    for edge in reversed(graph.edges):
        turned.add_edge(edge)
    assert render(turned) == render(graph)
