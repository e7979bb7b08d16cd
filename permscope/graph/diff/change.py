"""One change: what can happen now, to whom, on what, and where that is written."""

from __future__ import annotations

import hashlib
from dataclasses import field
from enum import StrEnum
from typing import NamedTuple

from permscope.catalog.actions import ActionSet
from permscope.graph.model import Provenance
from permscope.inventory.source import NOWHERE, Source
from permscope.lazy import dataclass

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
