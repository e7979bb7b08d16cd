"""Gathers permission edges: one per principal, target and conditions, however many statements say it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from permscope.catalog.actions import ActionSet
from permscope.graph.model import Decision, Edge, EdgeKind, PermissionGraph, Provenance
from permscope.inventory.policies import ConditionEntry, Policy, Statement
from permscope.inventory.source import NOWHERE

if TYPE_CHECKING:
    from permscope.policy.effective import Grant

_FEW_RESOURCES = 3
NO_CONDITIONS: Mapping[str, Any] = {}
Conditions = Mapping[str, Any]


class Permit(NamedTuple):
    """What the edges of one grant have in common.

    Attributes:
        source: id of the node that may.
        provenance: the statement.
        conditions: what it depends on.
        decision: whether it surely holds.
        pattern: the `Resource` as the statement writes it.
        reason: what limits it.
    """

    source: str
    provenance: Provenance
    conditions: Conditions = NO_CONDITIONS
    decision: Decision = Decision.ALLOW
    pattern: str | None = None
    reason: str | None = None


class EdgeCollector:
    """Merges what several statements say about the same pair.

    Args:
        graph: where the edges go, in the order in which each was first met.
    """

    def __init__(self, graph: PermissionGraph) -> None:
        self._graph = graph
        self._edges: dict[tuple[object, ...], Edge] = {}

    def permit(
        self, kind: EdgeKind, target: str, actions: ActionSet, permit: Permit, *, qualifier: str | None = None
    ) -> Edge:
        """Add an edge for a grant."""
        return self.add(
            kind,
            permit.source,
            target,
            actions=actions,
            provenance=permit.provenance,
            conditions=permit.conditions,
            decision=permit.decision,
            pattern=permit.pattern,
            reason=permit.reason,
            qualifier=qualifier,
        )

    def add(  # noqa: PLR0913 (an edge has that many parts)
        self,
        kind: EdgeKind,
        source: str,
        target: str,
        *,
        actions: ActionSet,
        provenance: Provenance,
        conditions: Conditions = NO_CONDITIONS,
        decision: Decision = Decision.ALLOW,
        qualifier: str | None = None,
        via: str | None = None,
        pattern: str | None = None,
        reason: str | None = None,
    ) -> Edge:
        """Add an edge, or widen the one that is there; `pattern` is the `Resource` as the statement writes it."""
        key = (kind, source, target, frozen(conditions) if conditions else None, decision, qualifier, via)
        edge = self._edges.get(key)
        if edge is None:
            edge = self._edges[key] = Edge(
                source=source,
                target=target,
                kind=kind,
                actions=actions,
                conditions=conditions,
                decision=decision,
                qualifier=qualifier,
                via=via,
                reason=reason,
                provenance=(provenance,),
                attributes={"resources": (pattern,)} if pattern is not None else NO_CONDITIONS,
            )
            self._graph.add_edge(edge)
            return edge
        edge.actions = edge.actions | actions
        if not any(_same(provenance, known) for known in edge.provenance):
            edge.provenance = (*edge.provenance, provenance)
        patterns = edge.attributes.get("resources", ())
        if pattern is not None and pattern not in patterns:
            edge.attributes = {**edge.attributes, "resources": (*patterns, pattern)}
        return edge


def frozen(value: Any) -> object:
    """Conditions as a hashable value."""
    if isinstance(value, Mapping):
        return tuple(sorted((str(key), frozen(item)) for key, item in value.items()))
    if isinstance(value, list | tuple):
        return tuple(frozen(item) for item in value)
    return value


def distinct(provenance: Iterable[Provenance]) -> tuple[Provenance, ...]:
    """Each reason once, in order; statements are the same when they are the same object."""
    given = provenance if isinstance(provenance, tuple) else tuple(provenance)
    if len(given) <= 1:
        return given
    found: dict[object, Provenance] = {}
    for one in given:
        key = (one.source, one.logical_id, one.statement) if one.fact is None else id(one.fact)
        found.setdefault(key, one)
    return given if len(found) == len(given) else tuple(found.values())


def _same(one: Provenance, other: Provenance) -> bool:
    if one.fact is not None or other.fact is not None:
        return one.fact is other.fact
    return one.source == other.source and one.logical_id == other.logical_id and one.statement == other.statement


def said_by(statement: Statement, policy: Policy, logical_id: str | None = None) -> Provenance:
    """A statement as a reason for an edge."""
    return Provenance(
        source=statement.source,
        logical_id=policy.logical_id or logical_id,
        statement=statement.sid or f"{policy.name}[{statement.index}]",
        policy=policy,
        fact=statement,
    )


def grant_said_by(grant: Grant, logical_id: str | None = None) -> Provenance:
    """The statement behind a grant as a reason for an edge."""
    if grant.statement is None or grant.policy is None:
        return Provenance(source=NOWHERE, logical_id=logical_id)
    return said_by(grant.statement, grant.policy, logical_id)


def grant_conditions(grant: Grant) -> dict[str, Any]:
    """What a grant depends on: its conditions, and an undecided template condition."""
    conditions: dict[str, Any] = dict(conditions_of(grant.conditions))
    if grant.statement is not None and grant.statement.only_if:
        conditions["template"] = {"condition": [grant.statement.only_if]}
    return conditions


def grant_limits(grant: Grant) -> str | None:
    """The Deny, boundary and control policy statements that make a grant conditional, as a clause."""
    if not grant.limited_by:
        return None
    left_out: dict[str, None] = {}
    names: dict[str, None] = {}
    for each in grant.limited_by:
        if _only_names_resources(each):
            left_out.update(dict.fromkeys(f"`{pattern}`" for pattern in each.resources or ()))
        else:
            names[f"`{each.sid}`" if each.sid else f"the {each.effect} at {each.source}"] = None
    return ", ".join(
        f"{words} {', '.join(found)}" for words, found in (("except on", left_out), ("limited by", names)) if found
    )


def _only_names_resources(statement: Statement) -> bool:
    """Whether a Deny is about a few resources and depends on nothing, so that these say all of it."""
    return (
        statement.effect == "Deny"
        and not statement.conditions
        and statement.only_if is None
        and 0 < len(statement.resources or ()) <= _FEW_RESOURCES
    )


_REMARKS = frozenset({"template", "qualifier", "auth", "network"})


def entries_in(conditions: Mapping[str, Any]) -> list[ConditionEntry]:
    """The conditions of an edge as condition entries; its remarks about the template are none."""
    found = []
    for operator, keys in conditions.items():
        if not isinstance(keys, Mapping) or operator in _REMARKS:
            continue
        for key, values in keys.items():
            items = values if isinstance(values, list | tuple) else [values]
            found.append(ConditionEntry(operator, key, tuple(str(item) for item in items)))
    return found


def conditions_of(entries: Iterable[ConditionEntry]) -> dict[str, dict[str, list[str]]]:
    """Condition entries as they stand in a policy: operator -> key -> values."""
    found: dict[str, dict[str, list[str]]] = {}
    for entry in entries:
        values = found.setdefault(str(entry.operator), {}).setdefault(str(entry.key), [])
        values.extend(str(value) for value in entry.values if str(value) not in values)
    return found
