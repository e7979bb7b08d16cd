"""`permscope audit` for the terminal: the verdict, then each function with what is wrong around it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from permscope.audit.findings import SEVERITIES, Finding
from permscope.errors import PermscopeError
from permscope.graph.model import EdgeKind, Node, NodeKind, PermissionGraph
from permscope.report.describe import auth_of, counted, in_words, is_open, name_of, place, with_short_arns
from permscope.report.escape import visible
from permscope.report.graph_text import print_unknowns, sort_edges
from permscope.report.layout import ending, fold, joined, print_line, print_table, put
from permscope.report.terminal import LEVEL_STYLES, SEVERITY_STYLES, Symbols, count, levels, symbols, text
from permscope.report.touches import Touch, touches_of

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_ELSEWHERE = "elsewhere"
_SHOWN_ENTRIES = 4
_SHOWN_RESOURCES = 5
_SHOWN_LINES = 8
_SHOWN_FIX_LINES = 10
_MANY = 12
_PLACEHOLDER = re.compile(r"<[A-Za-z]+>")


def print_audit(
    findings: Sequence[Finding],
    graph: PermissionGraph,
    errors: Sequence[PermscopeError],
    console: Console,
    *,
    rules: int,
    group_by: str = "function",
    fixes: bool = True,
) -> None:
    """Print the verdict, the findings in their groups, and what could not be known.

    Args:
        findings: sorted; suppressed ones are only counted.
        graph: what they were found in.
        errors: inputs that could not be read.
        console: where to print.
        rules: how many rules were run.
        group_by: `function`, `rule` or `file`.
        fixes: also print what to write instead.
    """
    signs = symbols(console)
    active = [finding for finding in findings if finding.suppressed is None]
    print_line(verdict(active, graph, errors, signs, suppressed=len(findings) - len(active)), console)
    if len(active) > _MANY and group_by != "rule":
        _print_overview(active, console)
    if group_by == "function":
        _print_by_function(active, graph, console, fixes=fixes)
    else:
        key: Callable[[Finding], str] = _by_rule if group_by == "rule" else _by_file
        groups: dict[str, list[Finding]] = defaultdict(list)
        for finding in active:
            groups[key(finding)].append(finding)
        for name in sorted(groups):
            console.print()
            print_line(text((name, "bold cyan"), (f"  {count(len(groups[name]), 'finding')}", "dim")), console)
            _print_findings(groups[name], console, fixes=fixes)
    print_unknowns(graph, console)
    console.print()
    console.print(text((f"{count(rules, 'rule')} run; permscope explain RULE says more about each", "dim")))


def _print_overview(findings: Sequence[Finding], console: Console) -> None:
    """How often each rule speaks, those with the worst findings first."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for finding in findings:
        counts[finding.rule][finding.severity] += 1
    console.print()
    ranked = sorted(counts.items(), key=lambda item: ([-item[1][severity] for severity in SEVERITIES], item[0]))
    rows = []
    for rule, by_severity in ranked:
        said = [
            (f"{number} {severity}", SEVERITY_STYLES[severity])
            for severity in SEVERITIES
            if (number := by_severity[severity])
        ]
        rows.append((text((rule, "bold")), joined(*(part for each in said for part in (each, " ")))))
    print_table(rows, console, indent=2)


def verdict(
    findings: Sequence[Finding],
    graph: PermissionGraph,
    errors: Sequence[PermscopeError],
    signs: Symbols,
    *,
    suppressed: int = 0,
) -> Text:
    """`2 critical 3 high 7 medium · 14 functions, 9 roles · 3 unknowns`."""
    counts = Counter(finding.severity for finding in findings)
    line = text()
    for severity in SEVERITIES:
        if counts[severity]:
            line.append_text(text((f"{counts[severity]} {severity}", SEVERITY_STYLES[severity]), " "))
    if not findings:
        line.append_text(text(("no findings", "bold green"), " "))
    functions = count(counted(graph, NodeKind.FUNCTION), "function")
    roles = count(counted(graph, NodeKind.ROLE), "role")
    parts = [f"{functions}, {roles}", count(len(graph.unknowns), "unknown")]
    if suppressed:
        parts.append(f"{suppressed} suppressed")
    if errors:
        parts.append(f"{count(len(errors), 'input')} not read")
    line.append_text(text(*(f"{signs.dot} {part} " for part in parts)))
    line.rstrip()
    return line


def _print_by_function(findings: Sequence[Finding], graph: PermissionGraph, console: Console, *, fixes: bool) -> None:
    groups: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        for owner in owners(finding, graph):
            groups[owner].append(finding)
    ordered = sorted(
        (node for node in groups if node != _ELSEWHERE),
        key=lambda owner: (min(one.rank for one in groups[owner]), graph.nodes[owner].source.line or 0, owner),
    )
    for owner in ordered:
        console.print()
        node = graph.nodes[owner]
        worst = min(groups[owner], key=lambda one: one.rank).severity
        name = text((name_of(node), f"bold {SEVERITY_STYLES[worst]}"))
        where = ending(place(node.source), console.width - len(name.plain) - 2, console)
        print_line(joined(name, (f"  {where}", "dim")), console)
        for line in _world_of(graph, node, symbols(console)):
            print_line(line, console, indent=2, hang=11)
        _print_findings(groups[owner], console, fixes=fixes)
    if groups[_ELSEWHERE]:
        console.print()
        console.print(text(("not tied to one function", "bold cyan")))
        _print_findings(groups[_ELSEWHERE], console, fixes=fixes)


def owners(finding: Finding, graph: PermissionGraph) -> list[str]:
    """The one function a finding is shown under: itself, or the first that runs as the role it is about."""
    for node_id in finding.nodes:
        node = graph.nodes.get(node_id)
        if node is None:
            continue
        if node.kind is NodeKind.FUNCTION:
            return [node.id]
        if node.kind is NodeKind.ROLE:
            for edge in graph.incoming(node.id, EdgeKind.EXECUTES_AS):
                if graph.nodes[edge.source].kind is NodeKind.FUNCTION:
                    return [edge.source]
        if node.kind is NodeKind.ROUTE:
            for edge in graph.outgoing(node.id, EdgeKind.TRIGGERS):
                return [edge.target]
    return [_ELSEWHERE]


def _world_of(graph: PermissionGraph, node: Node, signs: Symbols) -> Iterator[Text]:
    """One line of entries, and for each role one of what it touches."""
    entries: dict[str, str] = {}
    if is_open(graph, node):
        entries["anyone on the internet"] = "bold red"
    for edge in sort_edges(graph, graph.incoming(node.id, EdgeKind.TRIGGERS), by="source"):
        source = graph.nodes[edge.source]
        words = f"{name_of(source)} ({auth_of(source)})" if source.kind is NodeKind.ROUTE else name_of(source)
        mark = {True: "", False: f" {signs.no} not authorized", None: f" {signs.unsure}"}[edge.authorized]
        entries.setdefault(words + mark, "red" if edge.authorized is False else "")
    if entries:
        yield joined(("invoked by ", "dim"), *_listed(list(entries.items()), _SHOWN_ENTRIES))
    for executes in graph.outgoing(node.id, EdgeKind.EXECUTES_AS):
        role = graph.nodes[executes.target]
        touches = sorted(touches_of(graph, role), key=_weight)
        reached: dict[str, Text] = {}
        for touch in touches:
            if not touch.routine:
                verb = f"{touch.verb} " if touch.verb else ""
                name = joined(verb, (touch.name, "yellow" if touch.is_wide else ""))
                shown = "" if touch.verb else joined(" (", *_levels(touch), ")")
                reached.setdefault(f"{verb}{touch.name}", joined(name, shown))
        line = joined(("runs as    ", "dim"), name_of(role))
        if reached:
            line = joined(line, (f" {signs.arrow} ", "dim"), *_listed(list(reached.values()), _SHOWN_RESOURCES))
        yield line


def _weight(touch: Touch) -> tuple[bool, bool, int]:
    """Known things first, then `*` before narrower patterns, what allows most first."""
    return touch.is_wide, touch.target.label != "*", -len(touch.actions.levels()) if touch.is_wide else 0


def _levels(touch: Touch) -> list[str | tuple[str, str]]:
    """The access levels, the wide ones in their colour."""
    return [
        (words.lower() if words in LEVEL_STYLES else words, style) for words, style in levels(touch.actions.levels())
    ]


def _listed(parts: Sequence[Text | tuple[str, str]], limit: int) -> Iterator[Text | str | tuple[str, str]]:
    for number, part in enumerate(parts[:limit]):
        if number:
            yield ", "
        yield part
    if len(parts) > limit:
        yield (f" and {len(parts) - limit} more", "dim")


def _print_findings(findings: Sequence[Finding], console: Console, *, fixes: bool) -> None:
    """Print findings, those about the same statement with the same fix together."""
    ordered = sorted(findings, key=lambda one: (one.rank, one.file or "", one.line or 0, one.rule))
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for finding in ordered:
        alone = () if finding.excerpt else (finding.rule, finding.fingerprint)
        groups.setdefault((finding.source.file, finding.line, finding.excerpt, finding.fix, *alone), []).append(finding)
    for group in groups.values():
        _print_group(group, console, fixes=fixes)


def _print_group(group: Sequence[Finding], console: Console, *, fixes: bool) -> None:
    signs = symbols(console)
    for finding in group:
        where = place(finding.source)
        severity = (finding.severity.upper(), SEVERITY_STYLES[finding.severity])
        head = text(severity, " ", (finding.rule, "bold"))
        if len(head.plain) + len(where) + 4 <= console.width:
            put(joined("  ", head, (f"  {where}", "dim")), console)
        else:  # a place is never folded, so that it can be followed and copied
            put(joined("  ", head), console)
            put(joined("    ", (where, "dim")), console)
        adjusted = f" ({in_words(finding.adjusted)})" if finding.adjusted else ""
        print_line(text(in_words(finding.message) + adjusted), console, indent=4)
    for line in _excerpt(group, signs):
        for folded in fold(line, console.width - 4, console, hang=len(signs.bar) + 3):
            bar = "" if folded.plain.startswith(signs.bar) else f"{signs.bar}   "
            put(joined("    ", (bar, "dim"), folded), console)
    if fixes and group[0].fix:
        _print_fix(group[0].fix, console)


def _print_fix(fix: str, console: Console) -> None:
    """What to write instead; code is not folded, so that it can be copied."""
    first, *rest = shortened(fix.strip().splitlines())
    if rest and first.endswith(":"):
        put(text("    ", ("fix: ", "bold green"), first), console)
    else:
        print_line(text(("fix: ", "bold green"), first), console, indent=4, hang=5)
    for line in rest:
        put(text(" " * 9, line), console)


def shortened(lines: Sequence[str], limit: int = _SHOWN_FIX_LINES) -> list[str]:
    """The lines of a fix; of a list with something concrete in it, no placeholders such as `<TableName>`."""
    entries = [line for line in lines if line.lstrip().startswith("- ")]
    vague = [line for line in entries if _PLACEHOLDER.search(line)]
    kept = list(lines)
    if vague and len(vague) < len(entries):
        kept = [line for line in lines if line not in vague]
        indent = " " * (len(vague[0]) - len(vague[0].lstrip()))
        kept.insert(
            kept.index([line for line in entries if line not in vague][-1]) + 1, f"{indent}# {_more_forms(vague)}"
        )
    if len(kept) > limit:
        kept = [*kept[: limit - 1], f"# and {count(len(kept) - limit + 1, 'more line')}, see --format json"]
    return kept


def _more_forms(vague: Sequence[str]) -> str:
    return f"and {count(len(vague), 'more ARN format')}, should the code use them: see --format json"


def _excerpt(group: Sequence[Finding], signs: Symbols) -> Iterator[Text]:
    """The statement with the guilty parts marked."""
    guilty = [with_short_arns(finding.guilty, signs.ellipsis) for finding in group if finding.guilty]
    for raw in group[0].excerpt.splitlines()[:_SHOWN_LINES]:
        shown = with_short_arns(raw, signs.ellipsis)
        line = text((f"{signs.bar} ", "dim"), (shown, "dim"))
        before = len(line.plain) - len(visible(shown))
        for part in guilty:
            found = re.search(rf"(?<![\w:*]){re.escape(visible(part))}(?![\w:*])", visible(shown))
            if found:
                line.stylize("not dim bold red underline", before + found.start(), before + found.end())
        yield line


def _by_rule(finding: Finding) -> str:
    return finding.rule


def _by_file(finding: Finding) -> str:
    return finding.file or str(finding.source)
