"""What no longer holds back access that resource policies give.

A resource's policy that names a role is enough inside its account, but the role's own Deny statements and its boundary
still count: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html. When one of them
goes, the access opens although no Allow has changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from permscope.catalog.actions import ActionSet
from permscope.graph.diff.change import Change, ChangeKind
from permscope.graph.diff.claims import Claim, Limits, remaining, uncovered_deny
from permscope.graph.diff.matching import Matching
from permscope.graph.diff.resources import book_of, doors_of, node_of
from permscope.graph.diff.sides import Side
from permscope.graph.diff.words import access_severity, at_least, doing_words, name_of
from permscope.graph.model import EdgeKind, Node, NodeKind
from permscope.inventory.source import NOWHERE, Source


def limit_changes(matching: Matching) -> Iterator[Change]:
    """Roles and users whom resource policies name and whose own limits are looser now."""
    old, new = Side(matching.old, None), Side(matching.new, matching)
    if matching.new.decisions is None or matching.old.decisions is None:
        return
    looser = [
        (node, former, before, after)
        for node in matching.new.of_kind(NodeKind.ROLE, NodeKind.USER)
        if (former := matching.old_node(node.id)) is not None
        and not (former.id == node.id and new.is_same(node.id, old))
        and not (after := new.book(node.id).limits).all_hold(before := old.book(former.id).limits)
    ]
    if not looser:
        return
    named: dict[str, list[tuple[Node, Claim]]] = defaultdict(list)
    for door in doors_of(matching.new.decisions):
        target = node_of(matching.new, door)
        if target is not None:
            for claim in book_of(door, matching.new.decisions, matching).claims:
                named[claim.principal].append((target, claim))
    for node, former, before, after in looser:
        for target, claim in (*named[node.id], *named["*"]):
            actions, place = _opened(claim, before, after)
            if actions:
                yield _change(matching, node, target, claim, actions, place if place is not NOWHERE else former.source)


def _opened(claim: Claim, before: Limits, after: Limits) -> tuple[ActionSet, Source]:
    """The actions of a claim that something held back, and where that stood."""
    opened, place = ActionSet.empty, NOWHERE
    for deny in before.denies:
        gone = claim.actions & uncovered_deny(deny, after.denies)
        if gone and deny.statement is not None:
            opened |= gone
            place = deny.statement.source
    if not after.layers_hold(before):
        for layer in before.layers:
            opened |= remaining(claim, layer)
    if not before.opaque <= after.opaque:
        opened = claim.actions
    return opened, place


def _change(matching: Matching, node: Node, target: Node, claim: Claim, actions: ActionSet, place: Source) -> Change:
    graph = matching.new
    users = [graph.nodes[edge.source] for edge in graph.incoming(node.id, EdgeKind.EXECUTES_AS)]
    actor = users[0] if users else node
    severity = access_severity(actions, wide=False)
    said = claim.statement.source if claim.statement is not None else target.source
    return Change(
        kind=ChangeKind.WEAKENED,
        severity=at_least(severity, "medium"),
        message=f"`{node.label}` is held back less: the policy of `{name_of(target)}` lets it {doing_words(actions)},"
        " which a Deny or boundary of its own took away",
        actor=name_of(actor),
        actor_id=node.id,
        target=name_of(target),
        target_id=target.id,
        actions=actions,
        levels=actions.levels(),
        before=actions.levels(),
        weakened="deny" if place is not NOWHERE else "boundary",
        source=node.source if node.source.file else said,
        old_source=place,
        nodes=tuple(dict.fromkeys((actor.id, node.id, target.id))),
    )
