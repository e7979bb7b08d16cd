"""What may make a function run, what it may reach, and what to remove, as text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from permscope.graph.blast import BlastRadius, Reached
from permscope.graph.cut import Cut
from permscope.graph.invocations import Indirectly, Invocations
from permscope.graph.model import Decision, PermissionGraph
from permscope.report.answers import acting_as
from permscope.report.describe import in_words, name_of, place, type_name
from permscope.report.graph_json import edge_document, node_document
from permscope.report.layout import print_line
from permscope.report.terminal import count, text

if TYPE_CHECKING:
    from rich.console import Console

_SHOWN = 40


def print_indirect(found: Invocations, graph: PermissionGraph, console: Console) -> None:
    """Who can make the function run without being allowed to invoke it, in two groups."""
    name = name_of(found.function)
    for title, group in (
        (f"by writing to what runs {name}", found.through_triggers),
        ("by taking over somebody who can", found.through_takeovers),
    ):
        console.print()
        number = count(len(group), "principal") if group else "nobody in the input"
        print_line(text((f"{number} {title}", "bold")), console)
        for one in group:
            users = acting_as(graph, one.principal)
            line = text(
                (name_of(one.principal), "bold"),
                (f"  {type_name(one.principal)}", "dim"),
                f"  used by {', '.join(users)}" if users else "",
                f"  {in_words(one.edge.reason or '')}",
                ("  under conditions", "magenta") if one.decision is Decision.CONDITIONAL else "",
                (f"  {place(one.edge.provenance[0].source)}" if one.edge.provenance else "", "dim"),
            )
            print_line(line, console, indent=2, hang=2)


def groups_document(found: Invocations) -> dict[str, Any]:
    """The two indirect groups as plain values."""
    return {
        "through_triggers": [_indirect(one) for one in found.through_triggers],
        "through_takeovers": [_indirect(one) for one in found.through_takeovers],
    }


def _indirect(one: Indirectly) -> dict[str, Any]:
    document = edge_document(one.edge)
    return {
        "principal": node_document(one.principal),
        "through": node_document(one.through),
        "decision": one.decision.value,
        "reason": one.edge.reason,
        **{key: document[key] for key in ("actions", "conditions", "provenance")},
    }


def print_cut(cut: Cut, graph: PermissionGraph, console: Console) -> None:
    """The statements to remove, and what else would stop working."""
    console.print()
    if not cut.possible:
        print_line(text(("no set of statements breaks every path: some of it needs no statement", "bold")), console)
        return
    few = "smallest " if cut.smallest else ""
    words = f"to break every path, remove {few}set of {count(len(cut.statements), 'statement')}"
    print_line(text((words if cut.statements else "there is nothing to cut", "bold")), console)
    for one in cut.statements:
        owner = f" of {one.logical_id}" if one.logical_id else ""
        line = text((f"{one.statement or 'statement'}{owner}", "bold"), (f"  {place(one.source)}", "dim"))
        print_line(line, console, indent=2, hang=2)
    if cut.statements:
        words = "nothing else would stop working" if not cut.broken else "what else would stop working:"
        print_line(text((words, "bold")), console)
        for edge in cut.broken[:_SHOWN]:
            kind = edge.kind.value.replace("_", " ")
            line = text(f"{name_of(graph.nodes[edge.source])} {kind} {name_of(graph.nodes[edge.target])}")
            print_line(line, console, indent=2, hang=2)
        if len(cut.broken) > _SHOWN:
            print_line(text((f"and {len(cut.broken) - _SHOWN} more", "dim")), console, indent=2)


def cut_document(cut: Cut) -> dict[str, Any]:
    """A cut as plain values."""
    return {
        "possible": cut.possible,
        "smallest": cut.smallest,
        "statements": [
            {"statement": one.statement, "logical_id": one.logical_id, "file": one.source.file, "line": one.source.line}
            for one in cut.statements
        ],
        "breaks": [edge_document(edge) for edge in cut.broken],
    }


def print_blast(radius: BlastRadius, console: Console) -> None:
    """What can be reached, the nearest first."""
    name = name_of(radius.start)
    words = (
        f"{name} reaches {count(len(radius.reached), 'target')}, {count(len(radius.functions), 'function')} "
        f"and {count(len(radius.identities), 'identity', 'identities')}"
    )
    more = "" if radius.complete else ", and more than was looked at"
    print_line(text((words + more, "bold")), console)
    for one in radius.reached:
        line = text(
            (name_of(one.target), "bold"),
            f"  {', '.join(one.levels)}",
            (f"  {count(one.steps, 'step')} away" if one.steps else "", "dim"),
            (f"  as {name_of(one.holder)}", "dim"),
            ("  under conditions", "magenta") if one.decision is Decision.CONDITIONAL else "",
        )
        print_line(line, console, indent=2, hang=2)
    for title, nodes in (("makes run", radius.functions), ("can become", radius.identities)):
        if nodes:
            print_line(text((f"{title}: ", "bold"), ", ".join(map(name_of, nodes))), console, hang=2)


def blast_document(radius: BlastRadius) -> dict[str, Any]:
    """A blast radius as plain values."""
    return {
        "schema": "permscope/blast/1",
        "start": node_document(radius.start),
        "complete": radius.complete,
        "reached": [_reached(one) for one in radius.reached],
        "functions": [node_document(node) for node in radius.functions],
        "identities": [node_document(node) for node in radius.identities],
    }


def _reached(one: Reached) -> dict[str, Any]:
    return {
        "target": node_document(one.target),
        "steps": one.steps,
        "levels": list(one.levels),
        "actions": list(one.actions.patterns()),
        "decision": one.decision.value,
        "holder": one.holder.id,
    }
