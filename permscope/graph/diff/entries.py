"""Doors: who may call an API route or function URL now, and what it asks of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from permscope.graph.diff.change import Change, ChangeKind, Step
from permscope.graph.diff.conditions import follows, implies
from permscope.graph.diff.matching import Matching
from permscope.graph.diff.words import condition_words, name_of, step_up
from permscope.graph.model import Decision, Edge, EdgeKind, Node, NodeKind, PermissionGraph
from permscope.graph.nodes import PUBLIC
from permscope.inventory.facts import Resource
from permscope.inventory.policies import ConditionEntry
from permscope.inventory.tokens import TOKEN

_CALLERS = (NodeKind.PUBLIC, NodeKind.FEDERATED, NodeKind.ACCOUNT)
# Conditions that no policy states; they are compared as they are.
_OWN_OPERATORS = frozenset({"auth", "network", "template", "unknown", "cross-account", "trust"})
# What an authorizer checks a token for, as its resource says it.
_CHECKED = ("issuer", "audience", "provider_arns")
_WHO = {
    "cognito": "users with a Cognito token",
    "jwt": "holders of a JWT",
    "lambda": "callers whom a Lambda authorizer lets in",
    "mutual_tls": "holders of a client certificate",
}


class _Door(NamedTuple):
    """A caller who may use a route, and the function behind it.

    Attributes:
        asks: what is asked of the caller: the conditions of the edge, and what the authorizer checks.
    """

    caller: Node
    route: Node
    function: Node | None
    edge: Edge
    asks: Mapping[str, Any]


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
        wired = list(graph.outgoing(route.id, EdgeKind.TRIGGERS))
        ends = {edge.target for edge in wired if edge.authorized is not False}
        behind: list[Node | None] = [graph.nodes[each] for each in sorted(ends)]
        if not behind and (wired or route.method == "OPTIONS"):
            continue  # nothing that it may run, or a preflight that the API answers itself
        for edge in graph.incoming(route.id, EdgeKind.CAN_INVOKE):
            caller = graph.nodes[edge.source]
            if caller.kind in _CALLERS and edge.decision is not Decision.DENY:
                asks = _asks(graph, caller, edge)
                for function in behind or [None]:
                    yield _Door(caller, route, function, edge, asks)


def _asks(graph: PermissionGraph, caller: Node, edge: Edge) -> Mapping[str, Any]:
    if caller.kind is not NodeKind.FEDERATED:
        return edge.conditions
    checked: dict[str, list[str]] = {}
    if isinstance(caller.fact, Resource):
        for name in _CHECKED:
            value = caller.fact.attributes.get(name)
            if value:
                checked[name] = [value] if isinstance(value, str) else list(value)  # type: ignore[arg-type]
        asked = [each.target for each in graph.outgoing(caller.fact.id, EdgeKind.TRIGGERS)]
        if asked:
            checked["function"] = asked
    checked = checked or {"authorizer": [caller.id]}
    return {**edge.conditions, "auth": {**edge.conditions.get("auth", {}), **checked}}


def _compare(matching: Matching, door: _Door, old_doors: list[_Door]) -> Change | None:
    route = matching.old_id(door.route.id)
    function = matching.old_id(door.function.id) if door.function is not None else None
    before = [
        each
        for each in old_doors
        if (each.route.id == route or _is_wider(each.route, door.route, matching))
        and (function is None or (each.function.id if each.function else None) == function)
    ]
    asks = _translated(door.asks, matching)
    if any(_lets_in(matching, each, door) and dict_follows(asks, each.asks) for each in before):
        return None
    known = matching.old.nodes.get(route)
    former = min(before, key=lambda each: each.caller.kind is not door.caller.kind, default=None)
    if former is not None:
        words = condition_words(_lost(asks, former.asks)) or "on other terms"
        return _loosened(door, former, f"until now only {words}")
    if known is not None and known.auth not in (None, "none", door.route.auth):
        words = condition_words({"auth": {"type": [known.auth or ""]}})
        return _reopened(door, known, f"until now only {words}")
    if door.caller.kind is NodeKind.PUBLIC:
        return _change(door, ChangeKind.NEW_PUBLIC_ENTRY, "medium" if door.edge.conditions else "high", "", old=known)
    return _change(door, ChangeKind.NEW_INVOKER, "low", "", old=known)


def _lets_in(matching: Matching, old: _Door, new: _Door) -> bool:
    """Whether an old door was for the callers of a new one; what it asked of them is another question."""
    if old.caller.kind is NodeKind.PUBLIC:
        return True
    if old.caller.kind is NodeKind.FEDERATED:
        return new.caller.kind is NodeKind.FEDERATED
    return old.caller.id == matching.old_id(new.caller.id)


def _loosened(door: _Door, former: _Door, words: str) -> Change:
    """A door that was there and asked for more, or for something else."""
    if door.caller.kind is not former.caller.kind:
        return _reopened(door, former.route, words)
    is_public = door.caller.kind is NodeKind.PUBLIC
    own, asked = former.asks.get("auth", {}), door.asks.get("auth", {})
    weakened = "authorizer" if own != asked else "condition"
    severity = "high" if is_public else "medium"
    return _change(door, ChangeKind.WEAKENED, severity, words, weakened=weakened, old=former.route)


def _reopened(door: _Door, old: Node, words: str) -> Change:
    """A door that was there for others."""
    if door.caller.kind is NodeKind.PUBLIC:
        severity = "medium" if door.edge.conditions else "high"
        return _change(door, ChangeKind.NEW_PUBLIC_ENTRY, severity, words, weakened="authorizer", old=old)
    return _change(door, ChangeKind.WEAKENED, "medium", words, weakened="authorizer", old=old)


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
    behind = f", which runs `{function.label}`" if function is not None else ""
    asks = condition_words(door.edge.conditions)
    given = f" {asks}" if asks and door.caller.kind is NodeKind.PUBLIC else ""
    more = f": {words}" if words else ""
    unsure = route.auth == "unknown"
    sources = [one.source for one in door.edge.provenance if one.source.file] or [route.source]
    target = function or route
    return Change(
        kind=kind,
        severity=step_up(severity, -1) if unsure else severity,
        message=f"{_who(door)} can now call `{name_of(route)}`{given}{behind}{more}",
        actor=_name(door.caller),
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


def _who(door: _Door) -> str:
    match door.caller.kind:
        case NodeKind.PUBLIC:
            return "anyone on the internet"
        case NodeKind.ACCOUNT:
            return "callers in the private network"
        case _:
            who = _WHO.get(door.route.auth or "", "callers whom an authorizer lets in")
            return f"{who} (authorizer `{_name(door.caller)}`)"


def _name(caller: Node) -> str:
    """What a person calls a caller; an authorizer by the name that its API gives it."""
    name = caller.fact.name if isinstance(caller.fact, Resource) else ""
    return name if name and not TOKEN.search(name) and caller.kind is NodeKind.FEDERATED else caller.label


def _steps(door: _Door) -> Iterator[Step]:
    caller, route = door.caller, door.route
    yield Step(name_of(caller), "can call", caller.source, caller.id, caller.kind.value)
    if door.function is None:
        yield Step(name_of(route), "", route.source, route.id, route.kind.value)
        return
    yield Step(name_of(route), "runs", route.source, route.id, route.kind.value)
    yield Step(door.function.label, "", door.function.source, door.function.id, door.function.kind.value)


def _removed(door: _Door) -> Change:
    return Change(
        kind=ChangeKind.ACCESS_REMOVED,
        severity="info",
        message=f"{_who(door)} can no longer call `{name_of(door.route)}`",
        actor=_name(door.caller),
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
            else [matching.old_id(str(each)) for each in values]
            for key, values in keys.items()
        }
        for operator, keys in conditions.items()
    }


# Conditions


def dict_follows(new: Mapping[str, Any], old: Mapping[str, Any]) -> bool:
    """Whether the conditions of a new edge are at least as strict as those of an old one."""
    return not _lost_own(new, old) and follows(_entries(new), _entries(old))


def _lost(new: Mapping[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    """What was asked for and is not any more; where the kind of authorization is another one, that alone."""
    found = _lost_own(new, old)
    if "type" in found.get("auth", {}):
        found["auth"] = {"type": found["auth"]["type"]}
    for key in ("function", "authorizer"):
        if key in found.get("auth", {}):
            found["auth"] = {"by": []}
    asked = _entries(new)
    for operator, keys in old.items():
        for key, values in keys.items() if operator not in _OWN_OPERATORS else ():
            entry = ConditionEntry(operator, key, tuple(map(str, values)))
            if not any(implies(each, entry) for each in asked):
                found.setdefault(operator, {})[key] = values
    return found


def _lost_own(new: Mapping[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for operator, keys in old.items():
        own = new.get(operator, {})
        for key, values in keys.items() if operator in _OWN_OPERATORS else ():
            if key not in own or not _values(own[key]) <= _values(values):
                found.setdefault(operator, {})[key] = values
    return found


def _values(values: Any) -> frozenset[str]:
    return frozenset([values] if isinstance(values, str) else map(str, values))


def _entries(conditions: Mapping[str, Any]) -> list[ConditionEntry]:
    return [
        ConditionEntry(operator, key, tuple(map(str, values)))
        for operator, keys in conditions.items()
        if operator not in _OWN_OPERATORS
        for key, values in keys.items()
    ]
