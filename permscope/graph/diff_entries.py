"""Doors: who may call an API route or function URL now, and what it asks of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from permscope.graph.diff_change import Change, ChangeKind, Step
from permscope.graph.diff_claims import follows
from permscope.graph.diff_matching import Matching
from permscope.graph.diff_words import condition_words, name_of, step_up
from permscope.graph.model import Decision, Edge, EdgeKind, Node, NodeKind, PermissionGraph
from permscope.graph.nodes import PUBLIC
from permscope.inventory.policies import ConditionEntry

_CALLERS = (NodeKind.PUBLIC, NodeKind.FEDERATED, NodeKind.ACCOUNT)
_AUTH_WORDS = {
    "none": "nothing",
    "iam": "IAM credentials",
    "cognito": "a Cognito token",
    "jwt": "a JWT",
    "lambda": "a Lambda authorizer's word",
    "api_key": "an API key",
    "mutual_tls": "a client certificate",
    "unknown": "something that is not known",
}
# Conditions that no policy states; they are compared as they are.
_OWN_OPERATORS = frozenset({"auth", "network", "template", "unknown", "cross-account", "trust"})


class _Door(NamedTuple):
    """A caller who may use a route, and the function behind it."""

    caller: Node
    route: Node
    function: Node | None
    edge: Edge


def entry_changes(matching: Matching) -> Iterator[Change]:
    """New and loosened entries through routes and URLs, and those that are gone."""
    old_doors = list(doors(matching.old))
    new_doors = list(doors(matching.new))
    for door in new_doors:
        change = _compare(matching, door, old_doors)
        if change is not None:
            yield change
    still = {(matching.old_id(d.caller.id), matching.old_id(d.route.id)) for d in new_doors}
    open_now = {route for caller, route in still if caller == PUBLIC}
    gone: set[tuple[str, str]] = set()
    for door in old_doors:
        key = (door.caller.id, door.route.id)
        if key not in still and key not in gone and door.route.id not in open_now:
            gone.add(key)
            yield _removed(door)


def doors(graph: PermissionGraph) -> Iterator[_Door]:
    """Every caller of every route with each function behind it."""
    for route in graph.of_kind(NodeKind.ROUTE):
        behind: list[Node | None] = []
        for edge in graph.outgoing(route.id, EdgeKind.TRIGGERS):
            node = graph.nodes[edge.target]
            if edge.authorized is not False and node not in behind:
                behind.append(node)
        for edge in graph.incoming(route.id, EdgeKind.CAN_INVOKE):
            caller = graph.nodes[edge.source]
            if caller.kind in _CALLERS and edge.decision is not Decision.DENY:
                for function in behind or [None]:
                    yield _Door(caller, route, function, edge)


def _compare(matching: Matching, door: _Door, old_doors: list[_Door]) -> Change | None:
    caller, route = matching.old_id(door.caller.id), matching.old_id(door.route.id)
    function = matching.old_id(door.function.id) if door.function is not None else None
    before = [
        each
        for each in old_doors
        if (each.route.id == route or _is_wider(each.route, door.route, matching))
        and (function is None or (each.function.id if each.function else None) == function)
    ]
    same = [each for each in before if each.caller.id in (caller, PUBLIC)]
    asked = _translated(door.edge.conditions, matching)
    if any(dict_follows(asked, each.edge.conditions) for each in same):
        return None
    known = matching.old.nodes.get(route)
    if same:
        words = f"it asked for {condition_words(same[0].edge.conditions)} before"
        return _change(door, ChangeKind.WEAKENED, "high", words, weakened="condition", old=same[0].route)
    was = [each for each in before if each.caller.kind is not NodeKind.PUBLIC]
    asked_before = bool(was) or (known is not None and known.auth not in (None, "none", door.route.auth))
    words = f"until now it asked for {_AUTH_WORDS.get(known.auth or '', known.auth)}" if known and asked_before else ""
    if door.caller.kind is NodeKind.PUBLIC:
        severity = "high" if not door.edge.conditions else "medium"
        weakened = "authorizer" if asked_before else ""
        return _change(door, ChangeKind.NEW_PUBLIC_ENTRY, severity, words, weakened=weakened, old=known)
    if asked_before and known is not None:
        return _change(door, ChangeKind.WEAKENED, "medium", words, weakened="authorizer", old=known)
    return _change(door, ChangeKind.NEW_INVOKER, "low", words, old=known)


def _is_wider(old: Node, new: Node, matching: Matching) -> bool:
    """Whether an old route took the calls of a new one: `ANY`, `$default`, `{proxy+}` of the same API."""
    api = getattr(old.fact, "api_id", None)
    if api is None or api != matching.old_id(getattr(new.fact, "api_id", "") or ""):
        return False
    if old.method not in (new.method, "ANY", None):
        return False
    path, other = old.path or "", new.path or ""
    if path in (other, "$default"):
        return True
    head, greedy, _ = path.partition("{proxy+}")
    return bool(greedy) and other.startswith(head)


def _change(
    door: _Door, kind: ChangeKind, severity: str, words: str, *, weakened: str = "", old: Node | None = None
) -> Change:
    function, route = door.function, door.route
    who = (
        "anyone on the internet" if door.caller.kind is NodeKind.PUBLIC else f"callers let in by `{door.caller.label}`"
    )
    if door.caller.kind is NodeKind.ACCOUNT:
        who = "callers in the private network"
    behind = f", which runs `{function.label}`" if function is not None else ""
    asks = condition_words(door.edge.conditions)
    given = f" ({asks})" if asks and door.caller.kind is NodeKind.PUBLIC else ""
    more = f": {words}" if words else ""
    unsure = route.auth == "unknown"
    sources = [one.source for one in door.edge.provenance if one.source.file] or [route.source]
    target = function or route
    return Change(
        kind=kind,
        severity=step_up(severity, -1) if unsure else severity,
        message=f"{who} can now call `{name_of(route)}`{given}{behind}{more}",
        actor=door.caller.label,
        actor_id=door.caller.id,
        target=name_of(route),
        target_id=route.id,
        actions=door.edge.actions,
        levels=door.edge.actions.levels(),
        sure=not unsure and "template" not in door.edge.conditions,
        conditions=asks,
        weakened=weakened,
        also=(ChangeKind.WEAKENED,) if weakened and kind is not ChangeKind.WEAKENED else (),
        source=route.source if route.source.file else sources[0],
        old_source=old.source if old is not None and weakened else door.route.source,
        path=tuple(_steps(door)),
        provenance=door.edge.provenance,
        nodes=tuple(dict.fromkeys((target.id, route.id, door.caller.id))),
    )


def _steps(door: _Door) -> Iterator[Step]:
    caller, route = door.caller, door.route
    yield Step(name_of(caller), "can call", caller.source, caller.id, caller.kind.value)
    if door.function is None:
        yield Step(name_of(route), "", route.source, route.id, route.kind.value)
        return
    yield Step(name_of(route), "runs", route.source, route.id, route.kind.value)
    yield Step(door.function.label, "", door.function.source, door.function.id, door.function.kind.value)


def _removed(door: _Door) -> Change:
    who = (
        "anyone on the internet" if door.caller.kind is NodeKind.PUBLIC else f"callers let in by `{door.caller.label}`"
    )
    return Change(
        kind=ChangeKind.ACCESS_REMOVED,
        severity="info",
        message=f"{who} can no longer call `{name_of(door.route)}`",
        actor=door.caller.label,
        actor_id=door.caller.id,
        target=name_of(door.route),
        target_id=door.route.id,
        actions=door.edge.actions,
        source=door.route.source,
        nodes=(door.route.id,),
    )


def _translated(conditions: Mapping[str, Any], matching: Matching) -> dict[str, Any]:
    """Conditions with the names of the old version."""
    return {
        operator: {
            key: matching.old_text(values)
            if isinstance(values, str)
            else [matching.old_text(str(each)) for each in values]
            for key, values in keys.items()
        }
        for operator, keys in conditions.items()
    }


def dict_follows(new: Mapping[str, Any], old: Mapping[str, Any]) -> bool:
    """Whether the conditions of a new edge are at least as strict as those of an old one."""
    for operator, keys in old.items():
        if operator in _OWN_OPERATORS:
            own = new.get(operator, {})
            if not all(key in own and _values(own[key]) <= _values(values) for key, values in keys.items()):
                return False
    return follows(_entries(new), _entries(old))


def _values(values: Any) -> frozenset[str]:
    return frozenset([values] if isinstance(values, str) else map(str, values))


def _entries(conditions: Mapping[str, Any]) -> list[ConditionEntry]:
    return [
        ConditionEntry(operator, key, tuple(map(str, values)))
        for operator, keys in conditions.items()
        if operator not in _OWN_OPERATORS
        for key, values in keys.items()
    ]
