"""What a change lets happen: two graphs compared by what they mean, not by how their templates are written.

`diff_graphs(old, new)` gives every `Change`, worst first: new public entries, external principals, invokers, access,
loosened restrictions, escalation and exposure paths, broken wirings, and access that is gone. A renamed, moved,
reordered or split thing changes nothing and gives nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from permscope.catalog.actions import ActionSet
from permscope.graph.diff_matching import Matching, Renamed, match_graphs
from permscope.graph.model import PermissionGraph, Provenance
from permscope.inventory.facts import Unknown
from permscope.inventory.source import NOWHERE, Source

SEVERITIES = ("critical", "high", "medium", "low", "info")


class ChangeKind(StrEnum):
    """What a change is about; the names are those of `gate.forbid` in `permscope.yaml`."""

    NEW_PUBLIC_ENTRY = "new-public-entry"
    NEW_EXTERNAL_PRINCIPAL = "new-external-principal"
    NEW_ESCALATION_PATH = "new-escalation-path"
    NEW_EXPOSURE_PATH = "new-exposure-path"
    WEAKENED = "weakened"
    NEW_ACCESS = "new-access"
    NEW_INVOKER = "new-invoker"
    WIRING_BROKEN = "wiring-broken"
    ACCESS_REMOVED = "access-removed"


KIND_ORDER = {kind: at for at, kind in enumerate(ChangeKind)}


class Step(NamedTuple):
    """One station on a path: a name, what happens from there on, and where that is written."""

    label: str
    words: str = ""
    source: Source = NOWHERE
    node: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that is possible now and was not before, or the other way round.

    Attributes:
        severity: `critical`, `high`, `medium`, `low` or `info`.
        message: what can happen now, one sentence without a final period.
        actor: who, as a person calls it; `actor_id` is its node.
        target: on what.
        actions: that are new, or gone.
        levels: their access levels.
        before: access levels the actor had on the target before.
        risen: whether the highest access level is higher than before.
        sure: whether it surely holds; False when it depends on conditions or on something unknown.
        conditions: what it depends on, in words.
        weakened: what was loosened: `condition`, `boundary`, `deny`, `authorizer`; empty for other kinds.
        also: further kinds that the same change is an instance of.
        source: the line that causes it, in the new version; in the old one for what is gone.
        old_source: the line that restricted it before.
        path: how the actor gets there.
        provenance: the statements and wirings behind it.
        nodes: ids of the nodes it concerns.
    """

    kind: ChangeKind
    severity: str
    message: str
    actor: str
    actor_id: str
    target: str = ""
    target_id: str = ""
    actions: ActionSet = field(default_factory=lambda: ActionSet.empty)
    levels: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    risen: bool = False
    sure: bool = True
    conditions: str = ""
    weakened: str = ""
    also: tuple[ChangeKind, ...] = ()
    source: Source = NOWHERE
    old_source: Source = NOWHERE
    path: tuple[Step, ...] = ()
    provenance: tuple[Provenance, ...] = ()
    nodes: tuple[str, ...] = ()

    @property
    def kinds(self) -> tuple[ChangeKind, ...]:
        """Its own kind and the others it is an instance of."""
        return (self.kind, *self.also)

    @property
    def rank(self) -> int:
        """0 for critical, 4 for info."""
        return SEVERITIES.index(self.severity)

    @property
    def is_risk(self) -> bool:
        """Whether it lets something happen, rather than takes something away."""
        return self.kind is not ChangeKind.ACCESS_REMOVED

    @property
    def fingerprint(self) -> str:
        """32 hexadecimal digits that stay when lines move."""
        parts = (self.kind.value, self.actor, self.target, self.weakened, " ".join(self.actions.patterns()))
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


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

    def of(self, *kinds: ChangeKind) -> tuple[Change, ...]:
        """The changes of some kinds."""
        return tuple(change for change in self.changes if any(kind in kinds for kind in change.kinds))


def diff_graphs(old: PermissionGraph, new: PermissionGraph) -> GraphDiff:
    """Compare two graphs.

    Args:
        old: what was there; an empty graph for a first version.
        new: what would be there.
    """
    from permscope.graph.diff_access import access_changes
    from permscope.graph.diff_entries import entry_changes
    from permscope.graph.diff_paths import path_changes
    from permscope.graph.diff_resources import resource_policy_changes
    from permscope.graph.diff_wiring import wiring_changes

    matching = match_graphs(old, new)
    found: list[Change] = []
    entries = tuple(entry_changes(matching))
    found.extend(entries)
    found.extend(access_changes(matching))
    found.extend(resource_policy_changes(matching, entries))
    found.extend(wiring_changes(matching))
    found.extend(path_changes(matching))
    old_unknowns, new_unknowns = tuple(dict.fromkeys(old.unknowns)), tuple(dict.fromkeys(new.unknowns))
    known = {_unknown_key(each, str) for each in old_unknowns}
    return GraphDiff(
        changes=sort_changes(found),
        renamed=tuple(matching.renamed),
        old_unknowns=old_unknowns,
        new_unknowns=new_unknowns,
        gained_unknowns=tuple(
            each
            for each in new_unknowns
            if _unknown_key(each, str) not in known and _unknown_key(each, matching.old_text) not in known
        ),
        matching=matching,
    )


def _unknown_key(unknown: Unknown, translate: object) -> tuple[str, str, str]:
    said = translate if callable(translate) else str
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
