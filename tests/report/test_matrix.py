"""Functions against resources."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rich.cells import cell_len

from permscope.catalog.actions import load
from permscope.graph.model import Edge, EdgeKind, Node, NodeKind, PermissionGraph
from permscope.graph.questions.queries import find_node, focus
from permscope.report.matrix import matrix_of, print_matrix

Draw = Callable[..., str]
World = Callable[[str], PermissionGraph]


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("folder", ["orders", "hostile"])
def test_the_matrix_of_the_fixtures_looks_as_reviewed(
    folder: str, width: int, world: World, shown: Draw, golden: Callable[[str, str], None]
) -> None:
    """The view is what someone looked at and found good."""
    graph = world(folder)
    golden(f"matrix-{folder}-{width}.txt", shown(lambda console: print_matrix(graph, console), width=width))


def test_a_grant_on_star_counts_for_the_resources_it_matches_and_no_others(world: World) -> None:
    """`dynamodb:*` on `*` reaches the table, and neither the queue nor the bucket nor the API."""
    matrix = matrix_of(world("orders"))
    store = next(row.id for row in matrix.rows if row.label == "StoreOrder")
    assert matrix.cells[store, "OrdersTable"].letters() == ("LRWTP", "")
    assert {column for row, column in matrix.cells if row == store} == {"OrdersTable", "every dynamodb resource (*)"}


def test_the_rows_of_a_focus_say_all_there_is(world: World) -> None:
    """A function at the edge of the focus has its own resources, too."""
    graph = world("orders")
    part = focus(graph, find_node(graph, "OrdersQueue"), 1)
    matrix = matrix_of(part, within=graph)
    assert [row.label for row in matrix.rows] == ["PlaceOrder", "StoreOrder"]
    assert "OrdersTable" in matrix.columns


def test_access_under_conditions_stands_in_brackets(graph: PermissionGraph, shown: Draw) -> None:
    """A condition that may not hold is no plain access."""
    assert "(RW)" in shown(lambda console: print_matrix(graph, console))


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_large_world_is_shown_by_service_within_the_width(large: PermissionGraph, shown: Draw, width: int) -> None:
    """Summaries first; `--all` has every resource."""
    text = shown(lambda console: print_matrix(large, console), width=width)
    assert "by service" in text
    assert "dynamodb" in text
    assert "Table7" not in text
    assert max(map(cell_len, text.splitlines())) <= width
    assert "Table7" in shown(lambda console: print_matrix(large, console, whole=True), width=width)


def test_a_few_functions_that_touch_many_things_stand_in_columns(shown: Draw) -> None:
    """Twenty buckets of one function are twenty lines, not five tables of one line."""
    graph = PermissionGraph()
    graph.add_node(Node(id="fn", kind=NodeKind.FUNCTION, label="Backup"))
    graph.add_node(Node(id="role", kind=NodeKind.ROLE, label="Role"))
    graph.add_edge(Edge(source="fn", target="role", kind=EdgeKind.EXECUTES_AS, authorized=True))
    for number in range(20):
        graph.add_node(Node(id=f"b{number}", kind=NodeKind.RESOURCE, label=f"ArchiveBucket{number}"))
        actions = load().expand("s3:GetObject")
        graph.add_edge(Edge(source="role", target=f"b{number}", kind=EdgeKind.CAN_ACCESS, actions=actions))
    lines = shown(lambda console: print_matrix(graph, console), width=80).splitlines()
    assert lines.index("                 Backup") < lines.index("ArchiveBucket0   R")
    assert sum(1 for line in lines if line.startswith("ArchiveBucket") and line.endswith("  R")) == 20


def test_of_a_role_that_is_elsewhere_nothing_is_claimed(shown: Draw) -> None:
    """What its policies say is not in the input."""
    graph = PermissionGraph()
    for name, kind in (("known", NodeKind.ROLE), ("elsewhere", NodeKind.EXTERNAL)):
        graph.add_node(Node(id=f"fn-{name}", kind=NodeKind.FUNCTION, label=name))
        graph.add_node(Node(id=name, kind=kind, label=name))
        graph.add_edge(Edge(source=f"fn-{name}", target=name, kind=EdgeKind.EXECUTES_AS, authorized=None))
    text = shown(lambda console: print_matrix(graph, console), width=100)
    assert "1 function may touch nothing but the routine" in text
    assert "what 1 function may touch is in no input" in text
