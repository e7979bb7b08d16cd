"""What functions, roles and users can do now that they could not do before, and the other way round."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from typing import Any, NamedTuple

from permscope.catalog.actions import ActionSet
from permscope.graph.collector import conditions_of, said_by
from permscope.graph.decisions import any_partition
from permscope.graph.diff.change import Change, ChangeKind
from permscope.graph.diff.claims import Book, Claim, uncovered_deny
from permscope.graph.diff.conditions import follows
from permscope.graph.diff.matching import Matching
from permscope.graph.diff.sides import Actor, Side, is_used
from permscope.graph.diff.words import (
    LEVEL_ORDER,
    access_severity,
    at_least,
    condition_words,
    doing_words,
    highest,
    housekeeping_words,
    is_housekeeping,
    level_words,
    name_of,
    pattern_words,
    step_up,
    stricter_words,
)
from permscope.graph.model import EdgeKind, Node, NodeKind, PermissionGraph, Provenance
from permscope.inventory.source import NOWHERE, Source
from permscope.inventory.tokens import has_unknown
from permscope.lazy import dataclass
from permscope.policy.matching import decode

_TARGET_EDGES = (EdgeKind.CAN_ACCESS, EdgeKind.CAN_INVOKE, EdgeKind.CAN_PASS, EdgeKind.CAN_ASSUME)


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


def access_changes(matching: Matching) -> Iterator[Change]:
    """New, weakened and removed access of everybody who acts."""
    old, new = Side(matching.old, None), Side(matching.new, matching)
    old_roles = _roles_of_actors(old)
    reported: set[tuple[str, int]] = set()
    gained: dict[tuple[str, str], ActionSet] = {}
    for actor in new.actors():
        former = matching.old_node(actor.node.id)
        if actor.node.kind is NodeKind.ROLE and former is None and is_used(new.graph, actor.node):
            continue  # what uses the new role tells
        before = old_roles.get(former.id, ()) if former is not None else ()
        for change in _gains(old, new, actor, before, reported):
            key = (matching.old_id(change.actor_id), matching.old_id(change.target_id))
            gained[key] = gained.get(key, ActionSet.empty) | change.actions
            yield change
        yield from _not_known(old, new, actor, before)
    now = _roles_of_actors(new)
    by_old: dict[str, str] = {}
    for node_id in new.graph.nodes:
        by_old.setdefault(matching.old_id(node_id), node_id)
    lost: set[tuple[str, int]] = set()
    for actor in old.actors():
        latter = by_old.get(actor.node.id)
        if actor.node.kind is NodeKind.ROLE and latter is None and is_used(old.graph, actor.node):
            continue
        yield from _losses(old, new, actor, now.get(latter, ()) if latter else (), lost, gained)


def _roles_of_actors(side: Side) -> dict[str, tuple[Node, ...]]:
    found: dict[str, tuple[Node, ...]] = {}
    for actor in side.actors():
        found.setdefault(actor.node.id, actor.principals)
    return found


# Gains


def _gains(
    old: Side, new: Side, actor: Actor, before: tuple[Node, ...], reported: set[tuple[str, int]]
) -> Iterator[Change]:
    gains: dict[tuple[str, str], _Gain] = {}
    for role in actor.principals:
        if any(former.id == role.id for former in before) and new.is_same(role.id, old):
            continue
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


def _left(old: Side, claim: Claim, book: Book, before: tuple[Node, ...]) -> ActionSet:
    """What of a claim none of the former principals had."""
    left = claim.actions
    for role in before:
        if not left:
            break
        left &= old.book(role.id).remaining(claim, book.limits)
    return left


def _parts(old: Side, claim: Claim, left: ActionSet, book: Book, before: tuple[Node, ...]) -> Iterator[_Part]:
    """New actions by what kept them away before: nothing granted them, a condition, a Deny, a boundary."""
    for former in before:
        plain, limits = old.without_limits(former.id), old.book(former.id).limits
        had = left - plain.remaining(claim, loosely=True)
        left = left - had
        by_condition = had & plain.remaining(claim)
        if by_condition:
            yield _by_condition(by_condition, claim, plain, former)
        had = had - by_condition
        for deny in limits.denies:
            gone = had & uncovered_deny(deny, book.limits.denies)
            if gone and deny.statement is not None:
                sid = f"`{deny.statement.sid}`" if deny.statement.sid else "a Deny"
                on = "" if deny.resource in claim.texts else f" on `{pattern_words(old.graph, decode(deny.resource))}`"
                yield _Part(gone, "deny", f": {sid} no longer denies it{on}", deny.statement.source)
                had = had - gone
        if had:
            words = ": a permissions boundary or control policy no longer holds it back"
            yield _Part(had, "boundary", words, former.source)
    if left:
        yield _Part(left)


def _by_condition(actions: ActionSet, claim: Claim, plain: Book, former: Node) -> _Part:
    """What conditions kept away: of the old claims first those that ask for more, else those that ask otherwise."""
    asked = claim.old_conditions or claim.conditions
    near = [own for own in plain.near(claim) if own.conditions]
    looser = [own for own in near if follows(own.conditions, asked)]
    entries = [entry for own in (looser or near)[:1] for entry in own.conditions]
    place = entries[0].source if entries else former.source
    terms = "looser terms" if looser or not entries else "other terms"
    return _Part(actions, "condition", f" under {terms}: {stricter_words(entries, asked)}", place)


def _target_of(graph: PermissionGraph, role: Node, claim: Claim) -> tuple[str, str, bool]:
    """The node a claim is about: name, id, and whether it is more than one thing."""
    pattern = decode(claim.resource)
    if claim.not_resources:
        left_out = [decode(each) for each in claim.not_resources]
        names = (name_of(graph.nodes[each]) if each in graph.nodes else each for each in left_out)
        return f"everything but {', '.join(names)}", f"set:!{', '.join(left_out)}", True
    found = [
        graph.nodes[edge.target]
        for edge in graph.outgoing(role.id, *_TARGET_EDGES)
        if pattern in edge.attributes.get("resources", ()) or edge.target in (pattern, f"set:{pattern}")
    ]
    for node in found:
        if node.kind is NodeKind.RESOURCE_SET or _is_within(pattern, node):
            return name_of(node), node.id, node.kind is NodeKind.RESOURCE_SET
    if not pattern.strip("*"):
        return "every resource (*)", "set:*", True
    return pattern_words(graph, pattern), pattern, "*" in pattern


def _is_within(pattern: str, node: Node) -> bool:
    """Whether a pattern is about one thing and what is in it, so that the thing's name says it all."""
    arn = node.arn or node.id
    rest = any_partition(pattern).removeprefix(any_partition(arn))
    return rest != any_partition(pattern) and rest[:1] in ("", "/", ":")


def _said(claim: Claim, role: Node) -> Provenance:
    if claim.statement is None or claim.policy is None:
        return Provenance(source=role.source, logical_id=role.logical_id)
    said = said_by(claim.statement, claim.policy, role.logical_id)
    return said if said.source.file else said._replace(source=role.source)


def _new_access(old: Side, actor: Actor, gain: _Gain, before: tuple[Node, ...]) -> Change:
    levels = gain.actions.levels()
    levels_before = _levels_before(old, gain, before)
    risen = bool(levels_before) and highest(levels) > highest(levels_before)
    rise = f"; until now {level_words(levels_before)} only" if risen else ""
    sure = any(not (claim.conditions or claim.limits or claim.vague or claim.only_if) for claim in gain.claims)
    conditions = condition_words(conditions_of(entry for claim in gain.claims for entry in claim.conditions))
    severity = access_severity(gain.actions, wide=gain.wide, target=gain.target)
    routine = ""
    if is_housekeeping(gain.actions, gain.provenance.values()):
        severity = "info"
        routine = housekeeping_words(gain.actions, gain.provenance.values()) if gain.target_id == "set:*" else ""
    elif not sure:
        severity = step_up(severity, -1)
    under = f" {conditions}" if conditions and not sure else ""
    doing = f"{doing_words(gain.actions)} on {_quoted(gain.target)} ({level_words(levels)})"
    return _change(
        actor,
        gain,
        kind=ChangeKind.NEW_ACCESS,
        # Who can do nearly anything can become anybody.
        also=(ChangeKind.NEW_ESCALATION_PATH,) if severity == "critical" else (),
        severity=severity,
        message=f"`{actor.node.label}` can now {f'{routine} (routine)' if routine else doing}"
        f"{under}{rise}{_unknown_words(gain.target)}",
        before=levels_before,
        risen=risen,
        sure=sure and not has_unknown(gain.target),
        conditions=conditions,
    )


def _levels_before(old: Side, gain: _Gain, before: tuple[Node, ...]) -> tuple[str, ...]:
    """The access levels that the actor had on the same target in the services that are gained."""
    had = ActionSet.empty
    for former in before:
        for own in old.book(former.id).claims:
            if own.resource == "*" or any(own.resource in claim.texts for claim in gain.claims):
                had |= own.actions
    found = {level for service in gain.actions.services() for level in had.of_service(service).levels()}
    return tuple(level for level in LEVEL_ORDER if level in found)


def _weakened(actor: Actor, gain: _Gain) -> Change:
    severity = access_severity(gain.actions, wide=gain.wide, target=gain.target)
    return _change(
        actor,
        gain,
        kind=ChangeKind.WEAKENED,
        also=(ChangeKind.NEW_ESCALATION_PATH,) if severity == "critical" else (),
        severity=at_least(severity, "high" if gain.part.cause in ("deny", "boundary") else "medium"),
        message=f"`{actor.node.label}` can now {doing_words(gain.actions)} on {_quoted(gain.target)}{gain.part.words}",
        weakened=gain.part.cause,
        before=gain.actions.levels(),
        old_source=gain.part.place,
    )


def _unknown_words(target: str) -> str:
    return "; which one that is, is not known" if has_unknown(target) else ""


def _quoted(target: str) -> str:
    """A target between backticks, where it is a name."""
    if target == "every resource (*)":
        return "every resource"
    return target if target.startswith("everything but") else f"`{target}`"


def _change(actor: Actor, gain: _Gain, **more: Any) -> Change:
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


def _not_known(old: Side, new: Side, actor: Actor, before: tuple[Node, ...]) -> Iterator[Change]:
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
        if role is actor.node and role.kind is NodeKind.ROLE and is_used(new.graph, role):
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
    old: Side,
    new: Side,
    actor: Actor,
    now: tuple[Node, ...],
    reported: set[tuple[str, int]],
    gained: Mapping[tuple[str, str], ActionSet],
) -> Iterator[Change]:
    """What an actor could do on a target and cannot do any more; not what it can do there under other terms."""
    lost: dict[str, _Gain] = {}
    for role in actor.principals:
        if any(latter.id == role.id for latter in now) and new.is_same(role.id, old):
            continue
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
        gain.actions -= gained.get((actor.node.id, gain.target_id), ActionSet.empty)
        if not gain.actions or is_housekeeping(gain.actions, gain.provenance.values()):
            continue
        yield _change(
            actor,
            gain,
            kind=ChangeKind.ACCESS_REMOVED,
            severity="info",
            message=f"`{actor.node.label}` can no longer {doing_words(gain.actions)} on {_quoted(gain.target)}",
        )
