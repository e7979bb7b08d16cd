"""`permscope diff` and `permscope gate` for the terminal: the verdict first, then what is new, worst first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from permscope.audit.contracts import Status
from permscope.audit.findings import SEVERITIES, Finding
from permscope.audit.gate import GateResult, Verdict
from permscope.errors import PermscopeError
from permscope.graph.diff.compare import Change, GraphDiff
from permscope.report.describe import place
from permscope.report.layout import print_line
from permscope.report.terminal import SEVERITY_STYLES, Symbols, count, symbols, text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_SHOWN_UNKNOWNS = 5
_VERDICTS = {
    Verdict.PASS: ("pass", "bold green"),
    Verdict.REVIEW: ("needs review", "bold yellow"),
    Verdict.FAIL: ("fail", "bold white on red"),
}


def print_diff(diff: GraphDiff, errors: Sequence[PermscopeError], console: Console) -> None:
    """Print what a change lets happen."""
    signs = symbols(console)
    line = text()
    if diff.risks:
        line.append_text(_severities(Counter(change.severity for change in diff.risks)))
    else:
        line.append_text(text(("nothing new can happen", "bold green")))
    parts = []
    if diff.removed:
        parts.append(f"{len(diff.removed)} can no longer happen")
    parts.append(_unknown_words(diff))
    if errors:
        parts.append(f"{count(len(errors), 'input')} not read")
    line.append_text(text(*(f" {signs.dot} {part}" for part in parts)))
    _print(line, console, 0)
    for change in diff.risks:
        _print_change(change, console)
    _print_tail(diff, console)


def print_gate(result: GateResult, errors: Sequence[PermscopeError], console: Console) -> None:
    """Print the verdict and what led to it."""
    signs = symbols(console)
    word, style = _VERDICTS[result.verdict]
    line = text((f" {word} " if "on" in style else word, style))
    new = Counter(finding.severity for finding in result.findings if finding.suppressed is None)
    if new:
        line.append_text(text(f" {signs.dot} new: ")).append_text(_severities(new))
    else:
        line.append_text(text(f" {signs.dot} nothing new"))
    parts = []
    if result.old_findings:
        parts.append(f"{count(result.old_findings, 'older finding')} not counted")
    if result.contracts:
        kept = sum(1 for each in result.contracts if each.status is Status.PASS)
        parts.append(f"{kept} of {count(len(result.contracts), 'contract')} {'hold' if kept != 1 else 'holds'}")
    parts.append(_unknown_words(result.diff))
    if errors:
        parts.append(f"{count(len(errors), 'input')} not read")
    line.append_text(text(*(f" {signs.dot} {part}" for part in parts)))
    _print(line, console, 0)
    changes = {change.fingerprint: change for change in result.diff.risks}
    for heading, findings in (
        ("not allowed", result.failing),
        ("to be looked at", result.reviewing),
        ("also new", tuple(one for one in result.others if one.suppressed is None)),
    ):
        if findings:
            console.print()
            console.print(text((heading, "bold cyan")))
            for finding in findings:
                change = changes.get(finding.fingerprint)
                if change is not None:
                    _print_change(change, console, finding=finding)
                else:
                    _print_finding(finding, console)
    hidden = sum(1 for one in result.others if one.suppressed is not None)
    if hidden:
        console.print()
        console.print(text((f"{hidden} suppressed", "dim")))
    for note in result.notes:
        console.print()
        console.print(text((note, "yellow")))
    _print_tail(result.diff, console)


def _severities(counts: Counter[str]) -> Text:
    line = text()
    for severity in SEVERITIES:
        if counts[severity]:
            line.append_text(text((f"{counts[severity]} {severity}", SEVERITY_STYLES[severity]), " "))
    line.rstrip()
    return line


def _unknown_words(diff: GraphDiff) -> str:
    words = count(len(diff.new_unknowns), "unknown")
    if diff.gained_unknowns:
        words += f", {len(diff.gained_unknowns)} of them new"
    return words


def _print_change(change: Change, console: Console, *, finding: Finding | None = None) -> None:
    """Print a change; of a gate with the severity of its finding and the rules that say the same."""
    if finding is None:
        console.print()
    severity = change.severity if finding is None else finding.severity
    rules = finding.aliases if finding is not None else ()
    head = text(
        (severity.upper(), SEVERITY_STYLES[severity]),
        " ",
        (change.kind.value, "bold"),
        f" ({', '.join(rules)})" if rules else "",
        (" access level rises", "bold yellow") if change.risen else "",
    )
    where = place(change.source)
    head.append_text(text((f"  {where}" if where else "", "dim")))
    _print(head, console, 2)
    _print(text(change.message), console, 4)
    if not change.sure:
        _print(text(("not sure: it depends on what the input does not tell, or on conditions", "magenta")), console, 4)
    before = place(change.old_source)
    if before and change.weakened:
        _print(text((f"before: {before}", "dim")), console, 4)
    if len(change.path) > 2:  # noqa: PLR2004 - two stations are in the message
        _print(_way([step.label for step in change.path], symbols(console)), console, 4)


def _print_finding(finding: Finding, console: Console) -> None:
    where = place(finding.source)
    head = text(
        (finding.severity.upper(), SEVERITY_STYLES[finding.severity]),
        " ",
        (finding.rule, "bold"),
        (f"  {where}" if where else "", "dim"),
    )
    _print(head, console, 2)
    _print(text(finding.message), console, 4)
    if len(finding.path) > 1:
        _print(_way(finding.path, symbols(console)), console, 4)


def _way(labels: Iterable[str], signs: Symbols) -> Text:
    line = text()
    for at, label in enumerate(labels):
        line.append_text(text((f" {signs.arrow} ", "dim") if at else "", label))
    return line


def _print_tail(diff: GraphDiff, console: Console) -> None:
    if diff.removed:
        console.print()
        console.print(text(("can no longer happen", "bold cyan")))
        for change in diff.removed:
            _print(text(change.message, (f"  {place(change.source)}", "dim")), console, 2)
    if diff.renamed:
        console.print()
        names = ", ".join(f"{each.old.label} is now {each.new.label}" for each in diff.renamed)
        _print(text(("taken for renamed: ", "dim"), (names, "dim")), console, 0)
    if diff.gained_unknowns:
        console.print()
        console.print(text((count(len(diff.gained_unknowns), "new unknown"), "bold yellow")))
        for one in diff.gained_unknowns[:_SHOWN_UNKNOWNS]:
            _print(text(f"{one.what}: {one.why}", (f"  {place(one.source)}", "dim")), console, 2)
        if len(diff.gained_unknowns) > _SHOWN_UNKNOWNS:
            more = f"and {len(diff.gained_unknowns) - _SHOWN_UNKNOWNS} more; --format json has them all"
            _print(text((more, "dim")), console, 2)


def _print(line: Text, console: Console, indent: int) -> None:
    """A line folded under its own indent, what is folded a little further in."""
    print_line(line, console, indent=indent, hang=2)
