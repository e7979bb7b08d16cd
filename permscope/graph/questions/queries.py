"""Questions asked of a graph: which node a name means, what a principal can do, what is around a node."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from permscope.catalog.actions import LEVELS, ActionSet, load
from permscope.catalog.wildcard import matches
from permscope.errors import NameNotFoundError
from permscope.graph.known import assumptions
from permscope.graph.model import Edge, EdgeKind, Node, NodeKind, PermissionGraph
from permscope.graph.nodes import PUBLIC
from permscope.inventory.arn import ArnParts, function_arn_and_qualifier, split_arn
from permscope.inventory.tokens import ACCOUNT, PARTITION, REGION, without_stack

_PUBLIC_NAMES = frozenset({"public", "internet", "the internet", "anyone", "everyone", "*"})
_SHOWN = 6
_PERMISSIONS = (EdgeKind.CAN_ACCESS, EdgeKind.CAN_INVOKE, EdgeKind.CAN_PASS, EdgeKind.CAN_ASSUME)
_STRANGERS = (NodeKind.EXTERNAL, NodeKind.RESOURCE_SET)


def find_node(graph: PermissionGraph, name: str) -> Node:
    """The node a person means by a logical id, a name, an ARN, an ARN pattern, `public`, `s3`, `account:...`.

    Raises:
        NameNotFoundError: when nothing, or more than one thing, has that name.
    """
    text = name.strip()
    if text.lower() in _PUBLIC_NAMES:
        return graph.nodes.get(PUBLIC) or Node(id=PUBLIC, kind=NodeKind.PUBLIC, label="public")
    exact = graph.nodes.get(text) or graph.nodes.get(function_arn_and_qualifier(text)[0])
    if exact is not None:
        return exact
    for folded in (False, True):
        for names_of in (_own_names, _other_names):
            wanted = text.lower() if folded else text
            found = [
                node
                for node in graph.nodes.values()
                if wanted in ((each.lower() for each in names_of(node)) if folded else names_of(node))
            ]
            if found:
                return only_one(found, text)
    if "*" in text or "?" in text or text.startswith("arn:"):
        found = [node for node in graph.nodes.values() if _same_arn(text, node)]
        found = found or [node for node in graph.nodes.values() if same_thing(text, node)]
        if found:
            return only_one(found, text)
    raise _not_found(graph, text)


def _own_names(node: Node) -> Iterator[str]:
    yield node.label
    if node.logical_id:
        yield node.logical_id
    if node.account and node.kind is NodeKind.ACCOUNT:
        yield node.account


def _other_names(node: Node) -> Iterator[str]:
    name = getattr(node.fact, "name", None)
    if name:
        yield name
    if node.service:
        yield node.service
        yield node.service.partition(".")[0]
    if node.kind is NodeKind.ROUTE:
        yield node.path or ""
        yield f"{node.method or ''} {node.path or ''}".strip()
    if node.arn and node.kind is not NodeKind.RESOURCE_SET:
        arn = without_stack(node.arn)
        yield re.split(r"[:/]", arn)[-1]
        if ":iam:" in arn:
            kind, _, path = arn.rpartition(":")[2].partition("/")
            yield f"{kind}/{path}"
            yield f"{kind}/{path.rpartition('/')[2]}"
    in_stack = _in_stack(node)
    if in_stack:
        yield in_stack
    if node.fact is not None and node.fact.logical_id and node.fact.logical_id != node.logical_id:
        yield node.fact.logical_id


def _in_stack(node: Node) -> str | None:
    """The logical id with the label of the stack, where several stacks were read."""
    return f"{node.fact.stack}/{node.logical_id}" if node.logical_id and node.fact and node.fact.stack else None


def _same_arn(pattern: str, node: Node) -> bool:
    if node.kind is NodeKind.RESOURCE_SET and node.arn is None:
        return False
    arn = without_stack(node.arn or node.id)
    return matches(pattern, arn) or matches(pattern.replace("arn:aws:", f"arn:{PARTITION}:", 1), arn)


def same_thing(arn: str, node: Node) -> bool:
    """Whether an ARN of a deployed thing means the one of the template, which leaves Region and account open."""
    one, other = split_arn(arn), split_arn(without_stack(node.arn or ""))
    if one is None or other is None or node.kind in _STRANGERS:
        return False
    open_fields = (
        REGION in (other.region, one.region)
        or ACCOUNT in (other.account, one.account)
        or PARTITION in (other.partition, one.partition)
    )
    return open_fields and one.service == other.service and one.resource == other.resource and not _differ(one, other)


def _differ(one: ArnParts, other: ArnParts) -> bool:
    """Whether two literal Regions or accounts are not the same."""
    fields = ((one.region, other.region), (one.account, other.account))
    return any(a != b and "${" not in a + b and not {"*", ""} & {a, b} for a, b in fields)


def only_one(found: list[Node], name: str) -> Node:
    """The one that is meant: of several, the only function, else the only one that stands in the input."""
    if len(found) == 1:
        return found[0]
    rules: tuple[Callable[[Node], bool], ...] = (
        lambda node: node.kind is NodeKind.FUNCTION,
        lambda node: node.kind not in _STRANGERS,
        lambda node: node.logical_id == name,
    )
    for rule in rules:
        preferred = [node for node in found if rule(node)]
        if len(preferred) == 1:
            return preferred[0]
    in_stack = [_in_stack(node) or node.id for node in found]
    names = in_stack if len(set(in_stack)) == len(found) else [node.id for node in found]
    shown = ", ".join(f"`{each}`" for each in names[:_SHOWN])
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    raise NameNotFoundError(f"`{name}` could be {len(found)} things", hint=f"say which: {shown}{more}")


def _not_found(graph: PermissionGraph, name: str) -> NameNotFoundError:
    by_lower: dict[str, str] = {}
    for node in graph.nodes.values():
        for own in (*_own_names(node), *_other_names(node)):
            if "${" not in own:  # the same thing has a name that can be typed
                by_lower.setdefault(own.lower(), own)
    if name.startswith("arn:"):
        return NameNotFoundError(f"nothing here is called `{name}`")
    close = difflib.get_close_matches(name.lower(), by_lower, n=3, cutoff=0.6)
    hint = "did you mean " + " or ".join(f"`{by_lower[each]}`" for each in close) + "?" if close else None
    if hint is None:
        functions = sorted(node.label for node in graph.of_kind(NodeKind.FUNCTION))[:_SHOWN]
        hint = "functions are " + ", ".join(f"`{label}`" for label in functions) if functions else None
    return NameNotFoundError(f"nothing here is called `{name}`", hint=hint)


def in_set(node: Node, arn: str) -> bool:
    """Whether the pattern of a set matches an ARN; a literal Region and an unbound one count as the same."""
    pattern = node.id.removeprefix("set:")
    if pattern.startswith("!"):
        return not any(_pattern_matches(each, arn) for each in pattern[1:].split(", "))
    return _pattern_matches(pattern, arn, below=True)


def _pattern_matches(pattern: str, arn: str, *, below: bool = False) -> bool:
    """Whether a pattern matches an ARN, or with `below` only what lies directly below it."""
    if pattern == "*":
        return True
    one, other = split_arn(pattern), split_arn(arn)
    if one is None or other is None:
        return matches(pattern, arn)
    if not matches(one.service, other.service):
        return False
    return assumptions(one, other) is not None and (
        matches(one.resource, other.resource) or (below and matches(one.resource, f"{other.resource}/"))
    )


class Reach(NamedTuple):
    """What a principal can do to one target.

    Attributes:
        target: the node.
        levels: access level -> actions.
        edge: where the graph says so.
        via: the role it acts with, where that is not the principal itself.
    """

    target: Node
    levels: dict[str, tuple[str, ...]]
    edge: Edge
    via: Node | None = None


def what_can(graph: PermissionGraph, principal: Node) -> dict[str, list[Reach]]:
    """What a principal, or a function through its role, can do: by service prefix, each sorted by target."""
    found: dict[str, list[Reach]] = defaultdict(list)
    for actor in (principal, *roles_of(graph, principal)):
        via = None if actor is principal else actor
        for edge in graph.outgoing(actor.id, *_PERMISSIONS):
            if edge.via is not None and via_known_role(graph, edge):
                continue  # the role has it, too
            for service in edge.actions.services() or ("*",):
                actions = edge.actions.of_service(service)
                found[service].append(Reach(graph.nodes[edge.target], by_level(actions), edge, via))
    return {
        service: sorted(found[service], key=lambda one: (one.target.label, one.edge.kind.value))
        for service in sorted(found)
    }


def via_known_role(graph: PermissionGraph, edge: Edge) -> bool:
    """Whether a permission is what something may with a role whose own edges are in the graph."""
    role = graph.nodes.get(edge.via or "")
    return role is not None and role.kind is NodeKind.ROLE


def roles_of(graph: PermissionGraph, node: Node) -> list[Node]:
    """The roles something acts with."""
    return [graph.nodes[edge.target] for edge in graph.outgoing(node.id, EdgeKind.EXECUTES_AS)]


def by_level(actions: ActionSet) -> dict[str, tuple[str, ...]]:
    """Access level -> action patterns, in the order of the levels."""
    catalog = load()
    found: dict[str, tuple[str, ...]] = {}
    for level in LEVELS:
        part = actions & _level_set(level, catalog)
        if part:
            found[level] = part.patterns()
    return found


_LEVEL_SETS: dict[str, ActionSet] = {}


def _level_set(level: str, catalog: Any) -> ActionSet:
    if level not in _LEVEL_SETS:
        _LEVEL_SETS[level] = catalog.level_set(level)
    return _LEVEL_SETS[level]


def focus(graph: PermissionGraph, node: Node, depth: int = 2) -> PermissionGraph:
    """The part of a graph around a node: what reaches it and what it reaches, each over at most `depth` hops.

    Acting with a role is no hop, so a function's depth 1 holds what its role touches.
    """
    kept: dict[str, None] = {node.id: None}
    edges: dict[int, Edge] = {}
    for forward in (True, False):
        frontier: Iterable[tuple[str, int]] = [(node.id, depth)]
        seen = {node.id: depth}
        while frontier:
            following: list[tuple[str, int]] = []
            for node_id, left in frontier:
                for edge in graph.outgoing(node_id) if forward else graph.incoming(node_id):
                    cost = 0 if edge.kind is EdgeKind.EXECUTES_AS else 1
                    if cost > left:
                        continue
                    edges.setdefault(id(edge), edge)
                    other = edge.target if forward else edge.source
                    kept.setdefault(other)
                    if seen.get(other, -1) < left - cost:
                        seen[other] = left - cost
                        following.append((other, left - cost))
            frontier = following
    part = PermissionGraph(graph.unknowns)
    part.decisions = graph.decisions
    for each in graph.nodes.values():
        if each.id in kept:
            part.add_node(each)
    wanted = set(edges)
    for edge in graph.edges:
        if id(edge) in wanted:
            part.add_edge(edge)
    return part
