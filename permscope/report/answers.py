"""Answers to who-can and what-can as text; those and the ones of path as JSON."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from permscope.catalog.action_set import LEVELS, ActionSet
from permscope.catalog.actions import load
from permscope.graph.model import Decision, Edge, EdgeKind, Node, NodeKind, PermissionGraph
from permscope.report.describe import Lines, actions_in_words, in_words, name_of, place, type_name
from permscope.report.graph_json import edge_document, node_document, unknown_documents
from permscope.report.layout import Branch, cell_width, joined, print_groups, print_line, print_tree, stripped
from permscope.report.path_text import conditions, print_reasons
from permscope.report.reasons import reasons_of
from permscope.report.terminal import LEVEL_STYLES, count, symbols, text
from permscope.report.touches import Touch, routine_words, touches_of
from permscope.report.unknowns import print_what_is_unknown

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from permscope.graph.questions.asking import Answer
    from permscope.graph.questions.invocations import Indirectly, Invocations
    from permscope.graph.questions.paths import Path
    from permscope.graph.questions.queries import Reach

WHO_CAN_SCHEMA = "permscope/who-can/1"
WHAT_CAN_SCHEMA = "permscope/what-can/1"
PATH_SCHEMA = "permscope/path/1"
_INVOKE = "lambda:InvokeFunction"
_SHOWN_NAMES = 8
_MISSING = 3
_MANY_SERVICES = 4  # from here on the worst is said first
_GIST = {
    "Permissions management": "changes permissions in",
    "Write": "writes in",
    "Tagging": "tags in",
    "Read": "only reads in",
    "List": "only lists in",
}


# who-can


def print_who_can(
    answers: Sequence[Answer],
    graph: PermissionGraph,
    console: Console,
    *,
    action: str,
    resource: str,
    explain: bool,
    ways: Invocations | None = None,
) -> None:
    """Each principal on a line, with what acts as it and where that is said; with `explain` the statements.

    Args:
        answers: certain ones first.
        graph: what was asked.
        console: where to print.
        action: as it was asked for.
        resource: as it was asked for.
        explain: also print the statements.
        ways: for the invocation of a function, who else can make it run.
    """
    wanted = load().expand(action)
    asked = f"invoke {in_words(resource)}" if action == _INVOKE else f"{action} on {in_words(resource)}"
    sure = {answer.principal.id for answer in answers if answer.decision is Decision.ALLOW}
    everyone = {answer.principal.id for answer in answers}
    unsure = len(everyone - sure)
    number = count(len(everyone), "principal") if answers else "nobody in the input"
    part = f"{unsure} of them " if unsure < len(everyone) else ""
    line = text((f"{number} can {asked}", "bold"), (f", {part}under conditions" if unsure else "", "magenta"))
    print_line(joined(line, (_elsewise(ways), "bold")), console)
    why = {id(answer): reasons_of(graph, answer.edge, wanted) for answer in answers}
    places = [reason.source for reasons in why.values() for reason in reasons]
    lines = Lines([*places, *(one.edge.provenance[0].source for one in indirect(ways) if one.edge.provenance)])
    if lines.heading():
        print_line(text((lines.heading(), "dim")), console)
    if explain:
        for answer in answers:
            who = joined(*(joined(part, "  ") for part in _who(answer, graph, wanted) if part.plain))
            depends = stripped(joined(*conditions(answer.edge, answer.decision)))
            print_line(joined(who, depends), console, indent=2, hang=2)
            print_reasons(why[id(answer)], console, 4, lines, actions=wanted)
    else:
        entries = []
        for answer in answers:
            first = why[id(answer)][:1]
            where = lines(first[0].source) if first else ""
            entries.append((_who(answer, graph, wanted), where, joined(*conditions(answer.edge, answer.decision))))
        _print_entries(entries, console)
    if ways is not None:
        print_indirect(ways, graph, console, lines)
    print_what_is_unknown(graph, console)


def _elsewise(ways: Invocations | None) -> str:
    if ways is None:
        return ""
    parts = ((ways.through_triggers, "through what runs it"), (ways.through_takeovers, "by taking over another"))
    return "".join(f"; {len({one.principal.id for one in group})} {words}" for group, words in parts if group)


def _who(answer: Answer, graph: PermissionGraph, wanted: ActionSet) -> tuple[Text, ...]:
    node = answer.principal
    users = ", ".join(acting_as(graph, node))
    actions = f"  {actions_in_words(answer.edge.actions & wanted)}" if len(wanted) > 1 else ""
    name = text((name_of(node), "bold red" if node.kind is NodeKind.PUBLIC else "bold"))
    return joined(name, (f"  {type_name(node)}" if type_name(node) else "", "dim")), text(
        users and f"used by {users}", actions
    )


def print_indirect(found: Invocations, graph: PermissionGraph, console: Console, lines: Lines) -> None:
    """Who can make the function run without being allowed to invoke it, in two groups."""
    name = name_of(found.function)
    groups = (
        (f"by calling or writing to what runs {name}", found.through_triggers),
        ("by taking over somebody who can", found.through_takeovers),
    )
    if not any(group for _, group in groups):
        console.print()
        print_line(
            text(("nobody makes it run through what triggers it, or by taking over somebody who can", "dim")),
            console,
        )
        return
    for title, group in groups:
        if not group:
            continue
        console.print()
        number = len({one.principal.id for one in group})
        print_line(text((f"{count(number, 'principal')} {title}", "bold")), console)
        entries = []
        for one in group:
            users = ", ".join(acting_as(graph, one.principal))
            where = lines(one.edge.provenance[0].source) if one.edge.provenance else ""
            style = "bold red" if one.principal.kind is NodeKind.PUBLIC else "bold"
            who = text((name_of(one.principal), style), (f"  {type_name(one.principal)}", "dim"))
            unsure = "  under conditions" if one.decision is Decision.CONDITIONAL else ""
            called = conditions(one.edge) if one.edge.kind is EdgeKind.CAN_INVOKE else []
            reason = text(in_words(one.reason), *(called or [(unsure, "magenta")]))
            entries.append(((who, text(users and f"used by {users}")), where, reason))
        _print_entries(entries, console)


def _print_entries(entries: Sequence[tuple[tuple[Text, ...], str, Text]], console: Console) -> None:
    """A line of cells each, with the place at its end where all places fit there, and a remark below it."""
    if not entries:
        return
    widths = [max(cell_width(cells[at]) for cells, _, _ in entries) for at in range(len(entries[0][0]))]
    longest = max(cell_width(text(where)) for _, where, _ in entries)
    beside = sum(widths) + 2 * len(widths) + 2 + longest <= console.width
    rows: list[Sequence[Text] | Text] = []
    for cells, where, remark in entries:
        rows.append((*cells, text((where, "dim"))) if beside else cells)
        rows += [each for each in (text() if beside else text((where, "dim")), stripped(remark)) if each.plain]
    print_groups({"": rows}, console, indent=2)


def indirect(ways: Invocations | None) -> Sequence[Indirectly]:
    """Everyone of both groups."""
    return () if ways is None else (*ways.through_triggers, *ways.through_takeovers)


def acting_as(graph: PermissionGraph, role: Node) -> list[str]:
    """Names of what acts as a role."""
    return sorted({name_of(graph.nodes[edge.source]) for edge in graph.incoming(role.id, EdgeKind.EXECUTES_AS)})


# what-can


def print_what_can(
    reached: dict[str, list[Reach]], graph: PermissionGraph, console: Console, *, principal: Node, explain: bool
) -> None:
    """What a principal can do, by service, access level and target; with `explain` every action and statement."""
    touches, routine = _by_service(graph, principal, explain=explain)
    words = f" may act in {count(len(touches), 'service')}" if touches else " may do nothing but the routine"
    if not reached:
        words = " can do nothing the input tells of"
    print_line(text((name_of(principal), "bold cyan"), (words, "bold")), console)
    roles = list(dict.fromkeys(name_of(reach.via) for group in reached.values() for reach in group if reach.via))
    if roles:
        print_line(text((f"as {', '.join(roles)}", "dim")), console)
    _print_gist(touches, console)
    for service, group in touches.items():
        console.print()
        branches = [_reach(graph, touch, service, console, explain=explain) for touch in group]
        root = Branch(text((service, "bold")), branches)
        if len(branches) == 1 and (branches[0].under or service == "*"):
            (only,) = branches
            root = Branch(joined((f"{service}  " if service != "*" else "", "bold"), only.label), only.under)
        print_tree(root, console)
    if routine:
        console.print()
        print_line(text((f"routine: {routine}", "dim")), console)
    print_what_is_unknown(graph, console)


def _print_gist(touches: dict[str, list[Touch]], console: Console) -> None:
    """The worst that can be done in each service, where there are several: `writes in dynamodb, sqs`."""
    if len(touches) < _MANY_SERVICES:
        return
    gist: dict[str, list[str]] = {words: [] for words in _GIST.values()}
    for service, group in touches.items():
        levels = {level for touch in group for level in _own_actions(touch, service).levels()}
        worst = next((words for level, words in _GIST.items() if level in levels), None)
        if worst:
            gist[worst].append(service)
    for words, services in gist.items():
        if services:
            style = LEVEL_STYLES[next(level for level, said in _GIST.items() if said == words)]
            print_line(text((f"{words} ", style), ", ".join(services)), console, indent=2, hang=2)


def _own_actions(touch: Touch, service: str) -> ActionSet:
    return touch.actions.of_service(service) if touch.actions and service != "*" else touch.actions


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


def _reach(graph: PermissionGraph, touch: Touch, service: str, console: Console, *, explain: bool) -> Branch:
    actions = _own_actions(touch, service)
    verb = f"{touch.verb} " if touch.verb else ""
    name = ("every resource (*)" if touch.service else touch.name, "bold yellow" if touch.is_wide else "bold")
    kind = f"  {touch.kind}" if touch.kind else ""
    where = f"  {place(touch.target.source)}" if touch.target.kind is NodeKind.ROUTE else ""
    branch = Branch(joined((verb, "bold"), name, (kind + where, "dim"), *conditions(touch.edge)))
    if not touch.verb or explain:  # to pass, to become and to invoke are one action each
        for level in LEVELS:
            own = actions & load().level_set(level)
            if own:
                branch.add((level, LEVEL_STYLES.get(level, "")), f"  {level_in_words(own, level, every=explain)}")
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
