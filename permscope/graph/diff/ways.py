"""Ways that are open now: to become another principal, and from outside to what functions touch."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from permscope.catalog.actions import ActionSet, load
from permscope.graph.diff.change import Change, ChangeKind, Step
from permscope.graph.diff.matching import Matching
from permscope.graph.diff.words import (
    access_severity,
    condition_words,
    is_housekeeping,
    level_words,
    name_of,
    step_up,
    stranger_name,
)
from permscope.graph.model import Decision, Edge, EdgeKind, Node, NodeKind, PermissionGraph, Provenance
from permscope.graph.questions.paths import still_allowed
from permscope.graph.questions.queries import in_set
from permscope.graph.takeover.feeding import feeds
from permscope.inventory.source import Source
from permscope.policy.matching import covers, encode, opened

_RUNS = (EdgeKind.CAN_INVOKE, EdgeKind.TRIGGERS, EdgeKind.EXECUTES_AS, EdgeKind.CAN_ASSUME, EdgeKind.DELIVERS_TO)
_SHOWN_TARGETS = 4


def path_changes(matching: Matching) -> Iterator[Change]:
    """New escalation paths and new exposure paths."""
    yield from _escalations(matching)
    yield from _exposures(matching)


# Escalation


def _escalations(matching: Matching) -> Iterator[Change]:
    known = {
        (edge.source, edge.target, edge.attributes.get("category"))
        for edge in matching.old.edges_of(EdgeKind.CAN_TAKE_OVER)
    }
    for edge in matching.new.edges_of(EdgeKind.CAN_TAKE_OVER):
        key = (matching.old_id(edge.source), matching.old_id(edge.target), edge.attributes.get("category"))
        if key in known or _had_wider(matching, edge):
            continue
        graph = matching.new
        source, target = graph.nodes[edge.source], graph.nodes[edge.target]
        users = [graph.nodes[each.source] for each in graph.incoming(source.id, EdgeKind.EXECUTES_AS)]
        actor = users[0] if users else source
        steps = [Step(name_of(actor), "runs as", actor.source, actor.id, actor.kind.value)] if users else []
        reason = edge.reason or "takes over"
        steps.append(Step(name_of(source), reason, source.source, source.id, source.kind.value))
        steps.append(Step(name_of(target), "", target.source, target.id, target.kind.value))
        yield Change(
            kind=ChangeKind.NEW_ESCALATION_PATH,
            severity="high" if edge.decision is Decision.ALLOW else "medium",
            message=f"`{name_of(actor)}` can now take over `{name_of(target)}`: it {reason}",
            actor=name_of(actor),
            actor_id=actor.id,
            target=name_of(target),
            target_id=target.id,
            actions=edge.actions,
            levels=edge.actions.levels(),
            sure=edge.decision is Decision.ALLOW,
            source=_place(edge.provenance, source),
            path=tuple(steps),
            provenance=edge.provenance,
            nodes=tuple(dict.fromkeys((actor.id, source.id, target.id))),
        )


def _had_wider(matching: Matching, edge: Edge) -> bool:
    """Whether a principal that could do everything before now only can do a part."""
    former = matching.old_node(edge.source)
    if former is None:
        users = [matching.old_node(each.source) for each in matching.new.incoming(edge.source, EdgeKind.EXECUTES_AS)]
        roles = [
            each.target
            for user in users
            if user is not None
            for each in matching.old.outgoing(user.id, EdgeKind.EXECUTES_AS)
        ]
    else:
        roles = [former.id]
    return any(
        each.target == "set:*" and each.decision is Decision.ALLOW and "*" in each.actions.patterns(1)
        for role in roles
        for each in matching.old.outgoing(role, EdgeKind.CAN_ACCESS)
    )


def _place(provenance: tuple[Provenance, ...], node: Node) -> Source:
    return next((one.source for one in provenance if one.source.file or one.source.call), node.source)


# Exposure


class _Reached(NamedTuple):
    """Something that can be touched from outside.

    Attributes:
        hops: the edges on the way, the last one is the access.
    """

    node: Node
    actions: ActionSet
    hops: tuple[Edge, ...]

    @property
    def actor(self) -> str:
        """What runs last: the function, where a role acts for one."""
        last = self.hops[-1]
        before = self.hops[-2] if len(self.hops) > 1 else None
        return before.source if before is not None and before.kind is EdgeKind.EXECUTES_AS else last.source


def _exposures(matching: Matching) -> Iterator[Change]:
    for start in matching.new.of_kind(NodeKind.PUBLIC, NodeKind.ACCOUNT, NodeKind.EXTERNAL):
        if not _is_outside(start):
            continue
        old_start = matching.old_node(start.id)
        before = list(reached(matching.old, old_start)) if old_start is not None else []
        by_actor: dict[str, list[tuple[_Reached, ActionSet]]] = {}
        for found in reached(matching.new, start):
            gained = _gained(matching, found, before)
            if gained and not is_housekeeping(gained, found.hops[-1].provenance):
                by_actor.setdefault(found.actor, []).append((found, gained))
        for actor, group in by_actor.items():
            yield _exposure(matching.new, start, matching.new.nodes[actor], group)


def _is_outside(node: Node) -> bool:
    return node.kind is NodeKind.PUBLIC or (node.trusted is False and node.kind is not NodeKind.FEDERATED)


def _gained(matching: Matching, found: _Reached, before: list[_Reached]) -> ActionSet:
    """The actions on a reached thing that could not be used from there before."""
    left = found.actions
    old_id = matching.old_id(found.node.id)
    pattern = opened(encode(matching.old_text(found.node.arn or found.node.id.removeprefix("set:"))))
    for each in before:
        if not left:
            break
        is_set = each.node.kind is NodeKind.RESOURCE_SET and not each.node.id.startswith("set:!")
        if each.node.id == old_id or (is_set and covers(encode(each.node.id.removeprefix("set:")), pattern)):
            left = left - each.actions
    return left


def reached(graph: PermissionGraph, start: Node) -> Iterator[_Reached]:
    """What a stranger can make functions touch, each with the shortest sure way there, else the shortest one."""
    surely: dict[tuple[str, str], ActionSet] = {}
    for found in _walk(graph, start, sure=True):
        key = (found.node.id, found.actor)
        surely[key] = surely.get(key, ActionSet.empty) | found.actions
        yield found
    for found in _walk(graph, start, sure=False):
        left = found.actions - surely.get((found.node.id, found.actor), ActionSet.empty)
        if left:
            yield found._replace(actions=left)


def _walk(graph: PermissionGraph, start: Node, *, sure: bool) -> Iterator[_Reached]:
    seen = {(start.id, True)}
    todo: deque[tuple[str, bool, tuple[Edge, ...]]] = deque([(start.id, True, ())])
    functions = [node for node in graph.of_kind(NodeKind.FUNCTION) if node.arn]
    through_url = load().expand("lambda:InvokeFunctionUrl")
    while todo:
        node_id, running, hops = todo.popleft()
        for edge in graph.outgoing(node_id, *_RUNS, EdgeKind.CAN_ACCESS):
            if edge.decision is Decision.DENY or edge.authorized is False:
                continue
            if sure and edge.decision is not Decision.ALLOW:
                continue
            if not running and graph.nodes[node_id].kind in (NodeKind.RESOURCE, NodeKind.EXTERNAL):
                continue
            target = graph.nodes[edge.target]
            if edge.kind is EdgeKind.CAN_INVOKE and target.kind is NodeKind.FUNCTION and edge.actions <= through_url:
                continue  # the route of the URL leads there
            way = (*hops, edge)
            runs = edge.kind is not EdgeKind.CAN_ACCESS
            if edge.kind is EdgeKind.CAN_ACCESS:
                if hops:
                    yield _Reached(target, edge.actions, way)
                runs = feeds(edge, target.type)
            ends = [target]
            if target.kind is NodeKind.RESOURCE_SET and edge.kind is EdgeKind.CAN_INVOKE:
                ends = [
                    each
                    for each in functions
                    if each.arn and in_set(target, each.arn) and still_allowed(graph, edge, each)
                ]
            for end in ends:
                if (end.id, runs) not in seen:
                    seen.add((end.id, runs))
                    todo.append((end.id, runs, way))


def _exposure(graph: PermissionGraph, start: Node, actor: Node, group: list[tuple[_Reached, ActionSet]]) -> Change:
    group = sorted(group, key=lambda one: (-len(one[1]), one[0].node.label))
    first = group[0][0]
    actions = ActionSet.empty
    for _, gained in group:
        actions |= gained
    names = [f"`{name_of(found.node)}` ({level_words(gained.levels())})" for found, gained in group]
    more = f" and {len(names) - _SHOWN_TARGETS} more" if len(names) > _SHOWN_TARGETS else ""
    worst = min(
        (access_severity(gained, wide=found.node.kind is NodeKind.RESOURCE_SET) for found, gained in group),
        key=("critical", "high", "medium", "low", "info").index,
    )
    sure = all(edge.decision is Decision.ALLOW for edge in first.hops)
    who, under = _who(start, first.hops[0])
    return Change(
        kind=ChangeKind.NEW_EXPOSURE_PATH,
        severity=worst if sure else step_up(worst, -1),
        message=f"{who} now reaches {', '.join(names[:_SHOWN_TARGETS])}{more} through `{name_of(actor)}`{under}",
        actor=who.replace("`", ""),
        actor_id=start.id,
        target=", ".join(name_of(found.node) for found, _ in group),
        target_id=first.node.id,
        actions=actions,
        levels=actions.levels(),
        sure=sure,
        source=_place(first.hops[-1].provenance, actor),
        path=tuple(_steps(graph, start, first.hops)),
        provenance=tuple(one for edge in first.hops for one in edge.provenance),
        nodes=tuple(dict.fromkeys((actor.id, *(found.node.id for found, _ in group), start.id))),
    )


def _who(start: Node, hop: Edge) -> tuple[str, str]:
    """Who comes in by the first hop, and under which conditions, in words."""
    organizations = [
        str(value)
        for keys in hop.conditions.values()
        for key, values in (keys.items() if isinstance(keys, Mapping) else ())
        for value in ([values] if isinstance(values, str) else values)
        if key.lower() == "aws:principalorgid"
    ]
    if start.kind is NodeKind.PUBLIC and organizations:
        return f"anyone in organization {' or '.join(organizations)}", ""
    under = condition_words(hop.conditions)
    return stranger_name(start), f", {under}" if under else ""


def _steps(graph: PermissionGraph, start: Node, hops: tuple[Edge, ...]) -> Iterator[Step]:
    node = start
    for edge in hops:
        place = next((one.source for one in edge.provenance if one.source.file), node.source)
        yield Step(name_of(node), _words(edge), place, node.id, node.kind.value)
        node = graph.nodes[edge.target]
    yield Step(name_of(node), "", node.source, node.id, node.kind.value)


def _words(edge: Edge) -> str:
    match edge.kind:
        case EdgeKind.TRIGGERS:
            return "runs"
        case EdgeKind.EXECUTES_AS:
            return "runs as"
        case EdgeKind.CAN_ACCESS:
            return level_words(edge.actions.levels()).lower()
        case EdgeKind.CAN_INVOKE:
            return "can call"
        case _:
            return edge.kind.value.replace("_", " ")
