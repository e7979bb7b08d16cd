"""`permscope graph` for the terminal: each function with who invokes it and what it touches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from permscope.graph.model import Decision, Edge, EdgeKind, Node, NodeKind, PermissionGraph
from permscope.report.describe import actions_of, auth_of, conditions_of, counted, name_of, place, type_name
from permscope.report.terminal import Symbols, count, levels, symbols, text, tree

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text
    from rich.tree import Tree

_MANY = 40  # functions above which only summaries are shown, unless the focus is narrowed


def print_graph(graph: PermissionGraph, console: Console, *, whole: bool = False) -> None:
    """Print the graph as one tree per function, then one per other actor.

    Args:
        graph: what to print; a focused graph is printed whole.
        console: where to.
        whole: every function in full, however many there are.
    """
    signs = symbols(console)
    console.print(headline(graph, signs))
    functions = sorted(graph.of_kind(NodeKind.FUNCTION), key=_by_place)
    if len(functions) > _MANY and not whole:
        for node in functions:
            console.print(_summary(graph, node, signs))
        console.print(text(("\nuse --focus NAME to see one of them, --all for every detail", "dim")))
        return
    for node in functions:
        console.print()
        console.print(function_tree(graph, node, signs))
    others = [node for node in sorted(graph.nodes.values(), key=_by_place) if _is_other_actor(graph, node)]
    for node in others:
        console.print()
        console.print(actor_tree(graph, node, signs))
    if not functions and not others:
        console.print(text(("no function and no other actor in the input", "dim")))
    print_unknowns(graph, console)


def headline(graph: PermissionGraph, signs: Symbols) -> Text:
    """`3 functions · 3 roles · 2 routes · 1 unknown`."""
    parts = [
        count(counted(graph, NodeKind.FUNCTION), "function"),
        count(counted(graph, NodeKind.ROLE), "role"),
        count(counted(graph, NodeKind.ROUTE), "route"),
        count(counted(graph, NodeKind.RESOURCE), "resource"),
        count(len(graph.edges), "edge"),
        count(len(graph.unknowns), "unknown"),
    ]
    return text((f" {signs.dot} ".join(parts), "bold"))


def print_unknowns(graph: PermissionGraph, console: Console, limit: int = 10) -> None:
    """The unknowns, the first few in full."""
    if not graph.unknowns:
        return
    console.print()
    console.print(text((count(len(graph.unknowns), "unknown"), "bold yellow"), " (what the input does not tell)"))
    for one in graph.unknowns[:limit]:
        console.print(text("  ", one.what, ": ", one.why, (f"  {place(one.source)}", "dim")))
    if len(graph.unknowns) > limit:
        console.print(text((f"  and {len(graph.unknowns) - limit} more; --format json has them all", "dim")))


def function_tree(graph: PermissionGraph, node: Node, signs: Symbols) -> Tree:
    """One function: entries above, role and resources below."""
    root = tree(_title(node))
    entries = list(_entries(graph, node, signs))
    branch = root.add(text(("invoked by", "bold")) if entries else text(("invoked by nothing in the input", "dim")))
    for entry in entries:
        branch.add(entry)
    _add_roles(graph, node, root, signs)
    _add_deliveries(graph, node, root, signs)
    return root


def actor_tree(graph: PermissionGraph, node: Node, signs: Symbols) -> Tree:
    """Something else that acts with a role: a state machine, a pipe, a route straight to a service."""
    root = tree(_title(node))
    for edge in graph.outgoing(node.id, EdgeKind.TRIGGERS):
        root.add(_line(text("runs ", (name_of(graph.nodes[edge.target]), "bold")), _authorization(edge, signs)))
    _add_roles(graph, node, root, signs)
    _add_deliveries(graph, node, root, signs)
    return root


def _title(node: Node) -> Text:
    auth = f"  {auth_of(node)}" if node.kind is NodeKind.ROUTE else ""
    return text((name_of(node), "bold cyan"), (f"  {type_name(node)}{auth}", ""), (f"  {place(node.source)}", "dim"))


def _summary(graph: PermissionGraph, node: Node, signs: Symbols) -> Text:
    entries = sum(1 for _ in graph.incoming(node.id, EdgeKind.TRIGGERS, EdgeKind.CAN_INVOKE))
    roles = [edge.target for edge in graph.outgoing(node.id, EdgeKind.EXECUTES_AS)]
    touched = {edge.target for role in roles for edge in graph.outgoing(role, EdgeKind.CAN_ACCESS)}
    return text(
        (name_of(node), "bold cyan"),
        f"  {count(entries, 'entry', 'entries')} {signs.dot} touches {count(len(touched), 'target')}",
        (f"  {place(node.source)}", "dim"),
    )


def _entries(graph: PermissionGraph, node: Node, signs: Symbols) -> Iterator[Tree | Text]:
    said = set()
    for edge in _sorted(graph, graph.incoming(node.id, EdgeKind.TRIGGERS), by="source"):
        source = graph.nodes[edge.source]
        said |= {one.source for one in edge.provenance if one.fact is not None}
        label = text((name_of(source), "bold"), f"  {_kind_words(source, edge)}")
        disabled = text(("  disabled", "dim")) if edge.attributes.get("enabled") is False else text()
        yield _line(label, _qualifier(edge), disabled, _authorization(edge, signs), (f"  {_edge_place(edge)}", "dim"))
    for edge in _sorted(graph, graph.incoming(node.id, EdgeKind.CAN_INVOKE), by="source"):
        source = graph.nodes[edge.source]
        if source.kind is NodeKind.SERVICE and {one.source for one in edge.provenance} <= said:
            continue  # the statement behind a wiring above
        style = "bold red" if source.kind is NodeKind.PUBLIC else "bold"
        yield _line(
            text((name_of(source), style), f"  may call {actions_of(edge)}"),
            _qualifier(edge),
            _conditional(edge, signs),
            (f"  {_edge_place(edge)}", "dim"),
        )


def _kind_words(source: Node, edge: Edge) -> str:
    words = auth_of(source) if source.kind is NodeKind.ROUTE else type_name(source)
    event = (edge.event or edge.mechanism or "").replace("_", " ").replace("-", " ")
    return f"{words}, {event}" if event and source.kind is not NodeKind.ROUTE else words


def _add_roles(graph: PermissionGraph, node: Node, root: Tree, signs: Symbols) -> None:
    for edge in graph.outgoing(node.id, EdgeKind.EXECUTES_AS):
        role = graph.nodes[edge.target]
        branch = root.add(
            _line(text(("runs as ", "bold"), (name_of(role), "bold")), _authorization(edge, signs), _place(role))
        )
        kinds = (EdgeKind.CAN_ACCESS, EdgeKind.CAN_INVOKE, EdgeKind.CAN_PASS, EdgeKind.CAN_ASSUME)
        reached = list(_sorted(graph, graph.outgoing(role.id, *kinds), by="target"))
        if not reached:
            branch.add(text(("may touch nothing in the input", "dim")))
        for access in reached:
            branch.add(_access(graph, access, signs))


def _access(graph: PermissionGraph, edge: Edge, signs: Symbols) -> Text:
    target = graph.nodes[edge.target]
    style = "bold yellow" if target.kind is NodeKind.RESOURCE_SET else ""
    verb = {EdgeKind.CAN_PASS: "may pass ", EdgeKind.CAN_ASSUME: "may become "}.get(edge.kind, "")
    return _line(
        text(verb, (name_of(target), style), (f"  {type_name(target)}  ", "dim")),
        text(*levels(edge.actions.levels())) if edge.actions else text(),
        (f"  {actions_of(edge)}", "dim") if edge.actions else text(),
        _conditional(edge, signs),
    )


def _add_deliveries(graph: PermissionGraph, node: Node, root: Tree, signs: Symbols) -> None:
    for edge in _sorted(graph, graph.outgoing(node.id, EdgeKind.DELIVERS_TO), by="target"):
        target = graph.nodes[edge.target]
        event = (edge.event or "").replace("-", " ")
        label = text(("delivers to ", "bold"), name_of(target), (f"  {event}", "dim"))
        root.add(_line(label, _authorization(edge, signs)))


def _authorization(edge: Edge, signs: Symbols) -> Text:
    match edge.authorized:
        case True:
            return text((f"  {signs.yes}", "green"))
        case False:
            return text((f"  {signs.no} not authorized", "bold red"))
        case _:
            return text((f"  {signs.unsure} authorization unknown", "yellow"))


def _conditional(edge: Edge, signs: Symbols) -> Text:
    words = conditions_of(edge)
    if words:
        return text((f"  if {words}" if not words.startswith("if ") else f"  {words}", "magenta"))
    if edge.decision is Decision.CONDITIONAL:
        return text((f"  {signs.unsure} conditional", "magenta"))
    return text()


def _qualifier(edge: Edge) -> Text:
    return text((f"  on :{edge.qualifier}", "magenta")) if edge.qualifier else text()


def _place(node: Node) -> tuple[str, str]:
    return f"  {place(node.source)}", "dim"


def _edge_place(edge: Edge) -> str:
    return place(edge.provenance[0].source) if edge.provenance else ""


def _line(*parts: Text | tuple[str, str]) -> Text:
    made = text()
    for part in parts:
        made.append_text(text(part) if isinstance(part, tuple) else part)
    return made


def _sorted(graph: PermissionGraph, edges: Iterable[Edge], *, by: str) -> list[Edge]:
    return sorted(
        edges, key=lambda edge: (_ORDER.get(graph.nodes[getattr(edge, by)].kind, 9), edge.kind, getattr(edge, by))
    )


_ORDER = {
    NodeKind.PUBLIC: 0,
    NodeKind.ROUTE: 1,
    NodeKind.RESOURCE: 2,
    NodeKind.FUNCTION: 3,
    NodeKind.SERVICE: 4,
    NodeKind.ACCOUNT: 5,
    NodeKind.EXTERNAL: 6,
    NodeKind.RESOURCE_SET: 7,
}


def _by_place(node: Node) -> tuple[str, int, str]:
    return node.source.file or "", node.source.line or 0, node.id


def _is_other_actor(graph: PermissionGraph, node: Node) -> bool:
    return node.kind in (NodeKind.RESOURCE, NodeKind.ROUTE) and any(graph.outgoing(node.id, EdgeKind.EXECUTES_AS))
