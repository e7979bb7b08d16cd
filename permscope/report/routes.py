"""`permscope graph --routes`: every way in, with how it asks who is there and what runs behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from permscope.graph.model import Edge, EdgeKind, Node, NodeKind, PermissionGraph
from permscope.inventory.source import Source
from permscope.report.describe import Places, auth_of, in_words, is_open, line_of, name_of, stack_of, type_name
from permscope.report.in_and_out import callers_of
from permscope.report.layout import joined, print_groups, print_line, print_table
from permscope.report.order import by_place
from permscope.report.terminal import Symbols, count, symbols, text
from permscope.report.unknowns import print_what_is_unknown

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_AUTH_STYLES = {"none": "bold red", "api_key": "yellow", "unknown": "yellow", "mutual_tls": "green"}


class Entry(NamedTuple):
    """One way in.

    Attributes:
        source: the route, function URL, bucket, queue, rule, ...
        edge: the wiring; None for a route behind which nothing of the input runs.
        target: what it runs or acts as.
    """

    source: Node
    edge: Edge | None
    target: Node | None


def entries_of(graph: PermissionGraph) -> tuple[list[Entry], list[Entry]]:
    """Routes and function URLs, the open ones first; then events, in file order."""
    routes: list[Entry] = []
    events: list[Entry] = []
    for node in sorted(graph.nodes.values(), key=by_place):
        wired = list(graph.outgoing(node.id, EdgeKind.TRIGGERS))
        if node.kind is NodeKind.ROUTE:
            behind = wired or list(graph.outgoing(node.id, EdgeKind.DELIVERS_TO, EdgeKind.EXECUTES_AS))
            routes.extend(Entry(node, edge, graph.nodes[edge.target]) for edge in behind)
            if not behind:
                routes.append(Entry(node, None, None))
        elif node.kind is not NodeKind.FUNCTION:
            events.extend(Entry(node, edge, graph.nodes[edge.target]) for edge in wired)
    return sorted(routes, key=_openness), events


def _openness(entry: Entry) -> tuple[int, str, str, str]:
    auth = entry.source.auth or "unknown"
    rank = {"none": 0, "unknown": 1, "api_key": 2}.get(auth, 3)
    return rank, entry.source.source.file or "", entry.source.path or "", entry.source.method or ""


def print_routes(graph: PermissionGraph, console: Console) -> None:
    """Two tables: routes with their authorization, and events with what lets them run the function."""
    signs = symbols(console)
    routes, events = entries_of(graph)
    places = Places(node.source for node in graph.nodes.values())
    print_line(_head(graph, routes), console)
    if places.folder:
        print_line(text((places.heading(), "dim")), console)
    if routes:
        console.print()
        groups = _by_file(routes, lambda entry: tuple(_route(graph, entry, signs)), places)
        print_groups(groups, console, head=("route", "authorization", "runs", "line"))
    if events:
        console.print()
        print_line(text((count(len(events), "event"), "bold")), console)
        console.print()
        groups = _by_file(events, lambda entry: tuple(_event(graph, entry, signs)), places)
        print_groups(groups, console, head=("event", "kind", "runs", "line"))
    direct = [
        (graph.nodes[edge.source], edge, function)
        for function in sorted(graph.of_kind(NodeKind.FUNCTION), key=by_place)
        for edge in callers_of(graph, function)
        if graph.nodes[edge.source].kind in (NodeKind.PUBLIC, NodeKind.ACCOUNT, NodeKind.FEDERATED)
    ]
    if direct:
        console.print()
        print_line(
            text((f"{count(len(direct), 'direct caller')} let in by the function's own policy", "bold")), console
        )
        console.print()
        print_table(
            [
                (
                    text((name_of(source), "bold red" if source.kind is NodeKind.PUBLIC else "bold")),
                    text(f"{signs.arrow} {name_of(target)}"),
                    text((next((places(one.source) for one in edge.provenance if one.source.file), ""), "dim")),
                )
                for source, edge, target in direct
            ],
            console,
            head=("caller", "runs", "where"),
        )
    print_what_is_unknown(graph, console)


def _head(graph: PermissionGraph, routes: list[Entry]) -> Text:
    if not routes:
        return text(("no route in the input", "bold"))
    nodes = {entry.source.id: entry.source for entry in routes}
    open_routes = sum(1 for node in nodes.values() if is_open(graph, node))
    style = "bold red" if open_routes else "bold"
    return text((count(len(nodes), "route"), "bold"), ", ", (f"{open_routes} open to anyone", style))


def _by_file(
    entries: list[Entry], row: Callable[[Entry], tuple[Text, ...]], places: Places
) -> dict[str, list[tuple[Text, ...] | Text]]:
    found: dict[str, list[tuple[Text, ...] | Text]] = {}
    for entry in entries:
        rows = found.setdefault(places.file(_source(entry)), [])
        rows.append(row(entry))
        why = _why(entry)
        if why is not None:
            rows.append(why)
    return found


def _source(entry: Entry) -> Source:
    """Where a route stands; where an event is wired."""
    if entry.source.kind is NodeKind.ROUTE or entry.edge is None:
        return entry.source.source
    return next((one.source for one in entry.edge.provenance if one.source.file), entry.source.source)


def _route(graph: PermissionGraph, entry: Entry, signs: Symbols) -> Iterator[Text]:
    yield text((name_of(entry.source), "bold"))
    style, limited = _AUTH_STYLES.get(entry.source.auth or "unknown", "green"), ""
    if entry.source.auth == "none" and not is_open(graph, entry.source):
        style, limited = "yellow", ", not for everyone"
    yield text((auth_of(entry.source) + limited, style))
    yield _runs(entry, signs)
    yield text((_line(graph, entry), "dim"))


def _event(graph: PermissionGraph, entry: Entry, signs: Symbols) -> Iterator[Text]:
    yield text((name_of(entry.source), "bold"))
    event = (entry.edge.event if entry.edge else None) or ""
    kind = type_name(entry.source)
    words = event.replace("-", " ").replace("_", " ")
    yield text(kind, (f", {words}" if words else "", "dim"))
    yield _runs(entry, signs)
    yield text((_line(graph, entry), "dim"))


def _line(graph: PermissionGraph, entry: Entry) -> str:
    stack = stack_of(graph, entry.target or entry.source)
    return line_of(_source(entry)) + (f" in {stack}" if stack else "")


def _runs(entry: Entry, signs: Symbols) -> Text:
    if entry.edge is None or entry.target is None:
        return text(("nothing in the input", "dim"))
    verb = {EdgeKind.EXECUTES_AS: "acts as ", EdgeKind.DELIVERS_TO: "delivers to "}.get(entry.edge.kind, "")
    line = text((f"{signs.arrow} ", "dim"), verb, name_of(entry.target))
    match entry.edge.authorized:
        case True:
            mark = text((f" {signs.yes}", "green"))
        case False:
            mark = text((f" {signs.no} not authorized", "bold red"))
        case _:
            mark = text((f" {signs.unsure} unknown", "yellow"))
    disabled = text((" disabled", "dim")) if entry.edge.attributes.get("enabled") is False else text()
    return joined(line, mark, disabled)


def _why(entry: Entry) -> Text | None:
    """Why a wiring is not, or not surely, authorized: the first reason and how many more there are."""
    if entry.edge is None or entry.edge.authorized is True or not entry.edge.reason:
        return None
    first, *more = entry.edge.reason.split("; ")
    others = f" and {count(len(more), 'more reason')}" if more else ""
    return text((in_words(first) + others, "red" if entry.edge.authorized is False else "yellow"))
