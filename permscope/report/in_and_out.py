"""What runs a function, what a role touches, where it delivers: each a name and parts of what there is to say of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from permscope.catalog.actions import load
from permscope.graph.model import Decision, Edge, EdgeKind, Node, NodeKind, PermissionGraph
from permscope.inventory.source import Source
from permscope.inventory.tokens import as_written
from permscope.report.describe import (
    actions_in_words,
    auth_of,
    conditions_of,
    fed_by,
    feeders,
    in_words,
    is_open,
    name_of,
    place_in,
    type_name,
)
from permscope.report.layout import joined
from permscope.report.order import sort_edges
from permscope.report.terminal import Symbols, count, levels, text
from permscope.report.touches import Touch, bundled, routine_words, without_repeated

if TYPE_CHECKING:
    from rich.text import Text


def entries_of(graph: PermissionGraph, node: Node, signs: Symbols) -> Iterator[tuple[Text, list[Text]]]:
    """What runs a function: the name, and in parts what there is to say of it."""
    if node.kind is not NodeKind.FUNCTION:
        return
    wired = sort_edges(graph, graph.incoming(node.id, EdgeKind.TRIGGERS), by="source")
    callers = callers_of(graph, node)
    strangers = [edge for edge in callers if graph.nodes[edge.source].kind is NodeKind.PUBLIC]
    yield from (_caller(graph, edge, node, signs) for edge in strangers)
    for edge in wired:
        source = graph.nodes[edge.source]
        open_to_all = source.kind is NodeKind.ROUTE and is_open(graph, source)
        name = joined((name_of(source), "bold red" if open_to_all else "bold"), authorization(edge, signs))
        disabled = text(("  disabled", "dim")) if edge.attributes.get("enabled") is False else text()
        kind = text(f"  {_kind_words(source, edge)}")
        yield name, [text(), kind, fed(graph, source), _qualifier(edge), disabled, *_why_not(edge, node)]
    for edge in callers:
        if edge not in strangers:
            yield _caller(graph, edge, node, signs)


def wired_by(graph: PermissionGraph, node: str) -> set[Source]:
    """Where the statements stand that make the wirings of a function work."""
    wired = graph.incoming(node, EdgeKind.TRIGGERS)
    return {one.source for edge in wired for one in edge.provenance if one.fact is not None}


def callers_of(graph: PermissionGraph, node: Node) -> list[Edge]:
    """Who may call a function itself, strangers first, without what its wirings say already."""
    said = wired_by(graph, node.id)
    callers = sort_edges(graph, graph.incoming(node.id, EdgeKind.CAN_INVOKE), by="source")
    return [edge for edge in callers if not is_behind(graph, edge, said)]


def is_behind(graph: PermissionGraph, edge: Edge, said: set[Source]) -> bool:
    """Whether a permission only says what a wiring says already: of a service, or of anybody by way of the URL."""
    if not {one.source for one in edge.provenance} <= said:
        return False
    kind = graph.nodes[edge.source].kind
    return kind is NodeKind.SERVICE or (kind is NodeKind.PUBLIC and is_by_url(edge))


def is_by_url(edge: Edge) -> bool:
    """Whether a permission to invoke is good for calls of the function URL only.

    https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
    """
    if edge.actions and edge.actions <= load().expand("lambda:InvokeFunctionUrl"):
        return True
    keys = {key.lower() for asked in edge.conditions.values() if isinstance(asked, Mapping) for key in asked}
    return not keys.isdisjoint(("lambda:functionurlauthtype", "lambda:invokedviafunctionurl"))


def fed(graph: PermissionGraph, source: Node) -> Text:
    """What hands something to the queue, rule or data source that is wired."""
    feeding = fed_by(graph, source)
    exposed = any(is_open(graph, one) for one in feeders(graph, source))
    return text((f"  from {feeding}" if feeding else "", "red" if exposed else ""))


def _caller(graph: PermissionGraph, edge: Edge, node: Node, signs: Symbols) -> tuple[Text, list[Text]]:
    source = graph.nodes[edge.source]
    name = text((name_of(source), "bold red" if source.kind is NodeKind.PUBLIC else "bold"))
    return name, [text(), text("  may call it"), _qualifier(edge), conditional(edge, signs), spot(edge, node)]


def _why_not(edge: Edge, node: Node) -> list[Text]:
    """Why a wiring is not, or not surely, authorized: the first reason and how many more there are."""
    reason = ""
    if edge.authorized is not True and edge.reason:
        first, *more = edge.reason.split("; ")
        reason = f"  {in_words(first)}" + (f" and {count(len(more), 'more reason')}" if more else "")
    return [text((reason, "red" if edge.authorized is False else "yellow")), spot(edge, node)]


def spot(edge: Edge, node: Node) -> Text:
    """Where an edge is written, as seen from a node."""
    found = next((place_in(one.source, node.source) for one in edge.provenance if one.source.file), "")
    return text((f"  {found}" if found else "", "dim"))


def _kind_words(source: Node, edge: Edge) -> str:
    words = auth_of(source) if source.kind is NodeKind.ROUTE else type_name(source)
    event = (edge.event or edge.mechanism or "").replace("_", " ").replace("-", " ")
    return f"{words}, {event}" if event and source.kind is not NodeKind.ROUTE else words


def touched(touches: list[Touch], signs: Symbols, role: Node) -> Iterator[tuple[Text, list[Text]]]:
    """What a role touches: the name, and in parts what there is to say of it."""
    if not touches:
        is_known = role.kind is not NodeKind.EXTERNAL
        yield text(("may touch nothing in the input" if is_known else "what it may touch is in no input", "dim")), []
    single, together = bundled(without_repeated(touches))
    for touch in single:
        if touch.routine:
            continue
        verb = f"{touch.verb} " if touch.verb else ""
        kind = f"  {touch.kind}" if touch.kind else ""
        name = text((verb, "bold"), (touch.name, "bold yellow" if touch.is_wide else "bold"), (kind, "dim"))
        shown = text("  ", *levels(touch.actions.levels())) if touch.actions and not touch.verb else text()
        actions = f"  {actions_in_words(touch.actions)}" if touch.actions and not touch.verb else ""
        qualifier = _qualifier(touch.edge) if touch.verb == "invoke" else text()
        yield name, [shown, text((actions, "dim")), qualifier, conditional(touch.edge, signs)]
    for bundle in together:
        style = "bold yellow" if bundle.words.startswith("every") else "bold"
        name = text((f"{bundle.words} ", style), (", ".join(bundle.services), style), (" (*)", style))
        yield name, [conditional(bundle.edge, signs)]
    routine = routine_words(touches)
    if routine:
        yield text((f"routine: {routine}", "dim")), []


def deliveries_of(graph: PermissionGraph, node: Node, signs: Symbols) -> Iterator[tuple[Text, list[Text]]]:
    """Where a function or another actor delivers what it has done, or could not do."""
    for edge in sort_edges(graph, graph.outgoing(node.id, EdgeKind.DELIVERS_TO), by="target"):
        target = graph.nodes[edge.target]
        event = (edge.event or "").replace("-", " ")
        yield (
            text(name_of(target)),
            [text((f"  {event}", "dim")), authorization(edge, signs), *_why_not(edge, node)[:1]],
        )


def authorization(edge: Edge, signs: Symbols) -> Text:
    """Whether a wiring is authorized."""
    match edge.authorized:
        case True:
            return text((f" {signs.yes}", "green"))
        case False:
            return text((f" {signs.no} not authorized", "bold red"))
        case _:
            return text((f" {signs.unsure} authorization unknown", "yellow"))


def doubt(edge: Edge, signs: Symbols) -> Text:
    """Nothing where all is as it should be."""
    return text() if edge.authorized is True else authorization(edge, signs)


def conditional(edge: Edge, signs: Symbols) -> Text:
    """What an edge depends on."""
    words = conditions_of(edge)
    if words:
        return text((f"  if {words}", "magenta"))
    if edge.decision is Decision.CONDITIONAL and edge.kind is not EdgeKind.EXECUTES_AS:
        return text((f"  {signs.unsure} {edge.reason or 'conditional'}", "magenta"))
    return text()


def _qualifier(edge: Edge) -> Text:
    return text((f"  on :{as_written(edge.qualifier)}", "magenta")) if edge.qualifier else text()


def at(node: Node, around: Node) -> tuple[str, str]:
    """Where a node stands, as seen from another; nothing where that is the same place."""
    return (f"  {place_in(node.source, around.source)}" if node.source != around.source else ""), "dim"
