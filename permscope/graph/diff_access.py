"""What functions, roles and users can do now that they could not do before, and the other way round."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from permscope.catalog.actions import ActionSet
from permscope.graph.collector import conditions_of, said_by
from permscope.graph.decisions import Decisions
from permscope.graph.diff_change import Change, ChangeKind
from permscope.graph.diff_claims import Book, Claim, Limits, claims_of, statement_claims, uncovered_deny
from permscope.graph.diff_matching import Matching
from permscope.graph.diff_words import (
    LEVEL_ORDER,
    access_severity,
    action_words,
    at_least,
    condition_words,
    highest,
    is_housekeeping,
    level_words,
    name_of,
    step_up,
    stricter_words,
)
from permscope.graph.model import EdgeKind, Node, NodeKind, PermissionGraph, Provenance
from permscope.inventory.inventory import IamPrincipal
from permscope.inventory.policies import Policy, PolicyKind, Statement
from permscope.inventory.source import NOWHERE, Source
from permscope.policy.effective import Grant, effective
from permscope.policy.matching import decode

_TARGET_EDGES = (EdgeKind.CAN_ACCESS, EdgeKind.CAN_INVOKE, EdgeKind.CAN_PASS, EdgeKind.CAN_ASSUME)


@dataclass(slots=True)
class _Actor:
    """Somebody who acts, and the roles it acts with (itself, where it is a role or user)."""

    node: Node
    principals: tuple[Node, ...]


class _Part(NamedTuple):
    """New actions and what kept them away before: nothing granted them, a condition, a Deny, a boundary."""

    actions: ActionSet
    cause: str = ""
    words: str = ""
    place: Source = NOWHERE


@dataclass(slots=True)
class _Gain:
    """New claims of one actor on one target."""

    target: str
    target_id: str
    wide: bool
    part: _Part
    actions: ActionSet = field(default_factory=lambda: ActionSet.empty)
    provenance: dict[int, Provenance] = field(default_factory=dict)
    claims: list[Claim] = field(default_factory=list)


class _Side:
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

    def actors(self) -> Iterator[_Actor]:
        """Functions and whatever else acts with a role, then roles, users and groups themselves."""
        using: dict[str, list[Node]] = defaultdict(list)
        for edge in self.graph.edges_of(EdgeKind.EXECUTES_AS):
            role = self.graph.nodes[edge.target]
            if edge.authorized is not False and role not in using[edge.source]:
                using[edge.source].append(role)
        for node_id, roles in using.items():
            yield _Actor(self.graph.nodes[node_id], tuple(roles))
        for node in self.graph.of_kind(NodeKind.ROLE, NodeKind.USER, NodeKind.GROUP):
            yield _Actor(node, (node,))


def _statements(policy: Policy, effect: str) -> Iterator[tuple[Policy, Statement]]:
    return ((policy, statement) for statement in policy.statements if statement.effect == effect)


def _only_allow(policy: Policy) -> Policy:
    return replace(policy, statements=tuple(each for each in policy.statements if each.effect == "Allow"))


def access_changes(matching: Matching) -> Iterator[Change]:
    """New, weakened and removed access of everybody who acts."""
    old, new = _Side(matching.old, None), _Side(matching.new, matching)
    old_roles = _roles_of_actors(old)
    reported: set[tuple[str, int]] = set()
    for actor in new.actors():
        former = matching.old_node(actor.node.id)
        if actor.node.kind is NodeKind.ROLE and former is None and _is_used(new.graph, actor.node):
            continue  # what uses the new role tells
        before = old_roles.get(former.id, ()) if former is not None else ()
        yield from _gains(old, new, actor, before, reported)
        yield from _not_known(old, new, actor, before)
    now = _roles_of_actors(new)
    by_old: dict[str, str] = {}
    for node_id in new.graph.nodes:
        by_old.setdefault(matching.old_id(node_id), node_id)
    lost: set[tuple[str, int]] = set()
    for actor in old.actors():
        latter = by_old.get(actor.node.id)
        if actor.node.kind is NodeKind.ROLE and latter is None and _is_used(old.graph, actor.node):
            continue
        yield from _losses(old, new, actor, now.get(latter, ()) if latter else (), lost)


def _roles_of_actors(side: _Side) -> dict[str, tuple[Node, ...]]:
    found: dict[str, tuple[Node, ...]] = {}
    for actor in side.actors():
        found.setdefault(actor.node.id, actor.principals)
    return found


def _is_used(graph: PermissionGraph, role: Node) -> bool:
    return any(edge.authorized is not False for edge in graph.incoming(role.id, EdgeKind.EXECUTES_AS))


# Gains


def _gains(
    old: _Side, new: _Side, actor: _Actor, before: tuple[Node, ...], reported: set[tuple[str, int]]
) -> Iterator[Change]:
    gains: dict[tuple[str, str], _Gain] = {}
    for role in actor.principals:
        book = new.book(role.id)
        for claim in book.claims:
            left = _left(old, claim, book, before)
            if not left or (role.id, id(claim)) in reported:
                continue
            reported.add((role.id, id(claim)))
            target, target_id, wide = _target_of(new.graph, role, claim)
            said = _said(claim, role)
            for part in _parts(old, claim, left, book, before):
                gain = gains.setdefault((target_id, part.cause), _Gain(target, target_id, wide, part))
                gain.actions |= part.actions
                gain.claims.append(claim)
                gain.provenance.setdefault(id(said.fact), said)
    for gain in gains.values():
        yield _weakened(actor, gain) if gain.part.cause else _new_access(old, actor, gain, before)


def _left(old: _Side, claim: Claim, book: Book, before: tuple[Node, ...]) -> ActionSet:
    """What of a claim none of the former principals had."""
    left = claim.actions
    for role in before:
        if not left:
            break
        left &= old.book(role.id).remaining(claim, book.limits)
    return left


def _parts(old: _Side, claim: Claim, left: ActionSet, book: Book, before: tuple[Node, ...]) -> Iterator[_Part]:
    """New actions by what kept them away before: nothing granted them, a condition, a Deny, a boundary."""
    for former in before:
        plain, limits = old.without_limits(former.id), old.book(former.id).limits
        had = left - plain.remaining(claim, loosely=True)
        left = left - had
        by_condition = had & plain.remaining(claim)
        if by_condition:
            entries = [each for own in plain.near(claim) for each in own.conditions]
            place = entries[0].source if entries else former.source
            yield _Part(by_condition, "condition", stricter_words(entries, claim.conditions), place)
        had = had - by_condition
        for deny in limits.denies:
            gone = had & uncovered_deny(deny, book.limits.denies)
            if gone and deny.statement is not None:
                sid = f"`{deny.statement.sid}`" if deny.statement.sid else "a Deny"
                yield _Part(gone, "deny", f"{sid} no longer denies it", deny.statement.source)
                had = had - gone
        if had:
            words = "a permissions boundary or control policy no longer holds it back"
            yield _Part(had, "boundary", words, former.source)
    if left:
        yield _Part(left)


def _target_of(graph: PermissionGraph, role: Node, claim: Claim) -> tuple[str, str, bool]:
    """The node a claim is about: name, id, and whether it is more than one thing."""
    pattern = decode(claim.resource)
    if claim.not_resources:
        shown = ", ".join(decode(each) for each in claim.not_resources)
        return f"everything but {shown}", f"set:!{shown}", True
    for edge in graph.outgoing(role.id, *_TARGET_EDGES):
        if pattern in edge.attributes.get("resources", ()) or edge.target in (pattern, f"set:{pattern}"):
            node = graph.nodes[edge.target]
            return name_of(node), node.id, node.kind is NodeKind.RESOURCE_SET
    if not pattern.strip("*"):
        return "every resource (*)", "set:*", True
    return pattern, pattern, "*" in pattern


def _said(claim: Claim, role: Node) -> Provenance:
    if claim.statement is None or claim.policy is None:
        return Provenance(source=role.source, logical_id=role.logical_id)
    said = said_by(claim.statement, claim.policy, role.logical_id)
    return said if said.source.file else said._replace(source=role.source)


def _new_access(old: _Side, actor: _Actor, gain: _Gain, before: tuple[Node, ...]) -> Change:
    levels = gain.actions.levels()
    levels_before = _levels_before(old, gain, before)
    risen = bool(levels_before) and highest(levels) > highest(levels_before)
    rise = f"; until now {level_words(levels_before)} only" if risen else ""
    sure = any(not (claim.conditions or claim.limits or claim.vague or claim.only_if) for claim in gain.claims)
    conditions = condition_words(conditions_of(entry for claim in gain.claims for entry in claim.conditions))
    severity = access_severity(gain.actions, wide=gain.wide, target=gain.target)
    if is_housekeeping(gain.actions, gain.provenance.values()):
        severity = "info"
    elif not sure:
        severity = step_up(severity, -1)
    under = f" when {conditions}" if conditions and not sure else ""
    return _change(
        actor,
        gain,
        kind=ChangeKind.NEW_ACCESS,
        severity=severity,
        message=f"`{actor.node.label}` can now {action_words(gain.actions)} on `{gain.target}`"
        f" ({level_words(levels)}){under}{rise}",
        before=levels_before,
        risen=risen,
        sure=sure,
        conditions=conditions,
    )


def _levels_before(old: _Side, gain: _Gain, before: tuple[Node, ...]) -> tuple[str, ...]:
    """The access levels that the actor had on the same target in the services that are gained."""
    had = ActionSet.empty
    for former in before:
        for own in old.book(former.id).claims:
            if own.resource == "*" or any(own.resource in claim.texts for claim in gain.claims):
                had |= own.actions
    found = {level for service in gain.actions.services() for level in had.of_service(service).levels()}
    return tuple(level for level in LEVEL_ORDER if level in found)


def _weakened(actor: _Actor, gain: _Gain) -> Change:
    severity = access_severity(gain.actions, wide=gain.wide, target=gain.target)
    return _change(
        actor,
        gain,
        kind=ChangeKind.WEAKENED,
        severity=at_least(severity, "high" if gain.part.cause in ("deny", "boundary") else "medium"),
        message=f"`{actor.node.label}` may {action_words(gain.actions)} on `{gain.target}` under looser terms:"
        f" {gain.part.words}",
        weakened=gain.part.cause,
        before=gain.actions.levels(),
        old_source=gain.part.place,
    )


def _change(actor: _Actor, gain: _Gain, **more: Any) -> Change:
    provenance = tuple(gain.provenance.values())
    return Change(
        actor=actor.node.label,
        actor_id=actor.node.id,
        target=gain.target,
        target_id=gain.target_id,
        actions=gain.actions,
        levels=gain.actions.levels(),
        source=_first_place(provenance, actor.node),
        provenance=provenance,
        nodes=tuple(dict.fromkeys((actor.node.id, *(role.id for role in actor.principals), gain.target_id))),
        **more,
    )


def _first_place(provenance: Iterable[Provenance], node: Node) -> Source:
    return next((one.source for one in provenance if one.source.file or one.source.call), node.source)


def _not_known(old: _Side, new: _Side, actor: _Actor, before: tuple[Node, ...]) -> Iterator[Change]:
    """Policies and roles that are attached now and that nobody can read."""
    known_before: set[str] = set()
    for former in before:
        principal = old.principal(former.id)
        if principal is not None:
            known_before.update(map(str, old.decisions.inventory.missing_policies(principal)))
    for role in actor.principals:
        principal = new.principal(role.id)
        if principal is None:
            if all(former.id != new.translate(role.id) for former in before) and role is not actor.node:
                yield _of_unknown(actor.node, f"runs as `{role.label}`, which is in no input", role.label, role.id)
            continue
        if role is actor.node and role.kind is NodeKind.ROLE and _is_used(new.graph, role):
            continue
        for arn in new.decisions.inventory.missing_policies(principal):
            if new.translate(str(arn)) not in known_before and str(arn) not in known_before:
                place = getattr(arn, "source", None) or role.source
                words = f"has the managed policy `{arn}`, whose document is in no input"
                yield _of_unknown(actor.node, words, str(arn), str(arn), place)


def _of_unknown(node: Node, words: str, target: str, target_id: str, place: Source | None = None) -> Change:
    return Change(
        kind=ChangeKind.NEW_ACCESS,
        severity="medium",
        message=f"`{node.label}` now {words}: what that allows is not known",
        actor=node.label,
        actor_id=node.id,
        target=target,
        target_id=target_id,
        sure=False,
        conditions="not known",
        source=place or node.source,
        nodes=(node.id, target_id),
    )


# Losses


def _losses(
    old: _Side, new: _Side, actor: _Actor, now: tuple[Node, ...], reported: set[tuple[str, int]]
) -> Iterator[Change]:
    """What an actor could do on a target and cannot do any more."""
    lost: dict[str, _Gain] = {}
    for role in actor.principals:
        book = old.book(role.id)
        for claim in book.claims:
            left = claim.actions
            for latter in now:
                if not left:
                    break
                left &= new.book(latter.id).remaining(claim, book.limits)
                left &= new.book_as_old(latter.id).remaining(claim, book.limits)
            if not left or (role.id, id(claim)) in reported:
                continue
            reported.add((role.id, id(claim)))
            target, target_id, wide = _target_of(old.graph, role, claim)
            gain = lost.setdefault(target_id, _Gain(target, target_id, wide, _Part(left)))
            gain.actions |= left
            said = _said(claim, role)
            gain.provenance.setdefault(id(said.fact), said)
    for gain in lost.values():
        if is_housekeeping(gain.actions, gain.provenance.values()):
            continue
        yield _change(
            actor,
            gain,
            kind=ChangeKind.ACCESS_REMOVED,
            severity="info",
            message=f"`{actor.node.label}` can no longer {action_words(gain.actions)} on `{gain.target}`",
        )
