"""The explorer: nodes left, the edges of the chosen node in the middle, statements and fixes right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Footer, Header, Input, OptionList, Static
from textual.widgets.option_list import Option

from permscope.audit.findings import Finding
from permscope.graph.model import Node, PermissionGraph
from permscope.report.describe import conditions_of, in_words, place, with_short_arns
from permscope.report.reasons import excerpt_of, reasons_of
from permscope.report.terminal import SEVERITY_STYLES, count, text
from permscope.tui.neighbours import Filters, Neighbour, World, title

_MOST = 2_000  # nodes listed at once; a search finds the others


class Explorer(App[None]):
    """Walk a permission graph with the keyboard.

    Args:
        graph: the permission graph.
        findings: of an audit.
    """

    TITLE = "permscope explore"
    CSS = """
    #nodes { width: 32%; border: round $surface-lighten-2; }
    #edges { width: 34%; border: round $surface-lighten-2; }
    #detail { width: 34%; border: round $surface-lighten-2; padding: 0 1; }
    OptionList:focus, #detail:focus { border: round $accent; }
    #edges { border-title-color: $text; border-title-style: bold; }
    #search { height: 3; }
    OptionList { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Search"),
        Binding("right,enter", "into", "Walk in", priority=False),
        Binding("left,backspace", "leave", "Back"),
        Binding("s", "severity", "Severity"),
        Binding("p", "public", "Public"),
        Binding("x", "foreign", "Cross-account"),
        Binding("l", "level", "Level"),
        Binding("c", "copy", "Copy fix"),
        Binding("q", "quit", "Quit"),
    ]

    def __init__(self, graph: PermissionGraph, findings: Sequence[Finding]) -> None:
        super().__init__()
        self.world = World(graph, findings)
        self.filters = Filters()
        self.node: Node | None = None
        self.listed: list[Node] = []
        self.around: list[Neighbour] = []
        self.trail: list[Node] = []

    def compose(self) -> ComposeResult:
        """Search above, three columns, keys below."""
        yield Header()
        yield Input(placeholder="name, type or ARN", id="search")
        with Horizontal():
            yield OptionList(id="nodes")
            yield OptionList(id="edges")
            with VerticalScroll(id="detail"):
                yield Static(id="text")
        yield Footer()

    def on_mount(self) -> None:
        """Begin with every node."""
        self._list()
        self.query_one("#nodes").focus()

    # What is listed

    def _list(self) -> None:
        self.listed = self.world.nodes(self.filters)
        self.sub_title = f"{count(len(self.listed), 'node')}, {self.filters.in_words()}"
        nodes = self.query_one("#nodes", OptionList)
        nodes.clear_options()
        nodes.add_options([Option(self._line(node)) for node in self.listed[:_MOST]])
        if self.listed:
            nodes.highlighted = 0
            self._show(self.listed[0])

    def _line(self, node: Node) -> Text:
        findings = self.world.findings(node)
        line = text(title(node))
        if findings:
            line.append(f" {findings[0].severity}", style=SEVERITY_STYLES[findings[0].severity])
        return line

    def _show(self, node: Node) -> None:
        self.node = node
        self.around = self.world.neighbours(node, self.filters)
        edges = self.query_one("#edges", OptionList)
        edges.clear_options()
        edges.border_title = text(title(node)).plain.replace("[", "\\[")
        edges.add_options([Option(_edge_line(each)) for each in self.around])
        self._tell(self._about(node))

    def _about(self, node: Node) -> Text:
        parts: list[str | tuple[str, str]] = [(title(node), "bold"), "\n", (place(node.source), "dim"), "\n"]
        if node.arn:
            parts += [(with_short_arns(node.arn), "dim"), "\n"]
        for finding in self.world.findings(node):
            parts += ["\n", (finding.severity.upper(), SEVERITY_STYLES[finding.severity]), f" {finding.rule}\n"]
            parts += [in_words(finding.message), "\n", (place(finding.source), "dim"), "\n"]
            parts += [("fix: ", "bold green"), finding.fix, "\n"]
        return text(*parts, keep_lines=True)

    def _why(self, each: Neighbour) -> Text:
        graph = self.world.graph
        source, target = graph.nodes[each.edge.source], graph.nodes[each.edge.target]
        parts: list[str | tuple[str, str]] = [(title(source), "bold"), "\n", each.in_words(), "\n"]
        parts += [("to ", "dim"), (title(target), "bold"), "\n"] if not each.outgoing else []
        conditions = conditions_of(each.edge)
        parts += [(f"if {conditions.removeprefix('if ')}\n", "magenta")] if conditions else []
        parts += [(f"{in_words(each.edge.reason)}\n", "yellow")] if each.edge.reason else []
        for reason in reasons_of(graph, each.edge):
            parts += ["\n", reason.words, "\n", (place(reason.source), "dim"), "\n"]
            if reason.statement is not None:
                parts += [(f"  {with_short_arns(line)}\n", "") for line in excerpt_of(reason.statement)]
        return text(*parts, keep_lines=True)

    def _tell(self, words: Text) -> None:
        self.query_one("#text", Static).update(words)

    # What is chosen

    @on(OptionList.OptionHighlighted, "#nodes")
    def _node_met(self, event: OptionList.OptionHighlighted) -> None:
        if event.option_index < len(self.listed) and self.query_one("#nodes").has_focus:
            self._show(self.listed[event.option_index])

    @on(OptionList.OptionHighlighted, "#edges")
    def _edge_met(self, event: OptionList.OptionHighlighted) -> None:
        if event.option_index < len(self.around) and self.query_one("#edges").has_focus:
            self._tell(self._why(self.around[event.option_index]))

    @on(OptionList.OptionSelected)
    def _selected(self) -> None:
        self.action_into()

    @on(Input.Changed, "#search")
    def _searched(self, event: Input.Changed) -> None:
        self.filters = replace(self.filters, text=event.value)
        self._list()

    @on(Input.Submitted, "#search")
    def _submitted(self) -> None:
        self.query_one("#nodes").focus()

    # Keys

    def action_search(self) -> None:
        """Type a part of a name."""
        self.query_one("#search").focus()

    def action_into(self) -> None:
        """From the nodes to the edges of one; along an edge to its other end."""
        edges = self.query_one("#edges", OptionList)
        if not edges.has_focus:
            if self.around:
                edges.focus()
                edges.highlighted = 0
                self._tell(self._why(self.around[0]))
            return
        at = edges.highlighted
        if at is None or self.node is None:
            return
        self.trail.append(self.node)
        self._show(self.around[at].node)
        if self.around:
            edges.highlighted = 0

    def action_leave(self) -> None:
        """To the node before; from the first one to the list."""
        if self.trail:
            self._show(self.trail.pop())
        else:
            self.query_one("#nodes").focus()
            if self.node is not None:
                self._tell(self._about(self.node))

    def action_severity(self) -> None:
        """Only nodes with findings of the next severity and worse."""
        self._filter(self.filters.next_severity())

    def action_public(self) -> None:
        """Only what anyone on the internet can reach."""
        self._filter(replace(self.filters, public=not self.filters.public))

    def action_foreign(self) -> None:
        """Only what has to do with another account."""
        self._filter(replace(self.filters, foreign=not self.filters.foreign))

    def action_level(self) -> None:
        """Only edges of the next access level."""
        self._filter(self.filters.next_level())

    def action_copy(self) -> None:
        """Put the fix of the worst finding about the node on the clipboard."""
        findings = self.world.findings(self.node) if self.node else []
        if not findings:
            self.notify("no finding here", severity="warning")
            return
        self.copy_to_clipboard(findings[0].fix)
        self.notify(f"the fix of {findings[0].rule} is copied")

    def _filter(self, filters: Filters) -> None:
        self.filters = filters
        self.trail.clear()
        self._list()
        self.query_one("#nodes").focus()


def _edge_line(each: Neighbour) -> Text:
    sign = ("→ ", "green") if each.outgoing else ("← ", "cyan")
    broken = (" not authorized", "bold red") if each.edge.authorized is False else ""
    return text(sign, in_words(each.in_words()), broken)
