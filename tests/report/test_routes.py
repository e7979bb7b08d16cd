"""Every way in."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rich.cells import cell_len

from permscope.graph.model import PermissionGraph
from permscope.report.routes import entries_of, print_routes

Draw = Callable[..., str]
World = Callable[[str], PermissionGraph]


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("folder", ["orders", "hostile"])
def test_the_routes_of_the_fixtures_look_as_reviewed(
    folder: str, width: int, world: World, shown: Draw, golden: Callable[[str, str], None]
) -> None:
    """The view is what someone looked at and found good."""
    graph = world(folder)
    golden(f"routes-{folder}-{width}.txt", shown(lambda console: print_routes(graph, console), width=width))


def test_a_wiring_that_is_not_authorized_says_so(graph: PermissionGraph, shown: Draw) -> None:
    """The queue in the hand-made graph may not invoke the function."""
    routes, events = entries_of(graph)
    assert [entry.source.id for entry in routes] == ["route:GET/"]
    assert [entry.source.id for entry in events] == ["queue"]
    assert "not authorized" in shown(lambda console: print_routes(graph, console))


@pytest.mark.parametrize("width", [60, 80])
def test_many_routes_stay_within_the_width(large: PermissionGraph, shown: Draw, width: int) -> None:
    """Sixty routes and sixty queues."""
    text = shown(lambda console: print_routes(large, console), width=width)
    assert "60 routes, 60 open to anyone" in text
    assert "60 events" in text
    assert max(map(cell_len, text.splitlines())) <= width
