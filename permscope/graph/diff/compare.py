"""What a change lets happen: two graphs compared by what they mean, not by how their templates are written.

`diff_graphs(old, new)` gives every `Change`, worst first: new public entries, external principals, invokers, access,
loosened restrictions, escalation and exposure paths, broken wirings, and access that is gone. A renamed, moved,
reordered or split thing changes nothing and gives nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from permscope.graph.diff.access import access_changes
from permscope.graph.diff.change import KIND_ORDER, Change, ChangeKind, Step
from permscope.graph.diff.entries import entry_changes
from permscope.graph.diff.limits import limit_changes
from permscope.graph.diff.matching import Matching, Renamed, match_graphs
from permscope.graph.diff.resources import resource_policy_changes
from permscope.graph.diff.ways import path_changes
from permscope.graph.diff.wiring import wiring_changes
from permscope.graph.model import PermissionGraph
from permscope.inventory.facts import Route, Unknown
from permscope.lazy import dataclass

__all__ = ["Change", "ChangeKind", "GraphDiff", "Step", "diff_graphs", "sort_changes"]

# What gets another name whenever its content changes.
_NAMED_BY_CONTENT = frozenset({"AWS::ApiGateway::Deployment", "AWS::Lambda::Version", "AWS::Lambda::LayerVersion"})


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphDiff:
    """What changed between two graphs.

    Attributes:
        changes: worst first.
        renamed: things taken for the same because they look the same.
        old_unknowns: what was not known of the old version.
        new_unknowns: what is not known of the new version.
        gained_unknowns: those of the new version that the old one did not have.
    """

    changes: tuple[Change, ...]
    renamed: tuple[Renamed, ...] = ()
    old_unknowns: tuple[Unknown, ...] = ()
    new_unknowns: tuple[Unknown, ...] = ()
    gained_unknowns: tuple[Unknown, ...] = ()
    matching: Matching | None = None

    @property
    def risks(self) -> tuple[Change, ...]:
        """The changes that let something happen."""
        return tuple(change for change in self.changes if change.is_risk)

    @property
    def removed(self) -> tuple[Change, ...]:
        """The changes that take something away."""
        return tuple(change for change in self.changes if not change.is_risk)

    def of_part(self) -> GraphDiff:
        """The same where the new version is a part of the old one: what is not in the part stays as it is.

        A stack that is deployed to an account takes nothing away from what others made there.
        """
        kept = set(self.matching.old_of.values()) if self.matching is not None else set()
        return replace(
            self,
            changes=tuple(each for each in self.changes if each.is_risk or not kept.isdisjoint(_about(each))),
        )

    def of(self, *kinds: ChangeKind) -> tuple[Change, ...]:
        """The changes of some kinds."""
        return tuple(change for change in self.changes if any(kind in kinds for kind in change.kinds))


def diff_graphs(old: PermissionGraph, new: PermissionGraph) -> GraphDiff:
    """Compare two graphs.

    Args:
        old: what was there; an empty graph for a first version.
        new: what would be there.
    """
    matching = match_graphs(old, new)
    found: list[Change] = []
    comparisons = (entry_changes, access_changes, resource_policy_changes, limit_changes, wiring_changes, path_changes)
    for changes in comparisons:
        found.extend(changes(matching))
    old_unknowns, new_unknowns = tuple(dict.fromkeys(old.unknowns)), tuple(dict.fromkeys(new.unknowns))
    known = {_unknown_key(each, str) for each in old_unknowns}
    return GraphDiff(
        changes=sort_changes(_without_echoes(found, new)),
        renamed=tuple(each for each in matching.renamed if each.new.type not in _NAMED_BY_CONTENT),
        old_unknowns=old_unknowns,
        new_unknowns=new_unknowns,
        gained_unknowns=tuple(
            each
            for each in new_unknowns
            if _unknown_key(each, str) not in known and _unknown_key(each, matching.old_text) not in known
        ),
        matching=matching,
    )


def _about(change: Change) -> tuple[str, str]:
    return change.actor_id, change.target_id


def _without_echoes(changes: list[Change], graph: PermissionGraph) -> Iterator[Change]:
    """The changes without those that only repeat what a graver one says.

    A Deny of an API's policy that is gone shows at its routes; who can do nearly anything now can take over anybody.
    """
    doors = [graph.nodes.get(change.target_id) for change in changes if change.weakened in ("condition", "authorizer")]
    apis = {door.fact.api_id for door in doors if door is not None and isinstance(door.fact, Route)}
    all_powerful = {
        node
        for change in changes
        if ChangeKind.NEW_ESCALATION_PATH in change.also
        for node in change.nodes
        if node != change.target_id
    }
    for change in changes:
        if change.weakened == "deny" and change.target_id in apis:
            continue
        if change.kind is ChangeKind.NEW_ESCALATION_PATH and set(change.nodes[:2]) <= all_powerful | {change.target_id}:
            continue
        yield change


def _unknown_key(unknown: Unknown, said: Callable[[str], str]) -> tuple[str, str, str]:
    return (unknown.kind, said(unknown.what), said(unknown.why))


def sort_changes(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Worst first, then by kind and place; each once."""
    ordered = sorted(
        changes,
        key=lambda change: (
            change.rank,
            KIND_ORDER[change.kind],
            change.source.file or "",
            change.source.line or 0,
            change.actor,
            change.target,
            change.message,
        ),
    )
    return tuple({(change.kind, change.message, change.source): change for change in ordered}.values())
