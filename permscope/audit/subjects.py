"""A subject: a graph node, a graph edge, or one of the views of `world.py`, wrapped with the world it is in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from permscope.audit.world import (
    AttachmentView,
    PolicyView,
    StatementView,
    World,
)
from permscope.graph.model import Edge, Node
from permscope.graph.outcome import assumption_words
from permscope.inventory.facts import Credentials, Fact, PolicyAttachment, ResourcePolicy
from permscope.inventory.source import NOWHERE, Source
from permscope.lazy import dataclass


@dataclass(slots=True, eq=False)
class Subject:
    """Something a rule looks at.

    Attributes:
        it: node, edge or view.
        holder: the node it belongs to, for exposure and grouping.
    """

    world: World
    it: Any
    holder: Node | None
    fact: Fact | None = None

    @property
    def source(self) -> Source:
        """Where it stands."""
        match self.it:
            case Node():
                return self.it.source
            case Edge():
                return next((item.source for item in self.it.provenance if item.source.line), NOWHERE)
            case StatementView():
                return self.it.statement.source
            case PolicyView():
                return self.it.policy.source
            case AttachmentView():
                return self.it.source
            case _:
                return self.fact.source if self.fact else NOWHERE

    @property
    def resource(self) -> str:
        """What a finding calls the thing that must be changed."""
        if isinstance(self.it, Edge):
            logical_id = next((item.logical_id for item in self.it.provenance if item.logical_id), None)
            return logical_id or self.world.resource_name(self.holder)
        if isinstance(self.it, StatementView | PolicyView) and self.it.policy.logical_id:
            return self.it.policy.logical_id
        if self.fact is not None and self.fact.logical_id:
            return self.fact.logical_id
        if isinstance(self.fact, ResourcePolicy):
            return self.fact.resource_arn
        if isinstance(self.fact, PolicyAttachment | Credentials):
            return self.fact.principal_arn
        return self.world.resource_name(self.holder, getattr(self.fact, "arn", ""))

    @property
    def nodes(self) -> tuple[str, ...]:
        """Ids of the nodes it concerns."""
        if isinstance(self.it, Edge):
            return tuple(dict.fromkeys((self.it.target, self.it.source)))
        return (self.holder.id,) if self.holder else ()

    @property
    def only_if(self) -> str | None:
        """What it depends on that the template leaves open, as a clause."""
        if isinstance(self.it, StatementView) and self.it.statement.only_if:
            return when_holds(self.it.statement.only_if)
        if isinstance(self.it, Edge):
            return " and ".join(_depends_on(self.it)) or None
        name = self.fact.only_if if self.fact else self.holder.only_if if self.holder else None
        return when_holds(name) if name else None

    @property
    def exposed(self) -> str:
        """How the public reaches it, as a clause, or the empty string."""
        reasons = self.world.exposed
        return next((reasons[node] for node in self.nodes if node in reasons), "")


def when_holds(condition: str) -> str:
    """A condition of the template as a clause."""
    return f"condition `{condition}` holds"


def _depends_on(edge: Edge) -> Iterator[str]:
    for name, values in edge.conditions.get("template", {}).items():
        if name == "condition":
            yield when_holds(", ".join(map(str, values)))
        else:
            yield assumption_words(name, values)
