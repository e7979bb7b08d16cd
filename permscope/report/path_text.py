"""`permscope path` for the terminal: every way as a chain, then its hops, each with the statement that allows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from permscope.catalog.action_set import LEVELS, ActionSet
from permscope.graph.model import Decision, Edge, EdgeKind, Node, NodeKind, PermissionGraph
from permscope.graph.takeover.feeding import feeding_actions
from permscope.report.describe import (
    Lines,
    actions_in_words,
    auth_of,
    conditions_of,
    in_words,
    name_of,
    with_short_arns,
)
from permscope.report.layout import fold, joined, print_line, put
from permscope.report.reasons import Reason, excerpt_of, narrowed, reasons_of, statement_words
from permscope.report.terminal import Symbols, count, symbols, text
from permscope.report.unknowns import print_what_is_unknown

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from permscope.graph.questions.cut import Cut, Removal
    from permscope.graph.questions.paths import Hop, Path

_FEW = 3
_SHOWN_REASONS = 3
_SHOWN_BROKEN = 12


def print_paths(
    paths: Sequence[Path],
    graph: PermissionGraph,
    console: Console,
    *,
    start: Node,
    end: Node,
    limit: int | None = None,
    cut: Cut | None = None,
) -> None:
    """The ways as chains, what to cut, then each hop with its statements; a hop of several ways is explained once.

    Args:
        paths: the shortest first.
        graph: what they were found in.
        console: where to print.
        start: where they begin.
        end: where they end.
        limit: how many ways were asked for, where there may be more.
        cut: the statements to remove; None where that was not asked.
    """
    signs = symbols(console)
    told = _Told(paths, graph, console)
    number = count(len(paths), "path") if paths else "no path"
    more = f", the shortest {'one' if limit == 1 else 'ones'}: --limit shows more" if len(paths) == limit else ""
    print_line(text((f"{number} from {name_of(start)} to {name_of(end)}", "bold"), (more, "dim")), console)
    for at, path in enumerate(paths, 1):
        chain = joined(f"{at:>2}  ", *_chain(path, signs))
        conditional = "  under conditions" if path.decision is Decision.CONDITIONAL else ""
        print_line(joined(chain, (conditional, "magenta")), console, indent=1, hang=4)
    if told.lines.heading():
        print_line(text((told.lines.heading(), "dim")), console)
    if cut is not None:
        _print_cut(cut, graph, console, told.lines)
    for at, path in enumerate(paths, 1):
        console.print()
        heading = f"path {at}" if len(paths) > 1 else count(len(path.hops), "hop")
        print_line(text((heading, "bold cyan")), console)
        told.print_hops(path, at)
    print_what_is_unknown(graph, console)


def _chain(path: Path, signs: Symbols) -> Iterator[str | tuple[str, str]]:
    """The stations of a way, a role only where nothing acts with it."""
    for at, hop in enumerate(path.hops):
        if at == 0:
            yield hop_name(hop.source), "bold red" if hop.source.kind is NodeKind.PUBLIC else "bold"
        if hop.edge.kind is EdgeKind.EXECUTES_AS and at + 1 < len(path.hops):
            continue
        yield f" {signs.arrow} ", "dim"
        yield hop_name(hop.target), "bold" if at + 1 == len(path.hops) else ""


def _print_cut(cut: Cut, graph: PermissionGraph, console: Console, lines: Lines) -> None:
    """The statements to remove, and what else would stop working."""
    console.print()
    if not cut.possible:
        print_line(text(("no statements to cut: some of it needs no statement", "bold")), console)
        return
    if not cut.statements:
        print_line(text(("nothing to cut", "bold")), console)
        return
    if cut.instead:
        words = f"any one of these {1 + len(cut.instead)} statements to remove, and no path is left"
        print_line(text((words, "bold green")), console)
        for one in (*cut.statements, *cut.instead)[:_SHOWN_BROKEN]:
            _print_removal(one, console, lines)
            _print_broken(one.broken, graph, console, 4, most=_FEW)
        return
    few = "no fewer do, short of taking a role away" if cut.smallest else "fewer may do"
    words = f"{count(len(cut.statements), 'statement')} to remove, and no path is left"
    print_line(text((words, "bold green"), (f"  ({few})" if len(cut.statements) > 1 else "", "dim")), console)
    for one in cut.statements:
        _print_removal(one, console, lines)
    _print_broken(cut.broken, graph, console, 2, most=_SHOWN_BROKEN)


def _print_removal(one: Removal, console: Console, lines: Lines) -> None:
    words = statement_words(one.said).removeprefix("statement ")
    holder = f", from {name_of(one.holder)}" if one.holder is not None else ""
    source = one.source if one.source.line or one.holder is None else one.holder.source
    print_line(text((f"{words}{holder}", "bold"), (f"  {lines(source)}", "dim")), console, indent=2, hang=2)


def _print_broken(edges: Sequence[Edge], graph: PermissionGraph, console: Console, indent: int, *, most: int) -> None:
    """What else would stop working; a service that the removed statement itself lets in is no news."""
    broken = [edge for edge in edges if graph.nodes[edge.source].kind is not NodeKind.SERVICE]
    if not broken:
        print_line(text(("nothing else would stop working", "dim")), console, indent=indent)
        return
    print_line(text(("what else would stop working:", "yellow")), console, indent=indent)
    for edge in broken[:most]:
        words = f"{name_of(graph.nodes[edge.source])} {edge_words(edge)} {name_of(graph.nodes[edge.target])}"
        print_line(text(words), console, indent=indent + 2, hang=2)
    if len(broken) > most:
        more = f"and {len(broken) - most} more; --format json has them all"
        print_line(text((more, "dim")), console, indent=indent + 2)


class _Told:
    """Prints hops, each with its statements the first time it is met."""

    def __init__(self, paths: Sequence[Path], graph: PermissionGraph, console: Console) -> None:
        self._graph = graph
        self._console = console
        self._signs = symbols(console)
        self._before: dict[tuple[object, ...], str] = {}
        every = (reason for path in paths for at in range(len(path.hops)) for reason in self._reasons(path, at))
        self.lines = Lines(reason.source for reason in every)

    def print_hops(self, path: Path, number: int) -> None:
        """Numbered hops."""
        for at, hop in enumerate(path.hops):
            actions = self._actions(path, at)
            key = (id(hop.edge), hop.source.id, hop.target.id, actions)
            before = self._before.get(key)
            self._print_hop(hop, at + 1, actions, before)
            if before is None:
                self._before[key] = f"path {number}, hop {at + 1}"
                print_reasons(self._reasons(path, at), self._console, 6, self.lines, actions=actions)

    def _print_hop(self, hop: Hop, number: int, actions: ActionSet, before: str | None) -> None:
        graph, signs = self._graph, self._signs
        through = graph.nodes[hop.edge.target] is not hop.target
        line = joined(
            f"{number:>2}. ",
            (hop_name(hop.source), "bold red" if hop.source.kind is NodeKind.PUBLIC else "bold"),
            (f" {signs.arrow} ", "dim"),
            (hop_name(hop.target), "bold"),
            f"  {hop_words(hop.edge, actions)}",
            (f", granted on {name_of(graph.nodes[hop.edge.target])}" if through else "", "yellow"),
            *conditions(hop.edge),
            (f"  (see {before})" if before else "", "dim"),
        )
        print_line(line, self._console, indent=1, hang=4)

    def _actions(self, path: Path, at: int) -> ActionSet:
        return hop_actions(self._graph, path.hops[at], path.hops[at + 1] if at + 1 < len(path.hops) else None)

    def _reasons(self, path: Path, at: int) -> list[Reason]:
        return reasons_of(self._graph, path.hops[at].edge, self._actions(path, at) or None)


def hop_actions(graph: PermissionGraph, hop: Hop, following: Hop | None) -> ActionSet:
    """The actions of a hop that matter on the way: those that set the next hop going, else those on its target."""
    actions = narrowed(graph, hop.edge, hop.target.arn)
    if following is not None and following.edge.kind in (EdgeKind.TRIGGERS, EdgeKind.DELIVERS_TO):
        return (actions & feeding_actions(hop.target.type)) or actions
    return actions


def hop_name(node: Node) -> str:
    """The name of a node, of a route with its authorization."""
    return f"{name_of(node)} ({auth_of(node)})" if node.kind is NodeKind.ROUTE else name_of(node)


def hop_words(edge: Edge, actions: ActionSet | None = None) -> str:
    """What happens on an edge, in a few words."""
    match edge.kind:
        case EdgeKind.TRIGGERS:
            return f"triggers it ({(edge.event or edge.mechanism or '').replace('-', ' ')})"
        case EdgeKind.EXECUTES_AS:
            return "runs as"
        case EdgeKind.CAN_INVOKE:
            return "may call it"
        case EdgeKind.CAN_ACCESS:
            return _access_words(edge.actions if actions is None else actions)
        case EdgeKind.CAN_TAKE_OVER | EdgeKind.WRITES_INTO:
            return in_words(edge.reason or edge.kind.value.replace("_", " "))
        case EdgeKind.CAN_PASS:
            return "may pass it"
        case EdgeKind.CAN_ASSUME:
            return "may become it"
        case _:
            return edge.kind.value.replace("_", " ")


def _access_words(actions: ActionSet) -> str:
    if len(actions) <= _FEW:
        return f"may {actions_in_words(actions)}"
    levels = actions.levels()
    said = "access at every level" if len(levels) == len(LEVELS) else f"{', '.join(levels)} access"
    return f"has {said} ({count(len(actions), 'action')})"


def edge_words(edge: Edge) -> str:
    """What an edge is, between the names of its ends."""
    return {
        EdgeKind.TRIGGERS: "runs",
        EdgeKind.CAN_INVOKE: "may invoke",
        EdgeKind.CAN_ASSUME: "may become",
        EdgeKind.CAN_ACCESS: "may use",
        EdgeKind.CAN_PASS: "may pass",
        EdgeKind.EXECUTES_AS: "runs as",
        EdgeKind.DELIVERS_TO: "delivers to",
        EdgeKind.CAN_TAKE_OVER: "may take over",
        EdgeKind.WRITES_INTO: "makes run",
    }.get(edge.kind, edge.kind.value.replace("_", " "))


def print_reasons(
    reasons: Iterable[Reason], console: Console, indent: int, lines: Lines, *, actions: ActionSet | None = None
) -> None:
    """The first few reasons with their places, and of a statement its text, as far as it is about some actions."""
    signs = symbols(console)
    every = _together(reasons)
    for reason in every[:_SHOWN_REASONS]:
        where = lines(reason.source)
        print_line(text((reason.words, "dim"), (f"  {where}" if where else "", "dim")), console, indent=indent, hang=2)
        for line in _statement(reason, signs, actions):
            for folded in fold(line, console.width - indent - 2, hang=len(signs.bar) + 3):
                bar = "" if folded.plain.startswith(signs.bar) else f"{signs.bar}   "
                put(joined(" " * (indent + 2), (bar, "dim"), folded), console)

    if len(every) > _SHOWN_REASONS:
        more = f"and {len(every) - _SHOWN_REASONS} more that allow the same; --format json has them all"
        print_line(text((more, "dim")), console, indent=indent)


def _together(reasons: Iterable[Reason]) -> list[Reason]:
    """Reasons of which no text is shown and which stand at the same place in one line."""
    found: list[Reason] = []
    for reason in reasons:
        before = found[-1] if found else None
        if before and before.source == reason.source and not (_is_shown(before) or _is_shown(reason)):
            found[-1] = before._replace(words=f"{before.words}, {reason.words}")
        else:
            found.append(reason)
    return found


def _is_shown(reason: Reason) -> bool:
    return reason.statement is not None and "trust policy of" not in reason.words


def _statement(reason: Reason, signs: Symbols, actions: ActionSet | None) -> Iterator[Text]:
    """The lines of a statement that say what is allowed; of a wiring and a trust policy there are none."""
    if reason.statement is None or not _is_shown(reason):
        return
    for line in excerpt_of(reason.statement, actions):
        if not line.startswith("Effect: Allow"):
            yield text((f"{signs.bar} {with_short_arns(line, signs.ellipsis)}", "dim"))


def conditions(edge: Edge, decision: Decision | None = None) -> list[tuple[str, str]]:
    """What an edge depends on, as a coloured part of a line; nothing where it depends on nothing."""
    words = conditions_of(edge)
    if not words and (decision or edge.decision) is Decision.CONDITIONAL:
        words = edge.reason or "conditions that are not known hold"
    return [(f"  if {words}", "magenta")] if words else []
