"""`permscope graph` for the terminal: each function with who invokes it and what it touches.

From 110 columns the entry points stand left, the role in the middle and what it touches right; below that each function
is a tree. Above 40 functions only a table is shown, most exposed first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from permscope.graph.model import Decision, Edge, EdgeKind, Node, NodeKind, PermissionGraph
from permscope.inventory.tokens import has_unknown
from permscope.report.describe import (
    LEFTOVERS,
    Places,
    actions_in_words,
    auth_of,
    conditions_of,
    counted,
    fed_by,
    feeders,
    in_words,
    is_exposed,
    is_open,
    name_of,
    place,
    place_in,
    type_name,
)
from permscope.report.layout import (
    Branch,
    fitting,
    joined,
    print_columns,
    print_line,
    print_table,
    print_title,
    print_tree,
    stripped,
)
from permscope.report.terminal import LETTERS, LEVEL_STYLES, Symbols, count, levels, symbols, text
from permscope.report.touches import PERMISSIONS, Touch, bundled, routine_words, touches_of

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_MANY = 40  # functions above which only a table is shown, unless the focus is narrowed
_WIDE = 110  # columns from which entries, role and resources stand side by side
_SHOWN_UNKNOWNS = 10
_PRINCIPALS = (NodeKind.ROLE, NodeKind.USER, NodeKind.GROUP)


def print_graph(
    graph: PermissionGraph, console: Console, *, whole: bool = False, within: PermissionGraph | None = None
) -> None:
    """Print the graph, one block per function, then one per other actor.

    Args:
        graph: what to print; a focused graph is printed whole.
        console: where to.
        whole: every function in full, however many there are.
        within: the graph that a focused one is a part of, so that what is shown is shown with all around it.
    """
    signs = symbols(console)
    print_line(headline(graph, signs), console)
    functions = sorted(graph.of_kind(NodeKind.FUNCTION), key=by_place)
    if len(functions) > _MANY and not whole:
        _print_overview(graph, functions, console)
        return
    world = within or graph
    others = [node for node in sorted(graph.nodes.values(), key=by_place) if _is_other_actor(world, node)]
    for node in (*functions, *others):
        console.print()
        if console.width >= _WIDE and node.kind is NodeKind.FUNCTION:
            _print_side_by_side(world, node, console)
        else:
            print_tree(_tree(world, node, console), console, where=place(node.source))
    if not functions and not others:
        print_line(text(("no function and no other actor in the input", "dim")), console)
    print_unknowns(graph, console)


def headline(graph: PermissionGraph, signs: Symbols) -> Text:
    """`3 functions, 1 open to anyone · 3 roles · 2 routes · 6 resources · 1 unknown`."""
    functions = list(graph.of_kind(NodeKind.FUNCTION))
    exposed = sum(1 for node in functions if is_exposed(graph, node))
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


def print_unknowns(graph: PermissionGraph, console: Console, limit: int = _SHOWN_UNKNOWNS) -> None:
    """The unknowns, the first few in full."""
    if not graph.unknowns:
        return
    console.print()
    heading = text((count(len(graph.unknowns), "unknown"), "bold yellow"), " (what the input does not tell)")
    print_line(heading, console)
    for one in graph.unknowns[:limit]:
        line = text(in_words(one.what), ": ", in_words(one.why), (f"  {place(one.source)}", "dim"))
        print_line(line, console, indent=2, hang=2)
    if len(graph.unknowns) > limit:
        more = f"and {len(graph.unknowns) - limit} more; --format json has them all"
        print_line(text((more, "dim")), console, indent=2)


def print_what_is_unknown(graph: PermissionGraph, console: Console) -> None:
    """One line that unknowns may add to an answer."""
    if graph.unknowns:
        number = count(len(graph.unknowns), "unknown")
        words = f"{number} in the input may add to this; permscope graph lists {'it' if number[:2] == '1 ' else 'them'}"
        console.print()
        print_line(text((words, "yellow")), console)


# One function


def _tree(graph: PermissionGraph, node: Node, console: Console) -> Branch:
    signs = symbols(console)
    root = Branch(_title(node))
    feeding = _fed(graph, node)
    if feeding.plain:
        root.under.append(Branch(stripped(feeding)))
    entries = list(_entries(graph, node, signs))
    if entries:
        branch = root.add(("invoked by", "bold"))
        branch.under.extend(Branch(joined(name, *details)) for name, details in entries)
    elif node.kind is NodeKind.FUNCTION:
        root.add(("nothing in the input invokes it", "dim"))
    for edge in graph.outgoing(node.id, EdgeKind.TRIGGERS):
        root.add(("runs ", "bold"), (name_of(graph.nodes[edge.target]), "bold"), _authorization(edge, signs))
    for edge, role in _roles(graph, node):
        where = (_doubt(edge, signs), _conditional(edge, signs), _at(role, node))
        branch = root.add(("runs as ", "bold"), (name_of(role), "bold"), *where)
        touches = touches_of(graph, role)
        branch.under.extend(Branch(joined(name, *details)) for name, details in _touched(touches, signs))
    for name, details in _deliveries(graph, node, signs):
        root.add(("delivers to ", "bold"), name, *details)
    if node.kind is NodeKind.ROUTE:
        _add_calls(graph, node, root, signs)
    if node.kind in _PRINCIPALS:
        _add_principal(graph, node, root, signs)
    return root


def _add_calls(graph: PermissionGraph, node: Node, root: Branch, signs: Symbols) -> None:
    """What an integration of an AWS service does, and to what."""
    for edge in sort_edges(graph, graph.outgoing(node.id, EdgeKind.CAN_ACCESS), by="target"):
        target = graph.nodes[edge.target]
        name = "what the request names" if has_unknown(target.label) else name_of(target)
        actions = (f"  {actions_in_words(edge.actions)}", "dim")
        root.add(("calls ", "bold"), name, _authorization(edge, signs), actions)


def _add_principal(graph: PermissionGraph, node: Node, root: Branch, signs: Symbols) -> None:
    """Who may become a role or user, and what it touches itself."""
    for edge in sort_edges(graph, graph.incoming(node.id, EdgeKind.CAN_ASSUME), by="source"):
        source = graph.nodes[edge.source]
        style = "bold red" if source.kind is NodeKind.PUBLIC else "bold"
        line = joined((name_of(source), style), "  may become it", _conditional(edge, signs), _spot(edge, node))
        root.under.append(Branch(line))
    root.under.extend(Branch(joined(name, *details)) for name, details in _touched(touches_of(graph, node), signs))


def _print_side_by_side(graph: PermissionGraph, node: Node, console: Console) -> None:
    signs = symbols(console)
    print_title(_title(node), place(node.source), console)
    room = console.width - 2 - 4 - 2 * len(signs.flow)
    middle_width, left_width = min(room * 25 // 100, 36), min(room * 30 // 100, 52)
    right_width = room - left_width - middle_width
    left = [line for name, details in _entries(graph, node, signs) for line in _stacked(name, details, left_width)]
    widths = [left_width, len(signs.flow), middle_width, len(signs.flow), right_width]
    arrow = text((signs.flow, "dim"))
    roles: list[tuple[Edge, Node] | None] = [*_roles(graph, node)] or [None]
    for number, found in enumerate(roles):
        middle, right = [text(("no role in the input", "dim"))], []
        if found is not None:
            edge, role = found
            middle = _stacked(joined((name_of(role), "bold"), _doubt(edge, signs)), [text(_at(role, node))], 0)
            for name, details in _touched(touches_of(graph, role), signs):
                right.extend(_stacked(name, details, right_width))
        if number == len(roles) - 1:
            for name, details in _deliveries(graph, node, signs):
                right.extend(_stacked(joined(("delivers to ", "bold"), name), details, right_width))
        entries = (left or [text(("nothing in the input invokes it", "dim"))]) if number == 0 else []
        cells = [entries, [arrow] if left and number == 0 else [], middle, [arrow] if right else [], right]
        print_columns(cells, widths, console, gap=1, indent=2)


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


def _entries(graph: PermissionGraph, node: Node, signs: Symbols) -> Iterator[tuple[Text, list[Text]]]:
    """What runs a function: the name, and in parts what there is to say of it."""
    said = set()
    if node.kind is not NodeKind.FUNCTION:
        return
    wired = sort_edges(graph, graph.incoming(node.id, EdgeKind.TRIGGERS), by="source")
    callers = sort_edges(graph, graph.incoming(node.id, EdgeKind.CAN_INVOKE), by="source")
    strangers = [edge for edge in callers if graph.nodes[edge.source].kind is NodeKind.PUBLIC]
    yield from (_caller(graph, edge, node, signs) for edge in strangers)
    for edge in wired:
        source = graph.nodes[edge.source]
        said |= {one.source for one in edge.provenance if one.fact is not None}
        open_to_all = source.kind is NodeKind.ROUTE and is_open(graph, source)
        name = joined((name_of(source), "bold red" if open_to_all else "bold"), _authorization(edge, signs))
        disabled = text(("  disabled", "dim")) if edge.attributes.get("enabled") is False else text()
        kind = text(f"  {_kind_words(source, edge)}")
        yield name, [text(), kind, _fed(graph, source), _qualifier(edge), disabled, *_why_not(edge, node)]
    for edge in callers:
        behind_a_wiring = {one.source for one in edge.provenance} <= said
        if edge not in strangers and not (graph.nodes[edge.source].kind is NodeKind.SERVICE and behind_a_wiring):
            yield _caller(graph, edge, node, signs)


def _fed(graph: PermissionGraph, source: Node) -> Text:
    """What hands something to the queue, rule or data source that is wired."""
    feeding = fed_by(graph, source)
    exposed = any(is_open(graph, one) for one in feeders(graph, source))
    return text((f"  from {feeding}" if feeding else "", "red" if exposed else ""))


def _caller(graph: PermissionGraph, edge: Edge, node: Node, signs: Symbols) -> tuple[Text, list[Text]]:
    source = graph.nodes[edge.source]
    name = text((name_of(source), "bold red" if source.kind is NodeKind.PUBLIC else "bold"))
    return name, [text(), text("  may call it"), _qualifier(edge), _conditional(edge, signs), _spot(edge, node)]


def _why_not(edge: Edge, node: Node) -> list[Text]:
    """Why a wiring is not, or not surely, authorized: the first reason and how many more there are."""
    reason = ""
    if edge.authorized is not True and edge.reason:
        first, *more = edge.reason.split("; ")
        reason = f"  {in_words(first)}" + (f" and {count(len(more), 'more reason')}" if more else "")
    return [text((reason, "red" if edge.authorized is False else "yellow")), _spot(edge, node)]


def _spot(edge: Edge, node: Node) -> Text:
    found = next((place_in(one.source, node.source) for one in edge.provenance if one.source.file), "")
    return text((f"  {found}" if found else "", "dim"))


def _kind_words(source: Node, edge: Edge) -> str:
    words = auth_of(source) if source.kind is NodeKind.ROUTE else type_name(source)
    event = (edge.event or edge.mechanism or "").replace("_", " ").replace("-", " ")
    return f"{words}, {event}" if event and source.kind is not NodeKind.ROUTE else words


def _touched(touches: list[Touch], signs: Symbols) -> Iterator[tuple[Text, list[Text]]]:
    """What a role touches: the name, and in parts what there is to say of it."""
    if not touches:
        yield text(("may touch nothing in the input", "dim")), []
    single, together = bundled(touches)
    for touch in single:
        if touch.routine:
            continue
        verb = f"{touch.verb} " if touch.verb else ""
        kind = f"  {touch.kind}" if touch.kind else ""
        name = text((verb, "bold"), (touch.name, "bold yellow" if touch.is_wide else "bold"), (kind, "dim"))
        shown = text("  ", *levels(touch.actions.levels())) if touch.actions and not touch.verb else text()
        actions = f"  {actions_in_words(touch.actions)}" if touch.actions and not touch.verb else ""
        qualifier = _qualifier(touch.edge) if touch.verb == "invoke" else text()
        yield name, [shown, text((actions, "dim")), qualifier, _conditional(touch.edge, signs)]
    for words, services in together.items():
        style = "bold yellow" if words.startswith("every") else "bold"
        yield text((f"{words} ", style), (", ".join(services), style), (" (*)", style)), []
    routine = routine_words(touches)
    if routine:
        yield text((f"routine: {routine}", "dim")), []


def _deliveries(graph: PermissionGraph, node: Node, signs: Symbols) -> Iterator[tuple[Text, list[Text]]]:
    for edge in sort_edges(graph, graph.outgoing(node.id, EdgeKind.DELIVERS_TO), by="target"):
        target = graph.nodes[edge.target]
        event = (edge.event or "").replace("-", " ")
        yield (
            text(name_of(target)),
            [text((f"  {event}", "dim")), _authorization(edge, signs), *_why_not(edge, node)[:1]],
        )


def _authorization(edge: Edge, signs: Symbols) -> Text:
    match edge.authorized:
        case True:
            return text((f" {signs.yes}", "green"))
        case False:
            return text((f" {signs.no} not authorized", "bold red"))
        case _:
            return text((f" {signs.unsure} authorization unknown", "yellow"))


def _doubt(edge: Edge, signs: Symbols) -> Text:
    """Nothing where all is as it should be."""
    return text() if edge.authorized is True else _authorization(edge, signs)


def _conditional(edge: Edge, signs: Symbols) -> Text:
    words = conditions_of(edge)
    if words:
        return text((f"  if {words.removeprefix('if ')}", "magenta"))
    if edge.decision is Decision.CONDITIONAL and edge.kind is not EdgeKind.EXECUTES_AS:
        return text((f"  {signs.unsure} {edge.reason or 'conditional'}", "magenta"))
    return text()


def _qualifier(edge: Edge) -> Text:
    return text((f"  on :{edge.qualifier}", "magenta")) if edge.qualifier else text()


def _at(node: Node, around: Node) -> tuple[str, str]:
    return (f"  {place_in(node.source, around.source)}" if node.source != around.source else ""), "dim"


def sort_edges(graph: PermissionGraph, edges: Iterable[Edge], *, by: str) -> list[Edge]:
    """Edges by the kind of node at one end (`source` or `target`), the widest first."""
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


def by_place(node: Node) -> tuple[str, int, str]:
    """File order."""
    return node.source.file or "", node.source.line or 0, node.id


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


# Many functions


def _print_overview(graph: PermissionGraph, functions: list[Node], console: Console) -> None:
    """What stands out, then a line per function."""
    signs = symbols(console)
    lines = {node.id: _Line(graph, node) for node in functions}
    notes = Counter(note for line in lines.values() for note in line.notes)
    console.print()
    for note, style in _NOTES.items():
        if notes[note]:
            line = text((f"{notes[note]:>5}  ", "bold"), (f"{note:<15}", f"bold {style}"), _MEANING[note])
            print_line(line, console, hang=22)
    places = Places(node.source for node in functions)
    if places.folder:
        print_line(text((places.heading(), "dim")), console)
    console.print()
    ordered = sorted(functions, key=lambda node: (lines[node.id].rank, *by_place(node)))
    marked = [node for node in ordered if lines[node.id].notes] if len(ordered) > _ROWS else ordered
    listed = marked[:_ROWS]
    rows = [lines[node.id].row(node, signs) for node in listed]
    head = _HEAD if console.width >= _ROOMY else _SHORT_HEAD
    room = max(console.width - sum(fitting(rows, console.width, head=head)) - 2 * len(head), _PLACE)
    placed = [
        (*row, text((_short(places(node.source), room, signs), "dim"))) for row, node in zip(rows, listed, strict=True)
    ]
    print_table(placed, console, head=(*head, "where"))
    if len(marked) > len(listed):
        print_line(text((f"and {count(len(marked) - len(listed), 'more function')} like these", "dim")), console)
    if len(ordered) > len(marked):
        rest = count(len(ordered) - len(marked), "function")
        print_line(text((f"{'and ' if marked else ''}{rest} in which nothing stands out", "dim")), console)
    console.print()
    print_line(text(("--focus NAME shows one of them, --all every detail", "dim")), console)
    print_unknowns(graph, console)


_HEAD = ("function", "entries", "targets", "access", "")
_SHORT_HEAD = ("function", "in", "out", "access", "")
_ROOMY = 100  # columns from which the heads are whole words
_ROWS = 60  # functions listed; of more, only those in which something stands out
_PLACE = 20  # cells that a place gets at least


def _short(where: str, room: int, signs: Symbols) -> str:
    """The end of a place, which tells most, where there is no room for all of it."""
    from rich.cells import cell_len

    if cell_len(where) <= room:
        return where
    return signs.ellipsis + where[len(signs.ellipsis) - room :]


_NOTES = {
    "open": "red",
    "broken wiring": "red",
    "wide": "yellow",
    "unknown": "yellow",
}


_MEANING = {
    "open": "anyone on the internet can run it",
    "broken wiring": "something is wired to it that may not run it",
    "wide": "its role has more than the routine on every resource (*)",
    "unknown": "whether a wiring is authorized depends on something the input does not tell",
}


class _Line:
    """What one line says of a function among many.

    Args:
        graph: the graph.
        node: a function.
    """

    def __init__(self, graph: PermissionGraph, node: Node) -> None:
        entries = list(graph.incoming(node.id, EdgeKind.TRIGGERS, EdgeKind.CAN_INVOKE))
        touches = [each for _, role in _roles(graph, node) for each in touches_of(graph, role) if not each.routine]
        self.entries = len({edge.source for edge in entries})
        self.targets = len({(each.target.id, each.service) for each in touches})
        self.levels = {level for each in touches for level in each.actions.levels()}
        found = []
        if is_exposed(graph, node):
            found.append("open")
        wired = [edge for edge in entries if edge.kind is EdgeKind.TRIGGERS]
        if any(edge.authorized is False for edge in wired):
            found.append("broken wiring")
        if any(each.is_wide and each.target.label == "*" for each in touches):
            found.append("wide")
        if any(edge.authorized is None for edge in wired):
            found.append("unknown")
        self.notes = found
        noted = [note in found for note in _NOTES]
        self.rank = (-sum(noted), [not each for each in noted], -len(self.levels), -self.targets)

    def row(self, node: Node, signs: Symbols) -> tuple[Text, ...]:
        """The cells of a table."""
        letters = joined(
            *(
                (
                    LETTERS[level] if level in self.levels else signs.dot,
                    LEVEL_STYLES[level] if level in self.levels else "dim",
                )
                for level in LETTERS
            )
        )
        notes = joined(*((f"{', ' if at else ''}{note}", _NOTES[note]) for at, note in enumerate(self.notes)))
        return (
            text((name_of(node), "bold cyan")),
            text(f"{self.entries:>2}"),
            text(f"{self.targets:>3}"),
            letters,
            notes,
        )
