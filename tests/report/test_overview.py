"""The table of many functions."""

from __future__ import annotations

from collections.abc import Callable

from permscope.graph.model import Edge, EdgeKind, Node, NodeKind, PermissionGraph
from permscope.inventory.source import Source
from permscope.report.graph_text import print_graph

Draw = Callable[..., str]


def test_many_functions_are_a_table_with_the_most_exposed_first(large: PermissionGraph, shown: Draw) -> None:
    """Sixty functions take a line each, below what stands out."""
    lines = shown(lambda console: print_graph(large, console), width=100).splitlines()
    assert lines[0].startswith("60 functions, 60 open to anyone")
    listed = [line.split()[0] for line in lines if line.startswith("Function")]
    assert len(listed) == 60
    assert set(listed[:2]) == {"Function0", "Function50"}
    assert len(lines) < 75
    assert any("60  open" in line for line in lines)


def test_of_hundreds_of_functions_only_those_that_stand_out_are_listed(shown: Draw) -> None:
    """The rest is a number: nobody reads four hundred lines."""
    graph = PermissionGraph()
    graph.add_node(Node(id="public", kind=NodeKind.PUBLIC, label="public"))
    for number in range(400):
        graph.add_node(Node(id=f"f{number}", kind=NodeKind.FUNCTION, label=f"Function{number}"))
    graph.add_edge(Edge(source="public", target="f399", kind=EdgeKind.CAN_INVOKE))
    lines = shown(lambda console: print_graph(graph, console), width=80).splitlines()
    assert lines[0].startswith("400 functions, 1 open to anyone")
    assert [line.split()[0] for line in lines if line.startswith("Function")] == ["Function399"]
    assert "and 399 functions in which nothing stands out" in lines


def test_places_are_shown_before_long_names_are(shown: Draw) -> None:
    """A place is where one goes next; a long name is folded at its joints, and says the same."""
    graph = PermissionGraph()
    for number in range(41):
        name = f"Function{number}" + ("WithANameThatSomebodyThoughtWouldHelpTheReaderALot" if number == 5 else "")
        source = Source(file="services/billing.yaml", line=100 + number)
        graph.add_node(Node(id=f"f{number:02}", kind=NodeKind.FUNCTION, label=name, source=source))
    lines = shown(lambda console: print_graph(graph, console), width=80).splitlines()
    assert (
        sum(1 for line in lines if line.endswith(tuple(f"billing.yaml:{100 + number}" for number in range(41)))) == 41
    )
    assert any(line.startswith("Function5WithANameThatSomebodyThoughtWould ") for line in lines)
    assert "files are in services/" in lines
