"""Both versions of a comparison: who acts, what each principal may do, and what takes access away."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from permscope.graph.decisions import Decisions
from permscope.graph.diff.claims import Book, Claim, Limits, claims_of, statement_claims
from permscope.graph.diff.matching import Matching
from permscope.graph.model import EdgeKind, Node, NodeKind, PermissionGraph
from permscope.inventory.inventory import IamPrincipal
from permscope.inventory.policies import Policy, PolicyKind, Statement
from permscope.lazy import dataclass
from permscope.policy.effective import Grant, effective


@dataclass(slots=True)
class Actor:
    """Somebody who acts, and the roles it acts with (itself, where it is a role or user)."""

    node: Node
    principals: tuple[Node, ...]


class Side:
    """One version: its principals with their claims, each worked out once.

    Args:
        graph: of this version.
        matching: for the new version, to know the names of the old one.
    """

    def __init__(self, graph: PermissionGraph, matching: Matching | None) -> None:
        self.graph = graph
        self.matching = matching
        self._books: dict[str, Book] = {}
        self._plain: dict[str, Book] = {}
        self._as_old: dict[str, Book] = {}
        self._same: dict[str, bool] = {}

    @property
    def decisions(self) -> Decisions:
        """The policy decisions of this version."""
        if self.graph.decisions is None:
            raise ValueError("a graph made by hand has no policies to compare")
        return self.graph.decisions

    def translate(self, text: str) -> str:
        """The text with the names of the old version."""
        return self.matching.old_text(text) if self.matching is not None else text

    def principal(self, node_id: str) -> IamPrincipal | None:
        """The role, user or group of a node."""
        return self.decisions.principal(node_id) if self.graph.decisions is not None else None

    def is_same(self, node_id: str, other: Side) -> bool:
        """Whether a principal is in both versions with the very same policies: whatever they allow, they did before."""
        found = self._same.get(node_id)
        if found is None:
            own, twin = self._given(node_id), other._given(node_id)
            found = self._same[node_id] = own is not None and own == twin
        return found

    def _given(self, node_id: str) -> tuple[object, ...] | None:
        """All that decides what a principal may do."""
        principal = self.principal(node_id)
        if principal is None:
            return None
        decisions = self.decisions
        arn = getattr(principal, "boundary_arn", None)
        levels = decisions.control_levels(self.graph.nodes[node_id].account or "", PolicyKind.SCP)
        return decisions.identity(principal), arn, decisions.boundary(principal), levels

    def book(self, node_id: str) -> Book:
        """What a principal's own policies let it do."""
        found = self._books.get(node_id)
        if found is None:
            principal = self.principal(node_id)
            if principal is None:
                found = Book()
            else:
                grants = self.decisions.effective(principal).grants
                found = Book(self._claims(grants), self._limits(principal))
            self._books[node_id] = found
        return found

    def book_as_old(self, node_id: str) -> Book:
        """The same with the names of the old version."""
        found = self._as_old.get(node_id)
        if found is None:
            found = self._as_old[node_id] = self.book(node_id).as_old()
        return found

    def without_limits(self, node_id: str) -> Book:
        """The same without anything that takes access away."""
        found = self._plain.get(node_id)
        if found is None:
            principal = self.principal(node_id)
            grants: tuple[Grant, ...] = ()
            if principal is not None:
                allows = tuple(_only_allow(policy) for policy in self.decisions.identity(principal))
                grants = effective(allows).grants
            found = self._plain[node_id] = Book(self._claims(grants))
        return found

    def _claims(self, grants: Iterable[Grant]) -> tuple[Claim, ...]:
        if self.matching is None:
            return claims_of(grants)
        return claims_of(grants, self.translate)

    def _limits(self, principal: IamPrincipal) -> Limits:
        decisions = self.decisions
        boundary = decisions.boundary(principal)
        levels: list[tuple[Policy, ...]] = [] if boundary is None else [(boundary,)]
        account = self.graph.nodes[principal.arn].account or ""
        levels += [level for level in decisions.control_levels(account, PolicyKind.SCP) if level]
        identity = decisions.identity(principal)
        denies = [pair for policy in identity for pair in _statements(policy, "Deny")]
        denies += [pair for level in levels for policy in level for pair in _statements(policy, "Deny")]
        translate = self.translate if self.matching is not None else None
        arn = getattr(principal, "boundary_arn", None)
        return Limits(
            statement_claims(denies, translate) if translate else statement_claims(denies),
            [
                statement_claims(allows, translate) if translate else statement_claims(allows)
                for level in levels
                if (allows := [pair for policy in level for pair in _statements(policy, "Allow")])
            ],
            [self.translate(arn)] if arn and boundary is None else (),
        )

    def actors(self) -> Iterator[Actor]:
        """Functions and whatever else acts with a role, then roles, users and groups themselves."""
        using: dict[str, list[Node]] = defaultdict(list)
        for edge in self.graph.edges_of(EdgeKind.EXECUTES_AS):
            role = self.graph.nodes[edge.target]
            if edge.authorized is not False and role not in using[edge.source]:
                using[edge.source].append(role)
        for node_id, roles in using.items():
            yield Actor(self.graph.nodes[node_id], tuple(roles))
        for node in self.graph.of_kind(NodeKind.ROLE, NodeKind.USER, NodeKind.GROUP):
            yield Actor(node, (node,))


def _statements(policy: Policy, effect: str) -> Iterator[tuple[Policy, Statement]]:
    return ((policy, statement) for statement in policy.statements if statement.effect == effect)


def _only_allow(policy: Policy) -> Policy:
    return replace(policy, statements=tuple(each for each in policy.statements if each.effect == "Allow"))


def is_used(graph: PermissionGraph, role: Node) -> bool:
    """Whether something in the input acts as a role."""
    return any(edge.authorized is not False for edge in graph.incoming(role.id, EdgeKind.EXECUTES_AS))
