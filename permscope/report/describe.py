"""Nodes, edges and conditions in a few words, the same in every report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from permscope.graph.model import Decision, Edge, Node, NodeKind, PermissionGraph
from permscope.inventory.source import Source

_AUTH_WORDS = {
    "none": "no authorization",
    "iam": "IAM",
    "cognito": "Cognito",
    "jwt": "JWT",
    "lambda": "Lambda authorizer",
    "api_key": "API key only",
    "mutual_tls": "mutual TLS",
    "unknown": "authorization unknown",
}
_SHOWN_ACTIONS = 3


def type_name(node: Node) -> str:
    """`AWS::DynamoDB::Table` as `DynamoDB Table`; the kind of a node that has no type."""
    if node.type and node.kind is not NodeKind.FUNCTION:
        parts = node.type.split("::")
        return " ".join(parts[1:]) if parts[0] == "AWS" and len(parts) > 1 else node.type
    return {
        NodeKind.RESOURCE_SET: "every match",
        NodeKind.EXTERNAL: "not in the input",
        NodeKind.PUBLIC: "",
    }.get(node.kind, node.kind.value)


def name_of(node: Node) -> str:
    """What a person calls a node."""
    match node.kind:
        case NodeKind.ROUTE:
            return " ".join(part for part in (node.method, node.path) if part) or node.label
        case NodeKind.PUBLIC:
            return "anyone on the internet"
        case NodeKind.SERVICE:
            return node.service or node.label
        case NodeKind.ACCOUNT:
            return f"account {node.account or node.label}"
        case NodeKind.RESOURCE_SET:
            return everything_in(node)
        case _:
            return node.label


def everything_in(node: Node) -> str:
    """A resource set in words: `*` says less than `every resource`."""
    pattern = node.arn or node.label
    return "every resource (*)" if pattern == "*" else pattern


def auth_of(node: Node) -> str:
    """How a route asks who is there."""
    return _AUTH_WORDS.get(node.auth or "unknown", node.auth or "")


def place(source: Source) -> str:
    """`template.yaml:12`, or nothing for a fact without a place."""
    if source.call:
        return str(source)
    if not source.file:
        return ""
    return f"{source.file}:{source.line}" if source.line else source.file


def actions_of(edge: Edge, limit: int = _SHOWN_ACTIONS) -> str:
    """The first few actions of an edge and how many more there are."""
    patterns = edge.actions.patterns()
    shown = ", ".join(patterns[:limit])
    more = len(patterns) - limit
    return f"{shown} and {more} more" if more > 0 else shown


def conditions_of(edge: Edge) -> str:
    """The conditions of an edge on one line: `aws:SourceAccount = 111122223333`."""
    return "; ".join(_condition_lines(edge.conditions))


def _condition_lines(conditions: Mapping[str, Any]) -> Iterable[str]:
    for operator, keys in conditions.items():
        if operator == "template":
            yield from (f"if {key} is {_values(values)}" for key, values in _pairs(keys))
        elif isinstance(keys, Mapping):
            for key, values in keys.items():
                yield f"{key} {_OPERATOR_SIGNS.get(operator, operator)} {_values(values)}"
        else:
            yield f"{operator} {_values(keys)}"


_OPERATOR_SIGNS = {
    "StringEquals": "=",
    "StringLike": "~",
    "ArnLike": "~",
    "ArnEquals": "~",
    "Bool": "=",
    "StringNotEquals": "≠",
    "NumericEquals": "=",
    "IpAddress": "in",
    "NotIpAddress": "not in",
}


def _pairs(value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return value.items()
    return [(str(value), "true")]


def _values(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Iterable):
        return " or ".join(str(item) for item in value)
    return str(value)


def is_conditional(edge: Edge) -> bool:
    """Whether an edge holds only under conditions."""
    return edge.decision is Decision.CONDITIONAL or bool(edge.conditions)


def counted(graph: PermissionGraph, *kinds: NodeKind) -> int:
    """How many nodes of these kinds there are."""
    return sum(1 for _ in graph.of_kind(*kinds))
