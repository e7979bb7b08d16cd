"""Lines, columns and trees of rich text, measured in terminal cells, without white space at the end of a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING

from permscope.lazy import dataclass
from permscope.report.terminal import symbols, text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_NARROWEST = 16  # cells below which a column is not made narrower where there is room
_LEAST = 8  # and below which no line is folded
_AFTER = "-_/.:,;=&?)}]"  # a name may be broken behind these


@dataclass(slots=True)
class Branch:
    """A line of a tree and the lines under it."""

    label: Text
    under: list[Branch] = field(default_factory=list)

    def add(self, *parts: str | tuple[str, str] | Text) -> Branch:
        """Hang a line under this one."""
        made = Branch(joined(*parts))
        self.under.append(made)
        return made


def joined(*parts: str | tuple[str, str] | Text) -> Text:
    """One text of several parts; strings and (string, style) pairs are made visible first."""
    made = text()
    for part in parts:
        if isinstance(part, str | tuple):
            made.append_text(text(part))
        else:
            made.append_text(part)
    return made


def cell_width(line: Text) -> int:
    """How many cells a text takes."""
    from rich.cells import cell_len

    return cell_len(line.plain)


def stripped(line: Text) -> Text:
    """A text without white space before it."""
    start = len(line.plain) - len(line.plain.lstrip())
    return line[start:]


def print_line(line: Text, console: Console, *, indent: int = 0, hang: int = 0) -> None:
    """Print a line, folded where the console ends; what is folded is indented by `hang` more."""
    for number, folded in enumerate(fold(line, console.width - indent, hang=hang)):
        put(joined(" " * (indent + (hang if number else 0)), folded), console)


def put(line: Text, console: Console) -> None:
    """Print a line as it is, without white space at its end."""
    line.rstrip()
    console.print(line, soft_wrap=True)


def fold(line: Text, width: int, *, hang: int = 0) -> list[Text]:
    """A text in lines of at most `width` cells; all but the first are `hang` cells shorter.

    It is folded between words; a name that is longer than a line at its own joints (`StoreOrder|Function`).
    """
    from rich.cells import cell_len

    if cell_len(line.plain) <= width:
        return [line]
    cuts = list(_cuts(line.plain, max(width, _LEAST), max(width - hang, _LEAST)))
    found = [stripped(piece) if number else piece for number, piece in enumerate(line.divide(cuts))]
    for each in found:
        each.rstrip()
    return [each for number, each in enumerate(found) if each.plain or not number]


def _cuts(plain: str, width: int, rest: int) -> Iterator[int]:
    """Where each line but the last ends."""
    start, room = 0, width
    while (end := _fitting_end(plain, start, room)) < len(plain):
        if plain[end] != " ":
            first = _behind_spaces(plain, start)
            word = max(plain.rfind(" ", first, end) + 1, first)
            fits = len(plain) - word <= rest or plain.find(" ", word, word + rest + 1) >= 0
            end = word if word > first and (fits or end - word < _NARROWEST) else _joint(plain, word, end)
        yield end
        start, room = _behind_spaces(plain, end), rest


def _behind_spaces(plain: str, start: int) -> int:
    while start < len(plain) and plain[start] == " ":
        start += 1
    return start


def _fitting_end(plain: str, start: int, room: int) -> int:
    """The end of what fits into so many cells."""
    from rich.cells import get_character_cell_size

    end, used = start, 0
    while end < len(plain):
        used += get_character_cell_size(plain[end])
        if used > room:
            break
        end += 1
    return max(end, start + 1)


def _joint(plain: str, word: int, end: int) -> int:
    """The last place before `end` at which a name may be broken; `end` where there is none near it."""
    for at in range(end, word + (end - word) // 2, -1):
        before, after = plain[at - 1], plain[at]
        if before in _AFTER or (after.isupper() and not before.isupper()):
            return at
    return end


def print_title(name: Text, where: str, console: Console, *, indent: int = 0) -> None:
    """A name and what stands behind it in small; that is never folded, so that a place can be followed and copied."""
    if where and indent + cell_width(name) + 2 + cell_width(text(where)) <= console.width:
        put(joined(" " * indent, name, (f"  {where}", "dim")), console)
        return
    print_line(name, console, indent=indent, hang=4)
    if where:
        put(text((f"{' ' * indent}  {where}", "dim")), console)


def print_tree(root: Branch, console: Console, *, where: str = "") -> None:
    """Print a tree with dim guide lines, folded lines under the text they continue.

    Args:
        root: the tree.
        console: where to print.
        where: the place of the root.
    """
    print_title(root.label, where, console)
    _print_under(root, console, "")


def _print_under(branch: Branch, console: Console, before: str) -> None:
    signs = symbols(console)
    for number, child in enumerate(branch.under):
        last = number == len(branch.under) - 1
        first, rest = (signs.corner, "    ") if last else (signs.tee, signs.pipe)
        inner = signs.pipe if child.under else "  "
        room = console.width - len(before) - len(rest)
        for row, folded in enumerate(fold(child.label, room, hang=len(inner))):
            guide = before + (first if row == 0 else rest + inner)
            put(joined((guide, "dim"), folded), console)
        _print_under(child, console, before + rest)


def print_columns(
    cells: Sequence[Sequence[Text]], widths: Sequence[int], console: Console, *, gap: int = 2, indent: int = 0
) -> None:
    """Print columns of lines side by side; each line is folded into the width of its column.

    Args:
        cells: the lines of each column, top down.
        widths: cells of each column.
        console: where to print.
        gap: cells between columns.
        indent: cells before the first.
    """
    from itertools import zip_longest

    folded = [
        [piece for line in column for piece in _hanging(line, width)]
        for column, width in zip(cells, widths, strict=True)
    ]
    for row in zip_longest(*folded):
        put(joined(" " * indent, *_padded(row, widths, gap)), console)


def _hanging(line: Text, width: int) -> Iterator[Text]:
    for number, piece in enumerate(fold(line, width, hang=2)):
        yield joined("  ", piece) if number else piece


def _padded(row: Iterable[Text | None], widths: Sequence[int], gap: int) -> Iterator[Text | str]:
    from rich.cells import cell_len

    for cell, width in zip(row, widths, strict=True):
        if cell is not None:
            yield cell
        yield " " * (width - (cell_len(cell.plain) if cell is not None else 0) + gap)


def print_table(
    rows: Sequence[Sequence[Text]], console: Console, *, head: Sequence[str] = (), gap: int = 2, indent: int = 0
) -> None:
    """Print rows in columns as wide as they need, the widest ones cut down together where the console ends.

    Args:
        rows: of equal length.
        console: where to print.
        head: titles of the columns.
        gap: cells between columns.
        indent: cells before the first.
    """
    print_groups({"": rows}, console, head=head, gap=gap, indent=indent)


def print_groups(
    groups: Mapping[str, Sequence[Sequence[Text] | Text]],
    console: Console,
    *,
    head: Sequence[str] = (),
    gap: int = 2,
    indent: int = 0,
) -> None:
    """Print a table whose rows stand under headings, all groups in the same columns.

    Args:
        groups: heading -> rows; a row that is one text is a remark on the row above it.
        console: where to print.
        head: titles of the columns.
        gap: cells between columns.
        indent: cells before the first.
    """
    from rich.text import Text

    named = any(groups)
    inner = indent + 2 if named else indent
    every = [row for rows in groups.values() for row in rows if not isinstance(row, Text)]
    widths = fitting(every, console.width - inner, head=head, gap=gap)
    if head:
        print_columns([[text((each, "bold dim"))] for each in head], widths, console, gap=gap, indent=inner)
    for name, rows in groups.items():
        if name:
            print_line(text((name, "dim")), console, indent=indent, hang=2)
        for row in rows:
            if isinstance(row, Text):
                print_line(row, console, indent=inner + 4)
            else:
                print_columns([[cell] for cell in row], widths, console, gap=gap, indent=inner)


def fitting(rows: Sequence[Sequence[Text]], room: int, *, head: Sequence[str] = (), gap: int = 2) -> list[int]:
    """Widths of columns that fit into `room` cells, taken from the widest columns, of equal ones from all of them."""
    from rich.cells import cell_len

    number = len(head) or (len(rows[0]) if rows else 0)
    widths = [
        max([cell_len(row[at].plain) for row in rows] + ([len(head[at])] if head else []) + [1]) for at in range(number)
    ]
    least = max(min(_NARROWEST, (room - gap * (number - 1)) // max(number, 1)), _LEAST)
    over = sum(widths) + gap * (number - 1) - room
    while over > 0:
        widest = max(widths)
        if widest <= least:
            break
        together = [at for at, each in enumerate(widths) if each == widest]
        second = max([each for each in widths if least <= each < widest] + [least])
        taken = min(-(-over // len(together)), widest - second)
        for at in together:
            widths[at] -= taken
        over -= taken * len(together)
    return widths
