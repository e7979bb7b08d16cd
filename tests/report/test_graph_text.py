"""The terminal view of a graph."""

from __future__ import annotations

import io

import pytest

from permscope.graph.model import PermissionGraph
from permscope.report.graph_text import print_graph
from permscope.report.terminal import make_console


def shown(graph: PermissionGraph, *, width: int = 120, ascii_only: bool = False) -> str:
    """What a terminal of that width would show, without colour."""
    out = io.StringIO()
    print_graph(graph, make_console(width=width, no_color=True, ascii_only=ascii_only, file=out))
    return out.getvalue()


def test_a_function_is_shown_with_its_entries_its_role_and_what_it_touches(graph: PermissionGraph) -> None:
    """Entries above, role and resources below, each wiring with its verdict."""
    text = shown(graph)
    assert "GET /  no authorization" in text
    assert "not authorized" in text
    assert "runs as FnRole" in text
    assert "Orders  DynamoDB Table" in text
    assert "aws:SourceAccount = 111122223333" in text


def test_names_never_reach_the_terminal_as_escapes_or_markup(graph: PermissionGraph) -> None:
    """A hostile name is shown letter by letter."""
    text = shown(graph)
    assert "\x1b" not in text
    assert "[bold]" in text


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_line_is_wider_than_the_terminal(graph: PermissionGraph, width: int) -> None:
    """Long lines are folded, never cut by the terminal."""
    assert max(len(line) for line in shown(graph, width=width).splitlines()) <= width


def test_ascii_output_has_only_ascii(graph: PermissionGraph) -> None:
    """Old consoles can show it."""
    assert shown(graph, ascii_only=True).isascii()
