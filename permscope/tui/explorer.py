"""The explorer: nodes left, the edges of the chosen node beside them, then statements and fixes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, NamedTuple

from rich.text import Text
from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, VerticalScroll
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Footer, Header, Input, OptionList, Static
from textual.widgets.option_list import Option

from permscope.audit.findings import Finding
from permscope.graph.model import Decision, EdgeKind, Node, PermissionGraph
from permscope.report.describe import Lines, conditions_of, in_words, name_of, place, place_in, with_short_arns
from permscope.report.path_text import hop_words
from permscope.report.reasons import excerpt_of, reasons_of
from permscope.report.terminal import SEVERITY_STYLES, count, text
from permscope.tui.neighbours import Filters, Neighbour, World, kind_of, title

_MOST = 2_000  # nodes listed at once; a search finds the others
_STATIONS = 3  # of the way back, shown below the edges
SEVERITY_DOTS = {**SEVERITY_STYLES, "critical": "bold red", "high": "dark_orange"}


class Station(NamedTuple):
    """A place on the way back.

    Attributes:
        node: that was shown.
        through: the edge that led there.
        at: the edge that was chosen there.
    """

    node: Node
    through: Neighbour | None
    at: int


class Explorer(App[None]):
    """Walk a permission graph with the keyboard.

    Args:
        graph: the permission graph.
        findings: of an audit.
    """

    TITLE = "permscope explore"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 (textual declares it so)
    CSS = """
    #search { border: none; height: 1; padding: 0 1; background: $surface; }
    #search:focus { background: $boost; }
    #nodes { width: 34%; border: round $surface-lighten-2; }
    #around { width: 66%; layout: horizontal; }
    #edges { width: 1fr; border: round $surface-lighten-2; border-title-style: bold; border-title-color: $text; }
    #detail { width: 1fr; border: round $surface-lighten-2; padding: 0 1; }
    #nodes, #edges, #detail { height: 1fr; scrollbar-size-vertical: 1; }
    #nodes:focus, #edges:focus, #detail:focus { border: round $accent; }
    .-narrow #nodes { width: 40%; }
    .-narrow #around { width: 60%; layout: vertical; }
    .-narrow #edges, .-narrow #detail { width: 100%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Search"),
        Binding("right,enter", "into", "Walk in", priority=False, show=False),
        Binding("left,backspace", "leave", "Back", show=False),
        Binding("s", "severity", "Severity"),
        Binding("p", "public", "Public"),
        Binding("x", "foreign", "Accounts"),
        Binding("l", "level", "Level"),
        Binding("c", "copy", "Copy fix"),
        Binding("escape", "reset", "All", show=False),
        Binding("question_mark", "help", "Help"),
        Binding("q", "quit", "Quit"),
    ]

    def __init__(self, graph: PermissionGraph, findings: Sequence[Finding]) -> None:
        super().__init__()
        self.world = World(graph, findings)
        self.filters = Filters()
        self.node: Node | None = None
        self.listed: list[Node] = []
        self.around: list[Neighbour] = []
        self.trail: list[Station] = []
        self.through: Neighbour | None = None

    def compose(self) -> ComposeResult:
        """Search above, the nodes left, the edges and statements of one right or below each other, keys below."""
        yield Header(icon="")
        yield Input(placeholder="/ name, type or ARN", id="search", compact=True)
        with Horizontal():
            yield OptionList(id="nodes")
            with Container(id="around"):
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
            return
        self.node, self.around = None, []
        edges = self.query_one("#edges", OptionList)
        edges.clear_options()
        edges.border_title = edges.border_subtitle = ""
        self._tell(text(("nothing is left: escape takes the search and all filters away", "dim")))

    def _line(self, node: Node) -> Text:
        findings = self.world.findings(node)
        line = text(("\u25cf ", SEVERITY_DOTS[findings[0].severity]) if findings else "  ", (name_of(node), ""))
        kind = kind_of(node)
        line.append_text(text((f"  {kind}" if kind else "", "dim")))
        return line

    def _show(self, node: Node, through: Neighbour | None = None) -> None:
        self.node, self.through = node, through
        inside = self.world.inside(through) if through is not None else []
        service = through.touch.service if through is not None and through.touch is not None else None
        self.around = [*inside, *self.world.neighbours(node, self.filters, service)]
        edges = self.query_one("#edges", OptionList)
        edges.clear_options()
        name = name_of(node) if through is None else through.name
        edges.border_title = _plain(title(node) if name == name_of(node) else name)
        way = [name_of(each.node) if each.through is None else each.through.name for each in self.trail[-_STATIONS:]]
        edges.border_subtitle = _plain(" > ".join([*way, name]) if self.trail else "")
        edges.add_options([Option(_edge_line(each)) for each in self.around])
        matched = through is not None and self.world.can_tell_inside(through)
        self._tell(self._about(node, len(inside) if matched else None))

    def _about(self, node: Node, inside: int | None = None) -> Text:
        parts: list[str | tuple[str, str]] = [(title(node), "bold"), "\n"]
        if inside is not None:
            parts += [f"{count(inside, 'known thing')} in it\n" if inside else "nothing in the input is in it\n"]
        parts += [(where, "dim"), "\n"] if (where := place(node.source)) else []
        if node.arn:
            parts += [(with_short_arns(node.arn), "dim"), "\n"]
        for finding in self.world.findings(node):
            parts += ["\n", (finding.severity.upper(), SEVERITY_STYLES[finding.severity]), f" {finding.rule}"]
            parts += [(f"  {place_in(finding.source, node.source)}", "dim"), "\n"]
            parts += [in_words(finding.message), "\n", ("fix: ", "bold green"), finding.fix.strip(), "\n"]
        return text(*parts, keep_lines=True)

    def _why(self, each: Neighbour) -> Text:
        graph = self.world.graph
        source, target = graph.nodes[each.edge.source], graph.nodes[each.edge.target]
        reasons = reasons_of(graph, each.edge, each.edge.actions if each.edge.kind is EdgeKind.CAN_ACCESS else None)
        lines = Lines(reason.source for reason in reasons)
        parts: list[str | tuple[str, str]] = [(name_of(source), "bold"), (" \u2192 ", "dim")]
        through = self.through.name if self.through is not None else name_of(target)
        parts += [(each.name if each.outgoing else through, "bold")]
        parts += ["\n", in_words(hop_words(each.edge)), "\n"]
        if each.edge.authorized is False:
            parts += [("not authorized\n", "bold red")]
        depends = conditions_of(each.edge)
        parts += [(f"if {depends}\n", "magenta")] if depends else []
        parts += [(f"{in_words(each.edge.reason)}\n", "yellow")] if each.edge.reason else []
        parts += [(f"{lines.heading()}\n", "dim")] if lines.heading() else []
        for reason in reasons:
            parts += ["\n", reason.words, (f"  {lines(reason.source)}", "dim"), "\n"]
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
        chosen = self.around[at]
        self.trail.append(Station(self.node, self.through, at))
        self._show(chosen.node, chosen if chosen.outgoing else None)
        if self.around:
            edges.highlighted = 0

    def action_leave(self) -> None:
        """To the node before; from the first one to the list."""
        if self.trail:
            station = self.trail.pop()
            self._show(station.node, station.through)
            self.query_one("#edges", OptionList).highlighted = station.at
        else:
            self.query_one("#nodes").focus()
            if self.node is not None:
                self._tell(self._about(self.node))

    def action_severity(self) -> None:
        """Only nodes with findings of the next severity and worse."""
        self._filter(self.filters.next_severity(self.world.severities))

    def action_reset(self) -> None:
        """Everything again, without search and filters."""
        self.query_one("#search", Input).value = ""
        self._filter(Filters())

    def action_help(self) -> None:
        """What the keys do."""
        self.push_screen(Help())

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
    broken = ("  not authorized", "bold red") if each.edge.authorized is False else ""
    unsure = ("  conditional", "magenta") if each.edge.decision is Decision.CONDITIONAL else ""
    words, name = in_words(hop_words(each.edge)), (each.name, "bold")
    if each.touch is not None and each.touch.routine:
        return text(("\u2192 ", "green"), (f"routine: {each.touch.routine}", "dim"))
    if not each.outgoing:
        return text(("\u2190 ", "cyan"), name, f"  {words}", broken, unsure)
    if each.edge.kind in (EdgeKind.CAN_ACCESS, EdgeKind.CAN_TAKE_OVER, EdgeKind.WRITES_INTO):
        return text(("\u2192 ", "green"), name, f"  {words}", broken, unsure)
    return text(("\u2192 ", "green"), words.replace(" it", "", 1), " ", name, broken, unsure)


def _plain(words: str) -> str:
    """Words for a border, where square brackets would be markup."""
    return text(words).plain.replace("[", "\\[")


class Help(ModalScreen[None]):
    """What the keys do; any key closes it."""

    CSS = """
    Help { align: center middle; }
    #help { width: 70; height: auto; max-height: 90%; border: round $accent; padding: 0 2; background: $surface; }
    """

    def compose(self) -> ComposeResult:
        """One box in the middle."""
        lines = [part for keys, words in _KEYS for part in ((f"{keys:<14}", "bold"), f"{words}\n")]
        with VerticalScroll(id="help"):
            yield Static(text(*lines, ("any key closes this", "dim"), keep_lines=True))

    def on_key(self, event: Key) -> None:
        """Close; the key does nothing else."""
        event.stop()
        self.dismiss()


_KEYS = (
    ("up, down", "choose a node, or an edge of it"),
    ("right, enter", "from a node to its edges, and along an edge"),
    ("left", "back the way you came"),
    ("tab", "to the next column; page up and down scroll it"),
    ("/", "search by name, type or ARN"),
    ("s", "only what has findings, worst first"),
    ("p", "only what anyone on the internet can reach"),
    ("x", "only what has to do with another account"),
    ("l", "only edges of one access level"),
    ("escape", "everything again"),
    ("c", "copy the fix of the worst finding"),
    ("q", "quit"),
)
