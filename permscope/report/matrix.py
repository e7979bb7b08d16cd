"""`permscope graph --matrix`: functions against resources, each cell the access levels.

A letter per level: L List, R Read, W Write, T Tagging, P Permissions management; in brackets where it depends on a
condition. More columns than fit are shown in blocks, each with the functions that have something in it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from permscope.catalog.actions import ActionSet
from permscope.graph.model import Decision, Edge, EdgeKind, Node, NodeKind, PermissionGraph
from permscope.report.describe import counted, name_of, stack_of
from permscope.report.escape import visible
from permscope.report.layout import joined, print_columns, print_line, print_table
from permscope.report.order import by_place
from permscope.report.terminal import LETTERS, LEVEL_STYLES, count, symbols, text
from permscope.report.touches import Members, Touch, touches_of
from permscope.report.unknowns import print_what_is_unknown

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_FEW_ROWS = 3  # functions up to which things stand in rows where they do not fit side by side
_MANY = 40  # functions or resources above which columns are services, unless everything is asked for
_COLUMN = 14
_NARROWEST_COLUMN = 5
_ROW_HEAD = 40


class Cell(NamedTuple):
    """What one function may do to one thing.

    Attributes:
        allowed: surely.
        conditional: under conditions.
    """

    allowed: ActionSet = ActionSet.empty
    conditional: ActionSet = ActionSet.empty

    def widened(self, actions: ActionSet, *, conditional: bool) -> Cell:
        """The cell with more actions in it."""
        if conditional:
            return Cell(self.allowed, self.conditional | actions)
        return Cell(self.allowed | actions, self.conditional)

    def letters(self) -> tuple[str, str]:
        """Letters of the levels that are sure, and of those that are conditional only."""
        sure = self.allowed.levels()
        return (
            "".join(LETTERS[level] for level in sure),
            "".join(LETTERS[level] for level in self.conditional.levels() if level not in sure),
        )


class Matrix(NamedTuple):
    """Cells by row and column.

    Attributes:
        rows: functions, in file order.
        columns: names of what is touched, in an order that keeps those of one function together.
        cells: (row id, column) -> cell; no key where there is no access.
        names: row id -> its name.
    """

    rows: tuple[Node, ...]
    columns: tuple[str, ...]
    cells: Mapping[tuple[str, str], Cell]
    names: Mapping[str, str]


def matrix_of(graph: PermissionGraph, *, by_service: bool = False, within: PermissionGraph | None = None) -> Matrix:
    """Every function against every resource that any of them touches.

    A grant on a pattern counts for every known resource it matches, Deny taken off, and has a column of its own.

    Args:
        graph: the graph.
        by_service: one column per service instead of one per resource.
        within: the graph that a focused one is a part of; the rows are the part's, the cells say all there is.
    """
    functions = sorted(graph.of_kind(NodeKind.FUNCTION), key=by_place)
    graph = within or graph
    cells: dict[tuple[str, str], Cell] = defaultdict(Cell)
    names = _names(graph)
    members = Members(graph)
    columns: dict[str, None] = {}
    for function in functions:
        for edge in graph.outgoing(function.id, EdgeKind.EXECUTES_AS):
            role = graph.nodes[edge.target]
            for touch in touches_of(graph, role):
                if touch.routine:
                    continue
                conditional = _depends(touch.edge)
                for column, actions, unsure in _columns_of(role, touch, names, members, by_service=by_service):
                    columns.setdefault(column)
                    key = (function.id, column)
                    cells[key] = cells[key].widened(actions, conditional=conditional or unsure)
    if by_service:
        users = Counter(column for _, column in cells)
        ordered = sorted(columns, key=lambda name: (-users[name], name))
    else:
        ordered = sorted(columns, key=lambda name: "*" in name)
    return Matrix(tuple(functions), tuple(ordered), dict(cells), {node.id: names[node.id] for node in functions})


def _names(graph: PermissionGraph) -> dict[str, str]:
    """A name per node that no other node has: with its stack or folder, then a number, where it needs one."""
    owners = Counter(name_of(node) for node in graph.nodes.values())
    found: dict[str, str] = {}
    taken: set[str] = set()
    for node in graph.nodes.values():
        name = plain = name_of(node)
        folder = stack_of(graph, node) or (node.source.file or "").rpartition("/")[0].rpartition("/")[2]
        if owners[name] > 1 and folder:
            name = plain = f"{name} ({folder})"
        number = 1
        while name in taken:
            number += 1
            name = f"{plain} #{number}"
        taken.add(name)
        found[node.id] = name
    return found


def _columns_of(
    role: Node,
    touch: Touch,
    names: Mapping[str, str],
    members: Members,
    *,
    by_service: bool,
) -> Iterable[tuple[str, ActionSet, bool]]:
    if by_service:
        for service in touch.actions.services():
            yield service, touch.actions.of_service(service), False
        return
    yield touch.name if touch.is_wide else names[touch.target.id], touch.actions, False
    for member, actions, unsure in members.through(role, touch):
        yield names[member.id], actions, unsure


def _depends(edge: Edge) -> bool:
    return edge.decision is Decision.CONDITIONAL or bool(edge.conditions)


def print_matrix(
    graph: PermissionGraph, console: Console, *, whole: bool = False, within: PermissionGraph | None = None
) -> None:
    """Print the matrix; of a large world by service, unless the whole is asked for."""
    signs = symbols(console)
    large = counted(graph, NodeKind.FUNCTION) > _MANY or counted(graph, NodeKind.RESOURCE) > 2 * _MANY
    by_service = large and not whole
    matrix = matrix_of(graph, by_service=by_service, within=within)
    noun = ("service", "services") if by_service else ("target", "targets")
    head = f"{count(len(matrix.rows), 'function')} {signs.dot} {count(len(matrix.columns), *noun)}"
    print_line(text((head, "bold")), console)
    if matrix.columns:
        print_line(_legend(signs.dot), console)
    if by_service:
        print_line(text(("by service; --all has a column per resource, --focus NAME one function", "dim")), console)
    blocks = _blocks(matrix, console.width)
    busy = [row for row in matrix.rows if any((row.id, column) in matrix.cells for column in matrix.columns)]
    if len(blocks) > 1 and len(busy) <= _FEW_ROWS:
        console.print()
        _print_turned(matrix, busy, console)
        blocks = []
    for columns in blocks:
        console.print()
        _print_block(matrix, columns, console)
    shown = {row.id for row in busy}
    _print_idle(graph, [row for row in matrix.rows if row.id not in shown], console)
    print_what_is_unknown(graph, console)


def _print_idle(graph: PermissionGraph, idle: Sequence[Node], console: Console) -> None:
    """How many functions have no row: of those whose role is in no input nothing is known."""
    untold = sum(not _is_told(graph, row) for row in idle)
    words = [
        f"{count(len(idle) - untold, 'function')} may touch nothing but the routine: logs, traces, network interfaces",
        f"what {count(untold, 'function')} may touch is in no input",
    ]
    shown = [line for line, number in zip(words, (len(idle) - untold, untold), strict=True) if number]
    if shown:
        console.print()
    for line in shown:
        print_line(text((line, "dim")), console)


def _is_told(graph: PermissionGraph, function: Node) -> bool:
    roles = [graph.nodes[edge.target] for edge in graph.outgoing(function.id, EdgeKind.EXECUTES_AS)]
    return any(role.kind is not NodeKind.EXTERNAL for role in roles)


def _legend(dot: str) -> Text:
    parts: list[str | tuple[str, str]] = []
    for level, letter in LETTERS.items():
        parts += [(letter, LEVEL_STYLES[level]), (f" {level}  ", "dim")]
    return joined(*parts, (f"{dot} (W) under conditions", "magenta"))


def _blocks(matrix: Matrix, width: int) -> list[list[str]]:
    """Columns in blocks that fit beside the names of the rows."""
    room = width - _head_width(matrix, width)
    blocks: list[list[str]] = []
    left = 0
    for column in matrix.columns:
        needed = _column_width(column) + 2
        if not blocks or needed > left:
            blocks.append([])
            left = room
        blocks[-1].append(column)
        left -= needed
    return blocks


def _head_width(matrix: Matrix, width: int) -> int:
    from rich.cells import cell_len

    longest = max((cell_len(name) for name in matrix.names.values()), default=8)
    return min(longest, _ROW_HEAD, max(width // 3, 12))


def _column_width(name: str) -> int:
    from rich.cells import cell_len

    return max(_NARROWEST_COLUMN, *(cell_len(line) for line in _title(name)))


def _print_block(matrix: Matrix, columns: Sequence[str], console: Console) -> None:
    widths = [_head_width(matrix, console.width), *(_column_width(name) for name in columns)]
    titles = [[text((line, "bold")) for line in _title(name)] for name in columns]
    height = max(len(lines) for lines in titles)
    raised = [[text()] * (height - len(lines)) + lines for lines in titles]
    print_columns([[text()] * height, *raised], widths, console)
    dot = symbols(console).dot
    for row in matrix.rows:
        if not any((row.id, column) in matrix.cells for column in columns):
            continue
        cells = [[_cell(matrix.cells.get((row.id, column)), dot)] for column in columns]
        print_columns([[text((matrix.names[row.id], "bold cyan"))], *cells], widths, console)


def _print_turned(matrix: Matrix, functions: Sequence[Node], console: Console) -> None:
    """A line for each thing: of a few functions that touch many, the columns would not fit side by side."""
    dot = symbols(console).dot
    rows = [
        (text((column, "bold")), *(_cell(matrix.cells.get((row.id, column)), dot) for row in functions))
        for column in matrix.columns
    ]
    print_table(rows, console, head=("", *(matrix.names[row.id] for row in functions)))


def _title(name: str) -> list[str]:
    """A column title in as many lines as it needs, broken where a word of it ends."""
    from rich.cells import cell_len, chop_cells

    pieces = [
        chopped
        for piece in re.findall(r"[A-Z]+[a-z0-9]*|[^A-Z/ _.:-]+[/ _.:-]*|[/ _.:-]+", visible(name))
        for chopped in chop_cells(piece, _COLUMN)
    ]
    lines: list[str] = []
    for piece in pieces:
        if lines and cell_len((lines[-1] + piece).rstrip()) <= _COLUMN:
            lines[-1] += piece
        else:
            lines.append(piece)
    return [line.strip() for line in lines] or [""]


def _cell(cell: Cell | None, dot: str) -> Text:
    if cell is None:
        return text((dot, "dim"))
    sure, unsure = cell.letters()
    styles = {letter: LEVEL_STYLES[level] for level, letter in LETTERS.items()}
    made = joined(*((letter, styles[letter]) for letter in sure))
    return joined(made, (f"({unsure})", "magenta")) if unsure else made
