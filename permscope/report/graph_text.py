"""`permscope graph` for the terminal: each function with who invokes it and what it touches.

From 110 columns the entry points stand left, the role in the middle and what it touches right; below that each function
is a tree. Above 40 functions only a table is shown, most exposed first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from permscope.graph.model import Edge, EdgeKind, Node, NodeKind, PermissionGraph
from permscope.report.describe import (
    LEFTOVERS,
    actions_in_words,
    auth_of,
    counted,
    exposed_functions,
    name_of,
    place_of,
    type_name,
)
from permscope.report.in_and_out import (
    at,
    authorization,
    conditional,
    deliveries_of,
    doubt,
    entries_of,
    fed,
    spot,
    touched,
)
from permscope.report.layout import (
    Branch,
    cell_width,
    joined,
    print_columns,
    print_line,
    print_title,
    print_tree,
    stripped,
)
from permscope.report.order import by_place, sort_edges
from permscope.report.overview import print_overview
from permscope.report.terminal import Symbols, count, symbols, text
from permscope.report.touches import PERMISSIONS, touches_of
from permscope.report.unknowns import print_unknowns

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_MANY = 40  # functions above which only a table is shown, unless the focus is narrowed
_WIDE = 110  # columns from which entries, role and resources stand side by side
_FEW_LINES = 2  # of what a role touches, that are said again for each that runs as it
_PRINCIPALS = (NodeKind.ROLE, NodeKind.USER, NodeKind.GROUP)


def print_graph(
    graph: PermissionGraph,
    console: Console,
    *,
    whole: bool = False,
    within: PermissionGraph | None = None,
    first: Node | None = None,
) -> None:
    """Print the graph, one block per function, then one per other actor.

    Args:
        graph: what to print; a focused graph is printed whole.
        console: where to.
        whole: every function in full, however many there are.
        within: the graph that a focused one is a part of, so that what is shown is shown with all around it.
        first: whose block comes before the others.
    """
    signs = symbols(console)
    print_line(headline(graph, signs), console)
    functions = sorted(graph.of_kind(NodeKind.FUNCTION), key=by_place)
    if len(functions) > _MANY and not whole:
        print_overview(graph, functions, console)
        return
    world = within or graph
    others = [node for node in sorted(graph.nodes.values(), key=by_place) if _is_other_actor(world, node)]
    page = _Page(world, console, functions)
    for node in sorted((*functions, *others), key=lambda node: node != first):
        console.print()
        page.print(node)
    if not functions and not others:
        print_line(text(("no function and no other actor in the input", "dim")), console)
    print_unknowns(graph, console)


def headline(graph: PermissionGraph, signs: Symbols) -> Text:
    """`3 functions, 1 open to anyone · 3 roles · 2 routes · 6 resources · 1 unknown`."""
    functions = list(graph.of_kind(NodeKind.FUNCTION))
    exposed = len(exposed_functions(graph))
    parts = [
        count(counted(graph, NodeKind.ROLE), "role"),
        count(counted(graph, NodeKind.ROUTE), "route"),
        count(counted(graph, NodeKind.RESOURCE), "resource"),
        count(len(graph.unknowns), "unknown"),
    ]
    return text(
        (count(len(functions), "function"), "bold"),
        (f", {exposed} open to anyone", "bold red") if exposed else "",
        ("".join(f" {signs.dot} {part}" for part in parts), "bold"),
    )


class _Page:
    """Blocks of one page: their columns are equally wide, and what a role touches is said once.

    Args:
        graph: the graph.
        console: where to print.
        functions: those that will stand side by side.
    """

    def __init__(self, graph: PermissionGraph, console: Console, functions: Sequence[Node]) -> None:
        self._graph = graph
        self._console = console
        self._signs = symbols(console)
        self._said: set[str] = set()
        self._columns = self._fitting(functions) if console.width >= _WIDE else None

    def print(self, node: Node) -> None:
        """Print the block of a function or another actor."""
        if self._columns is not None and node.kind is NodeKind.FUNCTION:
            self._print_side_by_side(node, self._columns)
        else:
            print_tree(self._tree(node), self._console, where=place_of(self._graph, node))

    def _fitting(self, functions: Sequence[Node]) -> tuple[int, int, int]:
        """Cells of entries, role and what it touches: the first two no wider than they need, the rest for the third."""
        graph, signs = self._graph, self._signs
        room = self._console.width - 2 - 4 - 2 * len(signs.flow)
        roles = [
            cell_width(line)
            for node in functions
            for edge, role in _roles(graph, node)
            for line in self._role(node, edge, role)
        ]
        entries = [entry for node in functions for entry in entries_of(graph, node, signs)]
        touching = [
            cell_width(joined(name, *details))
            for node in functions
            for _, role in _roles(graph, node)
            for name, details in touched(touches_of(graph, role), signs, role)
        ]
        both = max(room * 58 // 100, room - max([room // 4, *touching]))
        asked = max([len(_NO_ROLE), *roles])
        most = max(room * 30 // 100, both - asked)
        needed = [cell_width(line) for name, details in entries for line in _stacked(name, details, most)]
        left = min(max([len(_NO_ENTRY), *needed]), most)
        middle = min(asked, both - left)
        return left, middle, room - left - middle

    def _role(self, node: Node, edge: Edge, role: Node) -> list[Text]:
        name = joined((name_of(role), "bold"), doubt(edge, self._signs), conditional(edge, self._signs))
        return _stacked(name, [text(at(role, node))], 0)

    def _touched(self, role: Node) -> list[tuple[Text, list[Text]]]:
        """What a role touches; in one line where that was said before."""
        lines = list(touched(touches_of(self._graph, role), self._signs, role))
        if len(lines) > _FEW_LINES:
            if role.id in self._said:
                return [(text(("what it touches stands above", "dim")), [])]
            self._said.add(role.id)
        return lines

    def _tree(self, node: Node) -> Branch:
        graph, signs = self._graph, self._signs
        root = Branch(_title(node))
        feeding = fed(graph, node)
        if feeding.plain:
            root.under.append(Branch(stripped(feeding)))
        entries = list(entries_of(graph, node, signs))
        if entries:
            branch = root.add(("invoked by", "bold"))
            branch.under.extend(Branch(joined(name, *details)) for name, details in entries)
        elif node.kind is NodeKind.FUNCTION:
            root.add((_NO_ENTRY, "dim"))
        for edge in graph.outgoing(node.id, EdgeKind.TRIGGERS):
            root.add(("runs ", "bold"), (name_of(graph.nodes[edge.target]), "bold"), authorization(edge, signs))
        for edge, role in _roles(graph, node):
            where = (doubt(edge, signs), conditional(edge, signs), at(role, node))
            branch = root.add(("runs as ", "bold"), (name_of(role), "bold"), *where)
            branch.under.extend(Branch(joined(name, *details)) for name, details in self._touched(role))
        for name, details in deliveries_of(graph, node, signs):
            root.add(("delivers to ", "bold"), name, *details)
        if node.kind is NodeKind.ROUTE:
            _add_calls(graph, node, root, signs)
        if node.kind in _PRINCIPALS:
            self._add_principal(node, root)
        return root

    def _add_principal(self, node: Node, root: Branch) -> None:
        """Who may become a role or user, and what it touches itself."""
        graph = self._graph
        for edge in sort_edges(graph, graph.incoming(node.id, EdgeKind.CAN_ASSUME), by="source"):
            source = graph.nodes[edge.source]
            style = "bold red" if source.kind is NodeKind.PUBLIC else "bold"
            words = ("  may become it", conditional(edge, self._signs), spot(edge, node))
            root.under.append(Branch(joined((name_of(source), style), *words)))
        root.under.extend(Branch(joined(name, *details)) for name, details in self._touched(node))

    def _print_side_by_side(self, node: Node, columns: tuple[int, int, int]) -> None:
        graph, signs = self._graph, self._signs
        print_title(_title(node), place_of(graph, node), self._console)
        left_width, middle_width, right_width = columns
        left = [line for name, more in entries_of(graph, node, signs) for line in _stacked(name, more, left_width)]
        widths = [left_width, len(signs.flow), middle_width, len(signs.flow), right_width]
        arrow = text((signs.flow, "dim"))
        roles: list[tuple[Edge, Node] | None] = [*_roles(graph, node)] or [None]
        for number, found in enumerate(roles):
            middle, right = [text((_NO_ROLE, "dim"))], []
            if found is not None:
                middle = self._role(node, *found)
                for name, details in self._touched(found[1]):
                    right.extend(_stacked(name, details, right_width))
            if number == len(roles) - 1:
                for name, details in deliveries_of(graph, node, signs):
                    right.extend(_stacked(joined(("delivers to ", "bold"), name), details, right_width))
            entries = (left or [text((_NO_ENTRY, "dim"))]) if number == 0 else []
            cells = [entries, [arrow] if left and number == 0 else [], middle, [arrow] if right else [], right]
            print_columns(cells, widths, self._console, gap=1, indent=2)


_NO_ENTRY = "nothing in the input invokes it"
_NO_ROLE = "no role in the input"


def _add_calls(graph: PermissionGraph, node: Node, root: Branch, signs: Symbols) -> None:
    """What an integration of an AWS service does, and to what."""
    for edge in sort_edges(graph, graph.outgoing(node.id, EdgeKind.CAN_ACCESS), by="target"):
        target = graph.nodes[edge.target]
        name = "what the request names" if "${Unknown::" in target.id else name_of(target)
        actions = (f"  {actions_in_words(edge.actions)}", "dim")
        root.add(("calls ", "bold"), name, authorization(edge, signs), actions)


def _stacked(name: Text, details: Iterable[Text], width: int) -> list[Text]:
    """A name and its details on one line where they fit, else the details below the name and its first detail."""
    from rich.cells import cell_len

    parts = [*details, text()]
    line = joined(name, *parts)
    if cell_len(line.plain) <= width:
        return [line]
    rest = stripped(joined(*parts[1:]))
    return [joined(name, parts[0]), *([joined("  ", rest)] if rest.plain else [])]


def _title(node: Node) -> Text:
    auth = f"  {auth_of(node)}" if node.kind is NodeKind.ROUTE else ""
    kind = "" if node.kind is NodeKind.FUNCTION else f"  {type_name(node)}"
    return text((name_of(node), "bold cyan"), (f"{kind}{auth}", ""))


def _roles(graph: PermissionGraph, node: Node) -> Iterator[tuple[Edge, Node]]:
    for edge in graph.outgoing(node.id, EdgeKind.EXECUTES_AS):
        yield edge, graph.nodes[edge.target]


def _is_shown_with_its_feeders(graph: PermissionGraph, node: Node) -> bool:
    """Whether a node has a block of its own, or stands among the entries of a function."""
    acts = any(graph.outgoing(node.id, EdgeKind.EXECUTES_AS, EdgeKind.TRIGGERS))
    return acts or node.kind is NodeKind.FUNCTION


def _is_other_actor(graph: PermissionGraph, node: Node) -> bool:
    """What is no function and acts with a role, or hands on to what is shown nowhere else; roles nothing acts as."""
    if node.kind in (NodeKind.RESOURCE, NodeKind.ROUTE):
        return any(graph.outgoing(node.id, EdgeKind.EXECUTES_AS)) or any(
            not _is_shown_with_its_feeders(graph, graph.nodes[edge.target])
            for edge in graph.outgoing(node.id, EdgeKind.DELIVERS_TO)
            if edge.event not in LEFTOVERS
        )
    if node.kind not in _PRINCIPALS or any(graph.incoming(node.id, EdgeKind.EXECUTES_AS)):
        return False
    return any(graph.outgoing(node.id, *PERMISSIONS)) or any(graph.incoming(node.id, EdgeKind.CAN_ASSUME))
