"""Answers to who-can, what-can and path, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from permscope.graph.model import Decision, Edge, EdgeKind, Node, NodeKind, PermissionGraph, Provenance
from permscope.report.describe import actions_of, auth_of, conditions_of, name_of, place, type_name
from permscope.report.graph_json import edge_document, node_document, unknown_documents
from permscope.report.terminal import LEVEL_STYLES, Symbols, count, symbols, text, tree

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from permscope.graph.paths import Path
    from permscope.graph.queries import Answer, Reach

WHO_CAN_SCHEMA = "permscope/who-can/1"
WHAT_CAN_SCHEMA = "permscope/what-can/1"
PATH_SCHEMA = "permscope/path/1"


def print_who_can(
    answers: Sequence[Answer], graph: PermissionGraph, console: Console, *, action: str, resource: str, explain: bool
) -> None:
    """Each principal on a line, with the functions that act as it; with `explain` the statements below it."""
    sure = sum(1 for answer in answers if answer.decision is Decision.ALLOW)
    heading = f"{count(len(answers), 'principal')} can {action} on {resource}"
    unsure = f", {len(answers) - sure} of them under conditions" if len(answers) > sure else ""
    console.print(text((heading + unsure, "bold")))
    for answer in answers:
        node = answer.principal
        users = ", ".join(acting_as(graph, node))
        line = text(
            "  ",
            (name_of(node), "bold red" if node.kind is NodeKind.PUBLIC else "bold"),
            (f"  {type_name(node)}", "dim"),
            f"  for {users}" if users else "",
            f"  {actions_of(answer.edge)}",
            *_conditions(answer.edge),
        )
        console.print(line)
        if explain:
            for reason in reasons(answer.provenance, symbols(console)):
                console.print(reason)
    _print_what_is_unknown(graph, console)


def print_what_can(
    reached: dict[str, list[Reach]], graph: PermissionGraph, console: Console, *, principal: Node, explain: bool
) -> None:
    """What a principal can do, by service and access level."""
    targets = {reach.target.id for group in reached.values() for reach in group}
    words = f" can act in {count(len(reached), 'service')} on {count(len(targets), 'target')}"
    console.print(text((name_of(principal), "bold cyan"), (words, "bold")))
    for service, group in reached.items():
        root = tree(text((service, "bold")))
        for reach in group:
            branch = root.add(
                text(
                    _VERBS.get(reach.edge.kind, ""),
                    (name_of(reach.target), "bold yellow" if reach.target.kind is NodeKind.RESOURCE_SET else "bold"),
                    (f"  {type_name(reach.target)}", "dim"),
                    (f"  as {name_of(reach.via)}", "dim") if reach.via else "",
                    *_conditions(reach.edge),
                )
            )
            for level, actions in reach.levels.items():
                branch.add(text((level, LEVEL_STYLES.get(level, "")), f"  {', '.join(actions)}"))
            if explain:
                for reason in reasons(reach.edge.provenance, symbols(console), indent=""):
                    branch.add(reason)
        console.print(root)
    _print_what_is_unknown(graph, console)


def print_paths(paths: Sequence[Path], graph: PermissionGraph, console: Console, *, start: Node, end: Node) -> None:
    """Each path with numbered hops, each hop with the statement that allows it."""
    signs = symbols(console)
    heading = f"{count(len(paths), 'path')} from {name_of(start)} to {name_of(end)}" if paths else None
    console.print(text((heading or f"no path from {name_of(start)} to {name_of(end)}", "bold")))
    for number, path in enumerate(paths, 1):
        conditional = "  under conditions" if path.decision is Decision.CONDITIONAL else ""
        console.print()
        console.print(text((f"path {number}", "bold cyan"), (conditional, "magenta")))
        for hop_number, hop in enumerate(path.hops, 1):
            console.print(
                text(
                    f"  {hop_number}. ",
                    (hop_name(hop.source), "bold"),
                    (f" {signs.arrow} ", "dim"),
                    (hop_name(hop.target), "bold"),
                    f"  {hop_words(hop.edge)}",
                    *_conditions(hop.edge),
                )
            )
            for reason in reasons(hop.edge.provenance, signs, indent="       "):
                console.print(reason)
    _print_what_is_unknown(graph, console)


def hop_name(node: Node) -> str:
    """The name of a node, of a route with its authorization."""
    return f"{name_of(node)} ({auth_of(node)})" if node.kind is NodeKind.ROUTE else name_of(node)


def hop_words(edge: Edge) -> str:
    """What happens on an edge, in a few words."""
    match edge.kind:
        case EdgeKind.TRIGGERS:
            return f"triggers it ({(edge.event or edge.mechanism or '').replace('-', ' ')})"
        case EdgeKind.EXECUTES_AS:
            return "runs as"
        case EdgeKind.CAN_ACCESS | EdgeKind.CAN_INVOKE:
            return f"may {actions_of(edge)}" if edge.actions else "may call it"
        case EdgeKind.CAN_TAKE_OVER | EdgeKind.WRITES_INTO:
            return edge.reason or edge.kind.value.replace("_", " ")
        case _:
            return edge.kind.value.replace("_", " ")


def reasons(provenance: Sequence[Provenance], signs: Symbols, indent: str = "      ") -> Iterator[Text]:
    """The statements and wirings behind an edge, one line each."""
    for one in dict.fromkeys((each.statement, each.logical_id, each.source) for each in provenance):
        statement, logical_id, source = one
        words = " ".join(
            part for part in (statement, f"of {logical_id}" if statement and logical_id else logical_id) if part
        )
        yield text((f"{indent}{signs.bar} {words}", "dim"), (f"  {place(source)}", "dim"))


def acting_as(graph: PermissionGraph, role: Node) -> list[str]:
    """Names of what acts as a role."""
    return sorted({name_of(graph.nodes[edge.source]) for edge in graph.incoming(role.id, EdgeKind.EXECUTES_AS)})


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


_VERBS = {EdgeKind.CAN_PASS: "pass ", EdgeKind.CAN_ASSUME: "become ", EdgeKind.CAN_INVOKE: "invoke "}


def _conditions(edge: Edge) -> list[tuple[str, str]]:
    words = conditions_of(edge)
    if not words and edge.decision is Decision.CONDITIONAL:
        words = "conditions that are not known"
    return [(f"  if {words.removeprefix('if ')}", "magenta")] if words else []


def _print_what_is_unknown(graph: PermissionGraph, console: Console) -> None:
    if graph.unknowns:
        number = count(len(graph.unknowns), "unknown")
        console.print(text((f"{number} in the input may add to this; permscope graph lists them", "yellow")))
