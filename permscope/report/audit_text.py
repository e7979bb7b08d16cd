"""`permscope audit` for the terminal: the verdict, then each function with what is wrong around it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from permscope.audit.findings import SEVERITIES, Finding
from permscope.errors import PermscopeError
from permscope.graph.model import Decision, EdgeKind, Node, NodeKind, PermissionGraph
from permscope.lazy import regex
from permscope.report.describe import (
    auth_of,
    counted,
    fed_by,
    in_words,
    line_of,
    name_of,
    place,
    with_short_arns,
)
from permscope.report.escape import visible
from permscope.report.in_and_out import callers_of
from permscope.report.layout import cell_width, fold, joined, print_line, print_table, print_title, put
from permscope.report.order import sort_edges
from permscope.report.terminal import LEVEL_STYLES, SEVERITY_STYLES, Symbols, count, levels, symbols, text
from permscope.report.touches import Touch, routine_words, touches_of
from permscope.report.unknowns import print_unknowns

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_ELSEWHERE = "elsewhere "
_SHOWN_ENTRIES = 4
_SHOWN_RESOURCES = 5
_SHOWN_LINES = 8
_SHOWN_FIX_LINES = 10
_MANY = 12
_SHOWN_PLACES = 12
_CROWD = 60  # findings above which only the bad ones come with statement and fix
_BAD = ("critical", "high")
_REMARK = "info"
_HEADINGS = {**{severity: f"bold {style}" for severity, style in SEVERITY_STYLES.items()}, "critical": "bold red"}
_CODE = re.compile(r"(- )?[A-Z]\w+: ?([!\"\[{<]|arn:)")
_PLACEHOLDER = regex(r"<[A-Za-z]+>")


def print_audit(  # noqa: PLR0913 (each says what is shown)
    findings: Sequence[Finding],
    graph: PermissionGraph,
    errors: Sequence[PermscopeError],
    console: Console,
    *,
    rules: int,
    group_by: str = "function",
    fixes: bool = True,
    focus: Collection[str] | None = None,
    whole: bool = False,
) -> None:
    """Print the verdict, the findings in their groups, and what could not be known.

    Of many findings those below high are one line each; of remarks, those of one rule in one file are one line.

    Args:
        findings: sorted; suppressed ones are only counted.
        graph: what they were found in.
        errors: inputs that could not be read.
        console: where to print.
        rules: how many rules were run.
        group_by: `function`, `rule` or `file`.
        fixes: also print what to write instead.
        focus: nodes; the verdict is about everything, only the findings about these are shown.
        whole: every finding in full, however many there are.
    """
    signs = symbols(console)
    active = [finding for finding in findings if finding.suppressed is None]
    print_line(verdict(active, graph, errors, signs, suppressed=len(findings) - len(active)), console)
    if focus is not None:
        active = [finding for finding in active if not set(finding.nodes).isdisjoint(focus)]
        print_line(text((f"{count(len(active), 'finding')} about what was asked for", "bold")), console)
    elif len(active) > _MANY and group_by != "rule":
        _print_overview(active, console)
    sheet = _Sheet(console, fixes=fixes, brief=len(active) > _CROWD and not whole, whole=whole)
    match group_by:
        case "rule":
            sheet.print_by_rule(active)
        case "file":
            sheet.print_by_file(active)
        case _:
            sheet.print_by_function(active, graph)
    print_unknowns(graph, console)
    console.print()
    if sheet.brief:
        words = (
            "findings below high are one line each; --all shows their statements and fixes, --focus NAME those of one"
        )
        print_line(text((words, "dim")), console)
    elif sheet.has_folded:
        words = "the remarks of a rule in one file are one line; --all shows each with its fix"
        print_line(text((words, "dim")), console)
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


class _Sheet:
    """Prints groups of findings under a heading each.

    Args:
        console: where to print.
        fixes: also print what to write instead.
        brief: what is below high is one line each.
        whole: every remark in full.

    Attributes:
        has_folded: whether several remarks came to one line.
    """

    def __init__(self, console: Console, *, fixes: bool, brief: bool, whole: bool) -> None:
        self.brief = brief
        self.has_folded = False
        self._whole = whole
        self._console = console
        self._signs = symbols(console)
        self._fixes = fixes

    # The groups

    def print_by_function(self, findings: Sequence[Finding], graph: PermissionGraph) -> None:
        """Each function with what is around it, those with the worst findings first."""
        groups: dict[str, list[Finding]] = defaultdict(list)
        for finding in findings:
            groups[owner(finding, graph)].append(finding)
        blocks: dict[str, list[Finding]] = {}
        for key, group in groups.items():
            for finding in group:
                name = f"{_ELSEWHERE}{finding.file or place(finding.source)}" if key == _ELSEWHERE else key
                blocks.setdefault(name, []).append(finding)

        def urgency(name: str) -> tuple[object, ...]:
            line = 0 if name not in graph.nodes else graph.nodes[name].source.line or 0
            return min(one.rank for one in blocks[name]), name not in graph.nodes, line, name

        for name in sorted(blocks, key=urgency):
            self._console.print()
            if name in graph.nodes:
                self._print_function(graph, graph.nodes[name], blocks[name])
                continue
            file = name.removeprefix(_ELSEWHERE)
            print_title(text((file, "bold cyan")), "not tied to one function", self._console)
            self._print(blocks[name], blocks[name][0].source.file)

    def _print_function(self, graph: PermissionGraph, node: Node, findings: Sequence[Finding]) -> None:
        worst = min(findings, key=lambda one: one.rank).severity
        print_title(text((name_of(node), _HEADINGS[worst])), place(node.source), self._console)
        for line in _world_of(graph, node, self._signs):
            print_line(line, self._console, indent=2, hang=11)
        self._print(findings, node.source.file)

    def print_by_rule(self, findings: Sequence[Finding]) -> None:
        """Each rule with the places it speaks about, the worst rules first; a fix that fits them all stands once."""
        groups: dict[str, list[Finding]] = defaultdict(list)
        for finding in sorted(findings, key=lambda one: (one.rank, one.rule)):
            groups[finding.rule].append(finding)
        for rule, group in groups.items():
            self._console.print()
            head = text((rule, _HEADINGS[group[0].severity]), f"  {group[0].title}")
            print_line(joined(head, (f"  {count(len(group), 'finding')}", "dim")), self._console, hang=2)
            self._print(group, None, rule=rule)

    def print_by_file(self, findings: Sequence[Finding]) -> None:
        """Each file with its findings, in the order of the names."""
        groups: dict[str, list[Finding]] = defaultdict(list)
        for finding in findings:
            groups[finding.file or place(finding.source)].append(finding)
        for name in sorted(groups):
            self._console.print()
            head = text((name, "bold cyan"), (f"  {count(len(groups[name]), 'finding')}", "dim"))
            print_line(head, self._console)
            self._print(groups[name], groups[name][0].source.file)

    # The findings of a group

    def _print(self, findings: Sequence[Finding], file: str | None, *, rule: str | None = None) -> None:
        """Print findings, those about the same statement with the same fix together, each fix once in a row.

        Args:
            findings: of one group.
            file: in the heading, so that a place in it is its line alone.
            rule: in the heading.
        """
        findings, remarks = (findings, []) if self._whole else _fold_remarks(findings)
        ordered = sorted(findings, key=lambda one: (one.rank, one.file or "", one.line or 0, one.rule))
        groups: dict[tuple[object, ...], list[Finding]] = {}
        for finding in ordered:
            alone = () if finding.excerpt else (finding.rule, finding.fingerprint)
            key = (finding.source.file, finding.line, finding.excerpt, finding.fix, *alone)
            groups.setdefault(key, []).append(finding)
        blocks = list(groups.values())
        for number, group in enumerate(blocks):
            if self.brief and group[0].severity not in _BAD:
                for finding in group:
                    self._print_briefly(finding, file, rule)
                continue
            following = blocks[number + 1] if number + 1 < len(blocks) else None
            again = (
                following is not None
                and following[0].fix == group[0].fix
                and following[0].rule == group[0].rule
                and not (self.brief and following[0].severity not in _BAD)
            )
            self._print_group(group, file, rule, fix="" if again or not self._fixes else group[0].fix)
        for same in remarks:
            self._print_remarks(same, file, rule)

    def _print_remarks(self, same: Sequence[Finding], file: str | None, rule: str | None) -> None:
        """What a rule remarks in one file: what that is, and where, once for all its places."""
        self.has_folded = True
        severity = (same[0].severity.upper(), SEVERITY_STYLES[same[0].severity])
        name = text(" ", (same[0].rule, "bold"), f"  {same[0].title}: ") if rule is None else text("  ")
        line = joined(severity, name, *_listed([*map(text, _places(same, file))], _SHOWN_PLACES))
        print_line(line, self._console, indent=2, hang=2)

    def _print_briefly(self, finding: Finding, file: str | None, rule: str | None) -> None:
        head = self._head(finding, file, rule)
        print_line(joined(head, "  ", _message(finding)), self._console, indent=2, hang=2)

    def _head(self, finding: Finding, file: str | None, rule: str | None) -> Text:
        severity = (finding.severity.upper(), SEVERITY_STYLES[finding.severity])
        name = text() if rule else text(" ", (finding.rule, "bold"))
        return joined(severity, name, (f"  {_where(finding, file, rule)}", "dim"))

    def _print_group(self, group: Sequence[Finding], file: str | None, rule: str | None, *, fix: str) -> None:
        console = self._console
        for finding in group:
            head = self._head(finding, file, rule)
            where = _where(finding, file, rule)
            if cell_width(head) + 2 <= console.width:
                put(joined("  ", head), console)
            else:  # a place is never folded, so that it can be followed and copied
                put(joined("  ", head[: len(head.plain) - len(where) - 2]), console)
                put(joined("    ", (where, "dim")), console)
            print_line(_message(finding), console, indent=4)
        bar = self._signs.bar
        for line in _excerpt(group, self._signs):
            for folded in fold(line, console.width - 4, hang=len(bar) + 3):
                put(joined("    ", ("" if folded.plain.startswith(bar) else f"{bar}   ", "dim"), folded), console)
        if fix:
            _print_fix(fix, console)


def _where(finding: Finding, file: str | None, rule: str | None = None) -> str:
    """The place of a finding; in a live account the resource, and the account where that is not in the heading."""
    if finding.source.call:
        return ", ".join((in_words(finding.resource), *([place(finding.source)] if rule else ())))
    return line_of(finding.source) if file and finding.source.file == file and finding.line else place(finding.source)


def _fold_remarks(findings: Sequence[Finding]) -> tuple[list[Finding], list[list[Finding]]]:
    """The findings that stand alone, and the remarks of one rule in one file or account, where they are several."""
    same: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.severity == _REMARK:
            same[finding.rule, finding.file or place(finding.source)].append(finding)
    folded = [group for group in same.values() if len(group) > 1]
    taken = {id(finding) for group in folded for finding in group}
    return [finding for finding in findings if id(finding) not in taken], folded


def _places(same: Sequence[Finding], file: str | None) -> Iterator[str]:
    """What each of some remarks is about and its place, in file order; what is about one thing names it once."""
    lines: dict[str, list[str]] = defaultdict(list)
    for finding in sorted(same, key=lambda one: (one.file or "", one.line or 0, one.resource)):
        where = "" if finding.source.call else _where(finding, file)
        lines[in_words(finding.resource)].append(where)
    for resource, places in lines.items():
        yield " ".join((f"`{resource}`", *dict.fromkeys(each for each in places if each)))


def _message(finding: Finding) -> Text:
    adjusted = f" ({in_words(finding.adjusted)})" if finding.adjusted else ""
    return text(in_words(finding.message) + adjusted)


def owner(finding: Finding, graph: PermissionGraph) -> str:
    """The one function a finding is shown under: itself, or the first that runs as the role it is about."""
    for node_id in finding.nodes:
        node = graph.nodes.get(node_id)
        if node is None:
            continue
        if node.kind is NodeKind.FUNCTION:
            return node.id
        if node.kind is NodeKind.ROLE:
            for edge in graph.incoming(node.id, EdgeKind.EXECUTES_AS):
                if graph.nodes[edge.source].kind is NodeKind.FUNCTION:
                    return edge.source
        if node.kind is NodeKind.ROUTE:
            for edge in graph.outgoing(node.id, EdgeKind.TRIGGERS):
                return edge.target
    return _ELSEWHERE


def _world_of(graph: PermissionGraph, node: Node, signs: Symbols) -> Iterator[Text]:
    """One line of entries, and for each role one of what it touches."""
    entries: dict[str, str] = {}
    for edge in callers_of(graph, node):
        if graph.nodes[edge.source].kind is NodeKind.PUBLIC and edge.decision is not Decision.DENY:
            entries["anyone on the internet"] = "bold red"
    for edge in sort_edges(graph, graph.incoming(node.id, EdgeKind.TRIGGERS), by="source"):
        source = graph.nodes[edge.source]
        words = f"{name_of(source)} ({auth_of(source)})" if source.kind is NodeKind.ROUTE else name_of(source)
        feeding = fed_by(graph, source)
        words += f" (from {feeding})" if feeding else ""
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
        else:
            line = joined(line, (f" ({_nothing_but(touches, role)})", "dim"))
        yield line


def _nothing_but(touches: Sequence[Touch], role: Node) -> str:
    if routine := routine_words(touches):
        return f"only {routine}"
    return "what it may touch is in no input" if role.kind is NodeKind.EXTERNAL else "may touch nothing"


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


def _print_fix(fix: str, console: Console) -> None:
    """What to write instead; code is not folded, so that it can be copied."""
    first, *rest = shortened(fix.strip().splitlines())
    if (rest and first.endswith(":")) or _CODE.match(first):
        put(text("    ", ("fix: ", "bold green"), first), console)
    else:
        print_line(text(("fix: ", "bold green"), first), console, indent=4, hang=5)
    for line in rest:
        if line.lstrip().startswith("#"):
            print_line(text(line), console, indent=9, hang=len(line) - len(line.lstrip()) + 2)
        else:
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
