"""What can be reached from something, as text; that, who makes a function run and what to cut as JSON."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from permscope.catalog.actions import ActionSet, load
from permscope.graph.model import Decision, NodeKind
from permscope.graph.questions.blast import BlastRadius, Reached
from permscope.graph.questions.cut import Cut, Removal
from permscope.graph.questions.invocations import Indirectly, Invocations
from permscope.graph.routine import routine_of
from permscope.report.describe import name_of
from permscope.report.graph_json import edge_document, node_document
from permscope.report.layout import joined, print_groups, print_line
from permscope.report.terminal import count, levels, text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_SHOWN = 40
_SHOWN_NAMES = 12
_FEW = 2


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
        "reason": one.reason,
        **{key: document[key] for key in ("actions", "conditions", "provenance")},
    }


def cut_document(cut: Cut) -> dict[str, Any]:
    """A cut as plain values."""
    return {
        "possible": cut.possible,
        "smallest": cut.smallest,
        "statements": [_removal(one) for one in cut.statements],
        "breaks": [edge_document(edge) for edge in cut.broken],
        "instead": [{**_removal(one), "breaks": [edge_document(edge) for edge in one.broken]} for one in cut.instead],
    }


def _removal(one: Removal) -> dict[str, Any]:
    return {
        "statement": one.statement,
        "logical_id": one.logical_id,
        "file": one.source.file,
        "line": one.source.line,
        **({"from": one.holder.id} if one.holder is not None else {}),
    }


def print_blast(radius: BlastRadius, console: Console) -> None:
    """What can be reached, the nearest first; the routine of nearly every function is left out."""
    found = _reach_of(radius)
    things = {name for near in found.values() for name in near}
    parts = [count(len(things), "target") if things else _nothing(radius)]
    if radius.functions:
        parts.append(f"makes {count(len(radius.functions), 'function')} run")
    if radius.identities:
        parts.append(f"can become {count(len(radius.identities), 'identity', 'identities')}")
    line = text((name_of(radius.start), "bold cyan"), (f" reaches {', '.join(parts)}", "bold"))
    print_line(line if radius.complete else joined(line, (", and more than was looked at", "yellow")), console)
    groups: dict[str, list[Sequence[Text] | Text]] = {}
    for steps in sorted(found):
        here = list(found[steps].values())
        rows = groups.setdefault(f"{count(steps, 'step')} away" if steps else "at once", [])
        rows.extend(each.row() for each in here[:_SHOWN])
        if len(here) > _SHOWN:
            rows.append(text((f"and {len(here) - _SHOWN} more; --format json has them all", "dim")))
    if groups:
        console.print()
        print_groups(groups, console, head=("target", "access", "as"))
    for title, nodes in (("makes run", radius.functions), ("can become", radius.identities)):
        if nodes:
            console.print()
            names = sorted({name_of(node) for node in nodes})
            more = f" and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else ""
            print_line(text((f"{title}: ", "bold"), ", ".join(names[:_SHOWN_NAMES]), (more, "dim")), console, hang=2)


def _nothing(radius: BlastRadius) -> str:
    return "nothing but the routine: logs, traces, network interfaces" if radius.reached else "nothing"


class _Thing:
    """What is reached under one name at one distance, by whichever holders."""

    def __init__(self, name: str, *, wide: bool) -> None:
        self._name = name
        self._wide = wide
        self._actions = ActionSet.empty
        self._holders: dict[str, None] = {}
        self._sure = False

    def add(self, actions: ActionSet, one: Reached) -> None:
        """Another holder, or more actions."""
        self._actions = self._actions | actions
        self._holders.setdefault(name_of(one.holder))
        self._sure = self._sure or one.decision is Decision.ALLOW

    def row(self) -> tuple[Text, Text, Text]:
        """The cells of a table."""
        holders = list(self._holders)
        more = f" and {len(holders) - _FEW} more" if len(holders) > _FEW else ""
        unsure = "" if self._sure else "  under conditions"
        return (
            text((self._name, "bold yellow" if self._wide else "bold")),
            joined(*levels(self._actions.levels()), (unsure, "magenta")),
            text((f"{', '.join(holders[:_FEW])}{more}", "dim")),
        )


def _reach_of(radius: BlastRadius) -> dict[int, dict[str, _Thing]]:
    """Steps -> name -> thing; farther away only with actions that are not to be had nearer."""
    found: dict[int, dict[str, _Thing]] = defaultdict(dict)
    nearer: dict[str, ActionSet] = {}
    for steps, group in groupby(sorted(radius.reached, key=_distance), key=lambda one: one.steps):
        here: dict[str, ActionSet] = {}
        for one in group:
            for name, actions in _parts(one):
                if actions and actions <= nearer.get(name, ActionSet.empty):
                    continue
                wide = one.target.kind is NodeKind.RESOURCE_SET
                found[steps].setdefault(name, _Thing(name, wide=wide)).add(actions, one)
                here[name] = here.get(name, ActionSet.empty) | actions
        for name, actions in here.items():
            nearer[name] = nearer.get(name, ActionSet.empty) | actions
    return found


def _distance(one: Reached) -> tuple[int, bool]:
    return one.steps, one.target.kind is NodeKind.RESOURCE_SET


def _parts(one: Reached) -> Iterator[tuple[str, ActionSet]]:
    """A target; of `*` every service on its own, without the routine."""
    if one.target.label != "*" or one.actions >= load().everything:
        yield name_of(one.target), one.actions
        return
    for service in one.actions.services():
        own = one.actions.of_service(service)
        if routine_of(own, service) is None:
            yield f"every {service} resource (*)", own


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
