"""Markdown for a pull-request comment: the verdict, what is new, each new path as a small picture, what is unknown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from permscope.audit.contracts import Status
from permscope.audit.findings import SEVERITIES, Finding
from permscope.audit.gate import GateResult, Verdict
from permscope.errors import PermscopeError
from permscope.graph.diff.compare import Change, GraphDiff
from permscope.inventory.facts import Unknown
from permscope.report.describe import place
from permscope.report.escape import in_markdown, in_mermaid, visible

# A GitHub comment takes 65,536 characters.
_MOST = 60_000
_MOST_ROWS = 50
_MOST_OF_TABLE = 20_000
_MOST_OF_LINE = 600
_MOST_PICTURES = 5
_MOST_UNKNOWNS = 10
MARKER = "<!-- permscope -->"
_SIGNS = {"critical": "🟥", "high": "🟧", "medium": "🟨", "low": "🟦", "info": "⬜"}
_HEADLINES = {
    Verdict.PASS: "✅ this change lets nothing new happen that is forbidden",
    Verdict.REVIEW: "👀 somebody should look at this change",
    Verdict.FAIL: "⛔ this change lets something happen that must not",
}


def render_gate(result: GateResult, *, errors: Sequence[PermscopeError] = (), command: str = "") -> str:
    """The gate's comment.

    Args:
        result: the verdict and what led to it.
        errors: inputs that could not be read.
        command: what to type to see the same.
    """
    blocks = [MARKER, f"### permscope: {_HEADLINES[result.verdict]}", _summary(result)]
    blocks.extend(_errors(errors))
    for heading, findings in (
        ("Not allowed", result.failing),
        ("To be looked at", result.reviewing),
        ("Also new", tuple(one for one in result.others if one.suppressed is None)),
    ):
        if findings:
            blocks.append(f"#### {heading}")
            blocks.append(_table(findings))
    blocks.extend(_pictures(result.findings, result.diff.risks))
    blocks.extend(_contracts(result))
    blocks.extend(_suppressed(result.others))
    blocks.extend(_renamed(result.diff))
    blocks.extend(_removed(result.removed))
    blocks.extend(f"> {in_markdown(note)}" for note in result.notes)
    blocks.extend(_unknowns(result.diff.gained_unknowns, "new "))
    return _joined(blocks, [*_unknown_count(len(result.diff.new_unknowns)), *_command(command)])


def render_diff(diff: GraphDiff, findings: Sequence[Finding], *, command: str = "") -> str:
    """A comparison without a verdict."""
    risks = len(diff.risks)
    headline = (
        f"{risks} thing{'s' if risks != 1 else ''} can happen that could not" if risks else "nothing new can happen"
    )
    blocks = [MARKER, f"### permscope: {headline}"]
    if findings:
        blocks.append(_table(findings))
    blocks.extend(_pictures(findings, diff.risks))
    blocks.extend(_renamed(diff))
    blocks.extend(_removed(diff.removed))
    blocks.extend(_unknowns(diff.gained_unknowns, "new "))
    return _joined(blocks, [*_unknown_count(len(diff.new_unknowns)), *_command(command)])


def render(
    findings: Sequence[Finding],
    *,
    errors: Sequence[PermscopeError] = (),
    unknowns: Sequence[Unknown] = (),
    command: str = "",
) -> str:
    """An audit as Markdown."""
    active = [finding for finding in findings if finding.suppressed is None]
    blocks = [MARKER, f"### permscope: {_counts(active)}"]
    blocks.extend(_errors(errors))
    if active:
        blocks.append(_table(active))
    blocks.extend(_suppressed(findings))
    blocks.extend(_unknowns(unknowns, ""))
    return _joined(blocks, [*_unknown_count(len(unknowns)), *_command(command)])


def _counts(findings: Iterable[Finding]) -> str:
    counts = Counter(finding.severity for finding in findings)
    said = " ".join(f"{counts[each]} {each}" for each in SEVERITIES if counts[each])
    return said or "no findings"


def _summary(result: GateResult) -> str:
    new = [one for one in result.findings if one.suppressed is None]
    parts = [f"New: {_counts(new)}" if new else "Nothing new"]
    if result.old_findings:
        parts.append(f"{result.old_findings} older finding{'s' if result.old_findings > 1 else ''} not counted")
    if result.fixed:
        parts.append(f"{result.fixed} gone")
    if result.contracts:
        kept = sum(1 for each in result.contracts if each.status is Status.PASS)
        parts.append(f"{kept} of {len(result.contracts)} contracts hold")
    parts.append(f"{len(result.diff.new_unknowns)} unknown{'s' if len(result.diff.new_unknowns) != 1 else ''}")
    return " · ".join(parts)


def _errors(errors: Sequence[PermscopeError]) -> list[str]:
    if not errors:
        return []
    rows = "\n".join(f"* {in_markdown(str(error))}" for error in errors[:_MOST_UNKNOWNS])
    return [f"**Not everything could be read**, so this is not complete:\n\n{rows}"]


def _table(findings: Sequence[Finding]) -> str:
    lines = ["| | what | where |", "|---|---|---|"]
    size = 0
    for at, finding in enumerate(findings):
        title = in_markdown(_line(finding.title or finding.rule))
        what = f"**{title}** {in_markdown(_line(finding.message))}"
        line = f"| {_SIGNS[finding.severity]} {finding.severity} | {what} | {_code(place(finding.source))} |"
        size += len(line)
        if at == _MOST_ROWS or (at and size > _MOST_OF_TABLE):
            lines.append(f"| | and {len(findings) - at} more | |")
            break
        lines.append(line)
    return "\n".join(lines)


def _line(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _MOST_OF_LINE else f"{words[:_MOST_OF_LINE]}…"


def _code(text: str) -> str:
    shown = visible(text).replace("`", "'").replace("|", "\\|")
    return f"`{shown}`" if shown else ""


def _pictures(findings: Sequence[Finding], changes: Sequence[Change]) -> list[str]:
    """Each new path of at least three stations as a flowchart."""
    shown = {finding.fingerprint for finding in findings if finding.suppressed is None}
    blocks: list[str] = []
    for change in changes:
        if len(change.path) < 3 or change.fingerprint not in shown:  # noqa: PLR2004 - two stations need no picture
            continue
        if len(blocks) == _MOST_PICTURES:
            break
        lines = ["```mermaid", "flowchart LR"]
        for at, step in enumerate(change.path):
            lines.append(f'  s{at}["{in_mermaid(step.label)}"]')
        for at, step in enumerate(change.path[:-1]):
            words = f'|"{in_mermaid(step.words)}"|' if step.words else ""
            lines.append(f"  s{at} -->{words} s{at + 1}")
        summary = in_markdown(_line(change.message))
        blocks.append("\n".join([f"<details open><summary>{summary}</summary>", "", *lines, "```", "", "</details>"]))
    return blocks


def _contracts(result: GateResult) -> list[str]:
    broken = [each for each in result.contracts if each.status is not Status.PASS]
    if not broken:
        return []
    lines = ["#### Contracts"]
    for each in broken:
        sign = "⛔ does not hold" if each.status is Status.FAIL else "❔ cannot be decided"
        lines.append(f"* {in_markdown(each.contract.name)}: {sign}")
        for violation in each.violations[:3]:
            way = " → ".join(in_markdown(label) for label, _ in violation.steps)
            lines.append(f"  * {in_markdown(_line(violation.message))}" + (f" ({way})" if way else ""))
    return ["\n".join(lines)]


def _suppressed(findings: Sequence[Finding]) -> list[str]:
    hidden = [finding for finding in findings if finding.suppressed is not None]
    if not hidden:
        return []
    rows = "\n".join(
        f"* {in_markdown(_line(one.message))}: {in_markdown(_line(one.suppressed or ''))}"
        for one in hidden[:_MOST_ROWS]
    )
    return [f"<details><summary>{len(hidden)} suppressed</summary>\n\n{rows}\n\n</details>"]


def _renamed(diff: GraphDiff) -> list[str]:
    if not diff.renamed:
        return []
    rows = ", ".join(f"{_code(each.old.label)} is now {_code(each.new.label)}" for each in diff.renamed[:_MOST_ROWS])
    return [f"Taken for renamed: {rows}."]


def _removed(changes: Sequence[Change]) -> list[str]:
    if not changes:
        return []
    rows = "\n".join(f"* {in_markdown(_line(change.message))}" for change in changes[:_MOST_ROWS])
    return [f"<details><summary>{len(changes)} can no longer happen</summary>\n\n{rows}\n\n</details>"]


def _unknown_count(total: int) -> list[str]:
    if not total:
        return []
    return [f"**{total} unknown{'s' if total != 1 else ''}**: what the input does not tell may add to this."]


def _unknowns(unknowns: Sequence[Unknown], new: str) -> list[str]:
    if not unknowns:
        return []
    shown = unknowns[:_MOST_UNKNOWNS]
    rows = [f"* {in_markdown(_line(f'{one.what}: {one.why}'))} {_code(place(one.source))}" for one in shown]
    more = [f"* and {len(unknowns) - len(shown)} more"] if len(unknowns) > len(shown) else []
    listed = "\n".join([*rows, *more])
    title = f"{len(unknowns)} {new}unknown{'s' if len(unknowns) != 1 else ''}"
    return [f"<details><summary>{title}</summary>\n\n{listed}\n\n</details>"]


def _command(command: str) -> list[str]:
    if not command:
        return []
    return [f"Reproduce: {_code(command)}"]


def _joined(blocks: Iterable[str], tail: Sequence[str]) -> str:
    """The blocks that fit, so that no table or picture is cut in two; the tail is always there."""
    kept: list[str] = []
    size = sum(len(block) + 2 for block in tail)
    for block in blocks:
        if size + len(block) > _MOST:
            kept.append("More is left out here; run permscope for the whole report.")
            break
        kept.append(block)
        size += len(block) + 2
    return "\n\n".join([*kept, *tail]) + "\n"
