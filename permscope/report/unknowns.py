"""What the input does not tell, below every answer for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from permscope.graph.model import PermissionGraph
from permscope.report.describe import in_words, place
from permscope.report.layout import print_line, print_title
from permscope.report.terminal import count, text

if TYPE_CHECKING:
    from rich.console import Console

_SHOWN = 10


def print_unknowns(graph: PermissionGraph, console: Console, limit: int = _SHOWN) -> None:
    """The unknowns, the first few in full."""
    if not graph.unknowns:
        return
    console.print()
    heading = text((count(len(graph.unknowns), "unknown"), "bold yellow"), " (what the input does not tell)")
    print_line(heading, console)
    for one in graph.unknowns[:limit]:
        print_title(text(in_words(one.what), ": ", in_words(one.why)), place(one.source), console, indent=2)
    if len(graph.unknowns) > limit:
        more = f"and {len(graph.unknowns) - limit} more; --format json has them all"
        print_line(text((more, "dim")), console, indent=2)


def print_what_is_unknown(graph: PermissionGraph, console: Console) -> None:
    """One line that unknowns may add to an answer."""
    if graph.unknowns:
        number = count(len(graph.unknowns), "unknown")
        words = f"{number} in the input may add to this; permscope graph lists {'it' if number[:2] == '1 ' else 'them'}"
        console.print()
        print_line(text((words, "yellow")), console)
