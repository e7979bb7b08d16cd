"""`permscope audit` for the terminal: the verdict, then each function with what is wrong around it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from permscope.audit.findings import SEVERITIES, Finding
from permscope.errors import PermscopeError
from permscope.graph.model import EdgeKind, Node, NodeKind, PermissionGraph
from permscope.report.describe import auth_of, counted, name_of, place
from permscope.report.graph_text import print_unknowns
from permscope.report.terminal import SEVERITY_STYLES, Symbols, count, levels, symbols, text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_ELSEWHERE = "elsewhere"
_SHOWN_ENTRIES = 4
_SHOWN_RESOURCES = 5


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
    console.print(verdict(active, graph, errors, signs, suppressed=len(findings) - len(active)))
    if group_by == "function":
        _print_by_function(active, graph, console, fixes=fixes)
    else:
        key: Callable[[Finding], str] = _by_rule if group_by == "rule" else _by_file
        groups: dict[str, list[Finding]] = defaultdict(list)
        for finding in active:
            groups[key(finding)].append(finding)
        for name in sorted(groups):
            console.print()
            console.print(text((name, "bold cyan"), (f"  {count(len(groups[name]), 'finding')}", "dim")))
            _print_findings(groups[name], console, fixes=fixes)
    print_unknowns(graph, console)
    console.print()
    console.print(text((f"{count(rules, 'rule')} run; permscope explain RULE says more about each", "dim")))


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
        console.print(text((name_of(node), f"bold {SEVERITY_STYLES[worst]}"), (f"  {place(node.source)}", "dim")))
        for line in _world_of(graph, node, symbols(console)):
            _print_indented(line, console, 2)
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
    """One line of entries, one line per role with what it reaches."""
    entries = []
    for edge in graph.incoming(node.id, EdgeKind.TRIGGERS):
        source = graph.nodes[edge.source]
        words = f"{name_of(source)} ({auth_of(source)})" if source.kind is NodeKind.ROUTE else name_of(source)
        entries.append(words if edge.authorized is not False else f"{words} {signs.no}")
    if any(graph.nodes[edge.source].kind is NodeKind.PUBLIC for edge in graph.incoming(node.id, EdgeKind.CAN_INVOKE)):
        entries.insert(0, "anyone")
    entries = list(dict.fromkeys(entries))
    if entries:
        more = f" and {len(entries) - _SHOWN_ENTRIES} more" if len(entries) > _SHOWN_ENTRIES else ""
        yield text(("from ", "dim"), ", ".join(entries[:_SHOWN_ENTRIES]) + more)
    for executes in graph.outgoing(node.id, EdgeKind.EXECUTES_AS):
        role = graph.nodes[executes.target]
        line = text(("as ", "dim"), name_of(role))
        reached = [edge for edge in graph.outgoing(role.id, EdgeKind.CAN_ACCESS) if edge.actions]
        for number, edge in enumerate(reached[:_SHOWN_RESOURCES]):
            line.append_text(
                text((f" {signs.arrow} " if number == 0 else ", ", "dim"), name_of(graph.nodes[edge.target]))
            )
            line.append_text(text(" (", *levels(edge.actions.levels()), ")"))
        if len(reached) > _SHOWN_RESOURCES:
            line.append_text(text(f" and {len(reached) - _SHOWN_RESOURCES} more"))
        yield line


def _print_findings(findings: Sequence[Finding], console: Console, *, fixes: bool) -> None:
    signs = symbols(console)
    for finding in sorted(findings, key=lambda one: (one.rank, one.file or "", one.line or 0, one.rule)):
        where = place(finding.source)
        head = text(
            (finding.severity.upper(), SEVERITY_STYLES[finding.severity]),
            " ",
            (finding.rule, "bold"),
            (f"  {where}" if where else "", "dim"),
        )
        _print_indented(head, console, 2)
        _print_indented(text(finding.message + (f" ({finding.adjusted})" if finding.adjusted else "")), console, 4)
        for line in _excerpt(finding, signs):
            _print_indented(line, console, 4)
        if fixes and finding.fix:
            first, *rest = finding.fix.strip().splitlines()
            _print_indented(text(("fix: ", "bold green"), first), console, 4)
            for more in rest:
                _print_indented(text(more), console, 9)


def _excerpt(finding: Finding, signs: Symbols) -> Iterator[Text]:
    """The statement with the guilty part marked."""
    for raw in finding.excerpt.splitlines()[:8]:
        line = text((f"{signs.bar} ", "dim"), (raw, "dim"))
        if finding.guilty and finding.guilty in raw:
            start = len(signs.bar) + 1 + raw.index(finding.guilty)
            line.stylize("bold red underline", start, start + len(finding.guilty))
        yield line


def _print_indented(line: Text, console: Console, indent: int) -> None:
    """Print a line, folded lines under its first; no white space is left at the end of a line."""
    for folded in line.wrap(console, max(console.width - indent, 20), overflow="fold"):
        folded.rstrip()
        console.print(text(" " * indent).append_text(folded), soft_wrap=True)


def _by_rule(finding: Finding) -> str:
    return finding.rule


def _by_file(finding: Finding) -> str:
    return finding.file or str(finding.source)
