"""The console: the only place that knows width, colour and where bytes go."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple, TextIO

from permscope.report.escape import visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

SEVERITY_STYLES = {
    "critical": "bold white on red",
    "high": "bold red",
    "medium": "yellow",
    "low": "cyan",
    "info": "dim",
}
LEVEL_STYLES = {
    "Permissions management": "bold red",
    "Write": "yellow",
    "Tagging": "yellow",
    "Read": "green",
    "List": "green",
}
LETTERS = {"List": "L", "Read": "R", "Write": "W", "Tagging": "T", "Permissions management": "P"}
_WIDTH_OF_A_PIPE = 100
_HEIGHT = 25


class Symbols(NamedTuple):
    """The few characters that are not letters."""

    dot: str = "·"
    arrow: str = "→"
    yes: str = "✓"
    no: str = "✗"
    unsure: str = "?"
    bar: str = "│"
    ellipsis: str = "…"
    tee: str = "├── "
    corner: str = "└── "
    pipe: str = "│   "
    flow: str = "──▶"
    line: str = "─"


ASCII = Symbols(
    dot="-",
    arrow="->",
    yes="ok",
    no="NOT",
    unsure="?",
    bar="|",
    ellipsis="...",
    tee="|-- ",
    corner="`-- ",
    pipe="|   ",
    flow="-->",
    line="-",
)
UNICODE = Symbols()


def make_console(
    *,
    width: int | None = None,
    no_color: bool = False,
    ascii_only: bool = False,
    file: TextIO | None = None,
) -> Console:
    """A console for a report.

    Args:
        width: columns; None means the terminal's, or 100 in a pipe.
        no_color: no colour even on a terminal; `NO_COLOR` in the environment does the same.
        ascii_only: draw with ASCII characters; also done when the output's encoding has no line characters.
        file: where to write; standard output when None.
    """
    from rich.console import Console

    out = file or sys.stdout
    if width is None and not out.isatty():
        columns = os.environ.get("COLUMNS", "")
        width = int(columns) if columns.isdigit() and int(columns) else _WIDTH_OF_A_PIPE
    drawn_in = "ascii" if ascii_only or not _can_draw(getattr(out, "encoding", None)) else "utf-8"

    class ReportConsole(Console):
        encoding = drawn_in

    return ReportConsole(
        file=out,
        width=width,
        height=None if width is None else _HEIGHT,  # with both given, rich does not ask the system at each line
        no_color=no_color or bool(os.environ.get("NO_COLOR")),
        highlight=False,
        markup=False,
        emoji=False,
    )


def symbols(console: Console) -> Symbols:
    """The characters this console can draw."""
    return ASCII if console.encoding == "ascii" else UNICODE


def _can_draw(encoding: str | None) -> bool:
    try:
        "├─→".encode(encoding or "utf-8")
    except (UnicodeError, LookupError):
        return False
    return True


def text(*parts: str | tuple[str, str], keep_lines: bool = False) -> Text:
    """Rich text from plain parts and (part, style) pairs; every part is made visible first."""
    from rich.text import Text

    made = Text()
    for part in parts:
        if isinstance(part, tuple):
            made.append(visible(part[0], keep_lines=keep_lines), style=part[1])
        else:
            made.append(visible(part, keep_lines=keep_lines))
    return made


def levels(names: tuple[str, ...]) -> list[tuple[str, str]]:
    """Access levels as coloured parts, with a comma between; all five of them in three words."""
    if len(names) == len(LETTERS):
        return [("every access level", "bold red")]
    parts: list[tuple[str, str]] = []
    for name in names:
        if parts:
            parts.append((", ", ""))
        parts.append((name, LEVEL_STYLES.get(name, "")))
    return parts


def count(number: int, noun: str, plural: str | None = None) -> str:
    """`1 function`, `2 functions`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
