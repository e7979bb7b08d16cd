"""What can be reached, in the terminal."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from permscope.catalog.actions import load
from permscope.graph.model import Edge, EdgeKind, Node, NodeKind, PermissionGraph
from permscope.graph.questions.blast import blast_radius
from permscope.graph.questions.queries import find_node
from permscope.report.reach import print_blast

Draw = Callable[..., str]
World = Callable[[str], PermissionGraph]
Golden = Callable[[str, str], None]


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", ["public", "PlaceOrder"])
def test_the_reach_looks_as_reviewed(name: str, width: int, world: World, shown: Draw, golden: Golden) -> None:
    """The nearest first, each thing once with whom it is reached as."""
    graph = world("orders")
    radius = blast_radius(graph, find_node(graph, name))
    golden(f"blast-{name}-{width}.txt", shown(lambda console: print_blast(radius, console), width=width))


def test_the_right_to_write_logs_is_no_reach(world: World, shown: Draw) -> None:
    """`every resource (*)  Write` would tell nothing and frighten everybody."""
    graph = world("orders")
    text = shown(lambda console: print_blast(blast_radius(graph, find_node(graph, "WriteInvoice")), console))
    assert text.startswith("WriteInvoice reaches 2 targets")
    assert "(*)" not in text


def test_a_star_is_taken_apart_by_service_and_a_thing_is_listed_once(shown: Draw) -> None:
    """Whoever has it, whatever else the statement is about."""
    graph = PermissionGraph()
    for number in range(4):
        graph.add_node(Node(id=f"f{number}", kind=NodeKind.FUNCTION, label=f"F{number}"))
        graph.add_node(Node(id=f"r{number}", kind=NodeKind.ROLE, label=f"R{number}"))
        graph.add_edge(Edge(source=f"f{number}", target=f"r{number}", kind=EdgeKind.EXECUTES_AS, authorized=True))
    graph.add_node(Node(id="set:*", kind=NodeKind.RESOURCE_SET, label="*", arn="*"))
    actions = load().action_set(["s3:GetObject", "sqs:SendMessage", "logs:PutLogEvents"])
    for number in range(4):
        graph.add_edge(Edge(source=f"r{number}", target="set:*", kind=EdgeKind.CAN_ACCESS, actions=actions))
        if number:
            graph.add_edge(Edge(source="r0", target=f"f{number}", kind=EdgeKind.CAN_INVOKE))
    lines = shown(lambda console: print_blast(blast_radius(graph, graph.nodes["f0"]), console)).splitlines()
    assert lines[0] == "F0 reaches 2 targets, makes 3 functions run"
    assert [line.split()[1] for line in lines if line.startswith("  every")] == ["s3", "sqs"]
    assert lines[-1] == "makes run: F1, F2, F3"
