"""Answers to who-can, what-can and path, as text and as JSON."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from permscope.catalog.action_set import LEVELS, ActionSet
from permscope.catalog.actions import load
from permscope.graph.feeding import feeding_actions
from permscope.graph.model import Decision, Edge, EdgeKind, Node, NodeKind, PermissionGraph
from permscope.report.describe import (
    actions_in_words,
    auth_of,
    conditions_of,
    in_words,
    name_of,
    place,
    type_name,
    with_short_arns,
)
from permscope.report.graph_json import edge_document, node_document, unknown_documents
from permscope.report.graph_text import print_what_is_unknown
from permscope.report.layout import Branch, fold, joined, print_line, print_tree, put
from permscope.report.reasons import Reason, excerpt_of, narrowed, reasons_of
from permscope.report.terminal import LEVEL_STYLES, Symbols, count, symbols, text
from permscope.report.touches import Touch, routine_words, touches_of

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from permscope.graph.asking import Answer
    from permscope.graph.paths import Hop, Path
    from permscope.graph.queries import Reach

WHO_CAN_SCHEMA = "permscope/who-can/1"
WHAT_CAN_SCHEMA = "permscope/what-can/1"
PATH_SCHEMA = "permscope/path/1"
_SHOWN_NAMES = 8
_MISSING = 3


# who-can


def print_who_can(
    answers: Sequence[Answer], graph: PermissionGraph, console: Console, *, action: str, resource: str, explain: bool
) -> None:
    """Each principal on a line, with what acts as it and where that is said; with `explain` the statements."""
    wanted = load().expand(action)
    sure = sum(1 for answer in answers if answer.decision is Decision.ALLOW)
    number = count(len(answers), "principal") if answers else "nobody in the input"
    unsure = f", {len(answers) - sure} of them under conditions" if len(answers) > sure else ""
    print_line(text((f"{number} can {action} on {in_words(resource)}{unsure}", "bold")), console)
    for answer in answers:
        node = answer.principal
        users = acting_as(graph, node)
        allowed = answer.edge.actions & wanted
        why = reasons_of(graph, answer.edge, wanted)
        line = text(
            (name_of(node), "bold red" if node.kind is NodeKind.PUBLIC else "bold"),
            (f"  {type_name(node)}", "dim"),
            f"  used by {', '.join(users)}" if users else "",
            f"  {actions_in_words(allowed)}" if len(wanted) > 1 else "",
            *_conditions(answer.edge, answer.decision),
            (f"  {place(why[0].source)}" if why and not explain else "", "dim"),
        )
        print_line(line, console, indent=2, hang=2)
        if explain:
            _print_reasons(why, console, 4)
    print_what_is_unknown(graph, console)


def acting_as(graph: PermissionGraph, role: Node) -> list[str]:
    """Names of what acts as a role."""
    return sorted({name_of(graph.nodes[edge.source]) for edge in graph.incoming(role.id, EdgeKind.EXECUTES_AS)})


# what-can


def print_what_can(
    reached: dict[str, list[Reach]], graph: PermissionGraph, console: Console, *, principal: Node, explain: bool
) -> None:
    """What a principal can do, by service, access level and target; with `explain` every action and statement."""
    targets = {reach.target.id for group in reached.values() for reach in group}
    words = f" can act in {count(len(reached), 'service')} on {count(len(targets), 'target')}"
    if not reached:
        words = " can do nothing the input tells of"
    print_line(text((name_of(principal), "bold cyan"), (words, "bold")), console)
    roles = list(dict.fromkeys(name_of(reach.via) for group in reached.values() for reach in group if reach.via))
    if roles:
        print_line(text((f"as {', '.join(roles)}", "dim")), console)
    touches, routine = _by_service(graph, principal, explain=explain)
    for service, group in touches.items():
        console.print()
        root = Branch(text((service, "bold")))
        for touch in group:
            own = touch.actions.of_service(service) if touch.actions and service != "*" else touch.actions
            root.under.append(_reach(graph, touch, own, console, explain=explain))
        print_tree(root, console)
    if routine:
        console.print()
        print_line(text((f"routine, on every resource: {routine}", "dim")), console)
    print_what_is_unknown(graph, console)


def _by_service(graph: PermissionGraph, principal: Node, *, explain: bool) -> tuple[dict[str, list[Touch]], str]:
    actors = [principal, *(graph.nodes[edge.target] for edge in graph.outgoing(principal.id, EdgeKind.EXECUTES_AS))]
    found: dict[str, list[Touch]] = defaultdict(list)
    routine: list[Touch] = []
    for actor in actors:
        for touch in touches_of(graph, actor):
            if touch.routine and not explain:
                routine.append(touch)
                continue
            whole = touch.actions >= load().everything
            for service in ("*",) if whole else touch.actions.services() or ("*",):
                found[service].append(touch)
    return {service: found[service] for service in sorted(found)}, routine_words(routine)


def _reach(graph: PermissionGraph, touch: Touch, actions: ActionSet, console: Console, *, explain: bool) -> Branch:
    verb = f"{touch.verb} " if touch.verb else ""
    name = (touch.name, "bold yellow" if touch.is_wide else "bold")
    branch = Branch(
        joined((verb, "bold"), name, (f"  {touch.kind}" if touch.kind else "", "dim"), *_conditions(touch.edge))
    )
    for level in LEVELS:
        whole = load().level_set(level)
        own = actions & whole
        if own:
            words = level_in_words(own, level, every=explain)
            branch.add((level, LEVEL_STYLES.get(level, "")), f"  {words}")
    if explain:
        signs = symbols(console)
        for reason in reasons_of(graph, touch.edge, actions):
            branch.add((f"{signs.bar} {reason.words}", "dim"), (f"  {place(reason.source)}", "dim"))
    return branch


def level_in_words(actions: ActionSet, level: str, *, every: bool = False) -> str:
    """Actions of one access level and service: `all 41`, `all 41 but PutBucketAcl`, or names without their prefix.

    Args:
        actions: of one level; of one service, or all actions there are.
        level: their access level.
        every: write every name, however many.
    """
    services = actions.services()
    if len(services) > 1:
        return f"{len(actions):,} actions in {count(len(services), 'service')}"
    live = load().level_set(level).of_service(services[0])
    names = [name.partition(":")[2] for name in actions]
    if every:
        return ", ".join(names)
    missing = [name.partition(":")[2] for name in live - actions]
    if len(live) > _MISSING and not missing:
        return f"all {len(live)} actions"
    if len(live) > _SHOWN_NAMES and len(missing) <= _MISSING:
        return f"all {len(live)} actions but {', '.join(missing)}"
    more = len(names) - _SHOWN_NAMES
    if more <= 1:
        return ", ".join(names)
    return f"{', '.join(names[:_SHOWN_NAMES])} and {more} more of {len(live)}"


# path


def print_paths(paths: Sequence[Path], graph: PermissionGraph, console: Console, *, start: Node, end: Node) -> None:
    """Each path with numbered hops, each hop with the statement that allows it."""
    signs = symbols(console)
    number = count(len(paths), "path") if paths else "no path"
    print_line(text((f"{number} from {name_of(start)} to {name_of(end)}", "bold")), console)
    for number_of_path, path in enumerate(paths, 1):
        conditional = "  under conditions" if path.decision is Decision.CONDITIONAL else ""
        console.print()
        heading = f"path {number_of_path}" if len(paths) > 1 else count(len(path.hops), "hop")
        print_line(text((heading, "bold cyan"), (conditional, "magenta")), console)
        for at, hop in enumerate(path.hops):
            _print_hop(graph, hop, path.hops[at + 1] if at + 1 < len(path.hops) else None, at + 1, console, signs)
    print_what_is_unknown(graph, console)


def _print_hop(
    graph: PermissionGraph, hop: Hop, following: Hop | None, number: int, console: Console, signs: Symbols
) -> None:
    actions = hop_actions(graph, hop, following)
    through = " through everything it matches" if graph.nodes[hop.edge.target] is not hop.target else ""
    line = joined(
        f"{number:>2}. ",
        (hop_name(hop.source), "bold red" if hop.source.kind is NodeKind.PUBLIC else "bold"),
        (f" {signs.arrow} ", "dim"),
        (hop_name(hop.target), "bold"),
        f"  {hop_words(hop.edge, actions)}",
        (f", granted on {name_of(graph.nodes[hop.edge.target])}" if through else "", "yellow"),
        *_conditions(hop.edge),
    )
    print_line(line, console, indent=1, hang=4)
    _print_reasons(reasons_of(graph, hop.edge, actions or None), console, 6)


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
    if len(actions) <= _MISSING:
        return f"may {actions_in_words(actions)}"
    levels = actions.levels()
    said = "access at every level" if len(levels) == len(LEVELS) else f"{', '.join(levels)} access"
    return f"has {said} ({count(len(actions), 'action')})"


def _print_reasons(reasons: Iterable[Reason], console: Console, indent: int) -> None:
    """Each reason with its place, and of a statement its text."""
    signs = symbols(console)
    for reason in _together(reasons):
        where = place(reason.source)
        print_line(text((reason.words, "dim"), (f"  {where}" if where else "", "dim")), console, indent=indent, hang=2)
        for line in _statement(reason, signs):
            for folded in fold(line, console.width - indent - 2, console, hang=len(signs.bar) + 3):
                bar = "" if folded.plain.startswith(signs.bar) else f"{signs.bar}   "
                put(joined(" " * (indent + 2), (bar, "dim"), folded), console)


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


def _statement(reason: Reason, signs: Symbols) -> Iterator[Text]:
    """The lines of a statement that say what is allowed; of a wiring and a trust policy there are none."""
    if reason.statement is None or not _is_shown(reason):
        return
    for line in excerpt_of(reason.statement):
        if not line.startswith("Effect: Allow"):
            yield text((f"{signs.bar} {with_short_arns(line, signs.ellipsis)}", "dim"))


# JSON


def who_can_document(
    answers: Sequence[Answer], graph: PermissionGraph, *, action: str, resource: str
) -> dict[str, Any]:
    """The answers of `who-can` as plain values."""
    return {
        "schema": WHO_CAN_SCHEMA,
        "action": action,
        "resource": resource,
        "answers": [
            {
                "principal": node_document(answer.principal),
                "acting_as": acting_as(graph, answer.principal),
                **_answer(answer.edge, answer.decision),
            }
            for answer in answers
        ],
        "unknowns": unknown_documents(graph.unknowns),
    }


def what_can_document(reached: dict[str, list[Reach]], graph: PermissionGraph, *, principal: Node) -> dict[str, Any]:
    """The answers of `what-can` as plain values."""
    return {
        "schema": WHAT_CAN_SCHEMA,
        "principal": node_document(principal),
        "access": [
            {
                "service": service,
                "target": node_document(reach.target),
                "kind": reach.edge.kind.value,
                "via": reach.via.id if reach.via else None,
                "levels": {level: list(actions) for level, actions in reach.levels.items()},
                **_answer(reach.edge, reach.edge.decision),
            }
            for service, group in reached.items()
            for reach in group
        ],
        "unknowns": unknown_documents(graph.unknowns),
    }


def path_document(paths: Sequence[Path], graph: PermissionGraph, *, start: Node, end: Node) -> dict[str, Any]:
    """The answers of `path` as plain values."""
    return {
        "schema": PATH_SCHEMA,
        "from": node_document(start),
        "to": node_document(end),
        "paths": [
            {"decision": path.decision.value, "hops": [edge_document(hop.edge) for hop in path.hops]} for path in paths
        ],
        "unknowns": unknown_documents(graph.unknowns),
    }


def _answer(edge: Edge, decision: Decision) -> dict[str, Any]:
    document = edge_document(edge)
    return {"decision": decision.value} | {key: document[key] for key in ("actions", "conditions", "provenance")}


def _conditions(edge: Edge, decision: Decision | None = None) -> list[tuple[str, str]]:
    words = conditions_of(edge)
    if not words and (decision or edge.decision) is Decision.CONDITIONAL:
        words = edge.reason or "conditions that are not known hold"
    return [(f"  if {words.removeprefix('if ')}", "magenta")] if words else []
