"""`permscope graph` where there are many functions: what stands out, then a line per function, most exposed first."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from permscope.graph.model import EdgeKind, Node, PermissionGraph
from permscope.report.describe import Places, exposed_functions, name_of
from permscope.report.layout import fitting, joined, print_line, print_table
from permscope.report.order import by_place
from permscope.report.terminal import LETTERS, LEVEL_STYLES, Symbols, count, symbols, text
from permscope.report.touches import touches_of
from permscope.report.unknowns import print_unknowns

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text


def print_overview(graph: PermissionGraph, functions: list[Node], console: Console) -> None:
    """What stands out, then a line per function."""
    signs = symbols(console)
    exposed = exposed_functions(graph)
    lines = {node.id: _Line(graph, node, exposed=node.id in exposed) for node in functions}
    notes = Counter(note for line in lines.values() for note in line.notes)
    console.print()
    for note, style in _NOTES.items():
        if notes[note]:
            line = text((f"{notes[note]:>5}  ", "bold"), (f"{note:<15}", f"bold {style}"), _MEANING[note])
            print_line(line, console, hang=22)
    places = Places((node.source for node in functions), long=0)
    if places.folder:
        print_line(text((places.heading(), "dim")), console)
    console.print()
    ordered = sorted(functions, key=lambda node: (lines[node.id].rank, *by_place(node)))
    marked = [node for node in ordered if lines[node.id].notes] if len(ordered) > _ROWS else ordered
    listed = marked[:_ROWS]
    rows = [lines[node.id].row(node, signs) for node in listed]
    head = _HEAD if console.width >= _ROOMY else _SHORT_HEAD
    free = console.width - sum(fitting(rows, console.width, head=head)) - 2 * len(head)
    room = max(free, console.width * _PLACES // 100, _PLACE)
    placed = [
        (*row, text((_short(places(node.source), room, signs), "dim"))) for row, node in zip(rows, listed, strict=True)
    ]
    print_table(placed, console, head=(*head, "where"))
    if len(marked) > len(listed):
        print_line(text((f"and {count(len(marked) - len(listed), 'more function')} like these", "dim")), console)
    if len(ordered) > len(marked):
        rest = count(len(ordered) - len(marked), "function")
        print_line(text((f"{'and ' if marked else ''}{rest} in which nothing stands out", "dim")), console)
    console.print()
    print_line(text(("--focus NAME shows one of them, --all every detail", "dim")), console)
    print_unknowns(graph, console)


_HEAD = ("function", "entries", "targets", "access", "")
_SHORT_HEAD = ("function", "in", "out", "access", "")
_ROOMY = 100  # columns from which the heads are whole words
_ROWS = 60  # functions listed; of more, only those in which something stands out
_PLACE = 20  # cells that a place gets at least
_PLACES = 30  # of a hundred cells, those that places get before long names are folded


def _short(where: str, room: int, signs: Symbols) -> str:
    """The end of a place, which tells most, where there is no room for all of it."""
    from rich.cells import cell_len

    if cell_len(where) <= room:
        return where
    return signs.ellipsis + where[len(signs.ellipsis) - room :]


_NOTES = {
    "open": "red",
    "broken wiring": "red",
    "wide": "yellow",
    "unknown": "yellow",
}


_MEANING = {
    "open": "anyone on the internet can run it",
    "broken wiring": "something is wired to it that may not run it",
    "wide": "its role has more than the routine on every resource (*)",
    "unknown": "whether a wiring is authorized depends on something the input does not tell",
}


class _Line:
    """What one line says of a function among many.

    Args:
        graph: the graph.
        node: a function.
        exposed: whether anyone on the internet can make it run.
    """

    def __init__(self, graph: PermissionGraph, node: Node, *, exposed: bool) -> None:
        entries = list(graph.incoming(node.id, EdgeKind.TRIGGERS, EdgeKind.CAN_INVOKE))
        touches = [
            each
            for acting in graph.outgoing(node.id, EdgeKind.EXECUTES_AS)
            for each in touches_of(graph, graph.nodes[acting.target])
            if not each.routine
        ]
        self.entries = len({edge.source for edge in entries})
        self.targets = len({(each.target.id, each.service) for each in touches})
        self.levels = {level for each in touches for level in each.actions.levels()}
        found = []
        if exposed:
            found.append("open")
        wired = [edge for edge in entries if edge.kind is EdgeKind.TRIGGERS]
        if any(edge.authorized is False for edge in wired):
            found.append("broken wiring")
        if any(each.is_wide and each.target.label == "*" for each in touches):
            found.append("wide")
        if any(edge.authorized is None for edge in wired):
            found.append("unknown")
        self.notes = found
        noted = [note in found for note in _NOTES]
        self.rank = (-sum(noted), [not each for each in noted], -len(self.levels), -self.targets)

    def row(self, node: Node, signs: Symbols) -> tuple[Text, ...]:
        """The cells of a table."""
        letters = joined(
            *(
                (
                    LETTERS[level] if level in self.levels else signs.dot,
                    LEVEL_STYLES[level] if level in self.levels else "dim",
                )
                for level in LETTERS
            )
        )
        notes = joined(*((f"{', ' if at else ''}{note}", _NOTES[note]) for at, note in enumerate(self.notes)))
        return (
            text((name_of(node), "bold cyan")),
            text(f"{self.entries:>2}"),
            text(f"{self.targets:>3}"),
            letters,
            notes,
        )
