"""What the `Resource` patterns of policies mean in the graph: known things, strangers, or sets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from permscope.graph.model import NodeKind
from permscope.graph.nodes import Nodes
from permscope.inventory.arn import split_arn
from permscope.inventory.tokens import TOKEN, has_unknown
from permscope.lazy import regex

_WILD = regex(r"[*?]")
_VARIABLE = regex(r"\$\{[^}]*\}")
_FIELD = r"(?:\$\{[^}]*\}|[^/:*?])+"
# The part of an ARN's resource that names a thing; what stands behind it is below that thing. Names with wildcards
# do not match, so that they become sets.
_THING: Mapping[str, re.Pattern[str]] = {
    "s3": regex(rf"(?!accesspoint/|job/|access-grants/|storage-lens/){_FIELD}(?=$|/)"),
    "dynamodb": regex(rf"(?:table|global-table)/{_FIELD}(?=$|/)"),
    "lambda": regex(rf"(?:function|layer):{_FIELD}(?=$|:)"),
    "logs": regex(r"log-group:(?:\$\{[^}]*\}|[^:*?])+(?=$|:)"),
    "execute-api": regex(rf"{_FIELD}(?=$|/)"),
    "kinesis": regex(rf"stream/{_FIELD}(?=$|/)"),
    "sns": regex(rf"{_FIELD}(?=$|:)"),
    "appsync": regex(rf"apis/{_FIELD}(?=$|/)"),
    "states": regex(rf"(?:stateMachine|activity):{_FIELD}(?=$|:)"),
    "secretsmanager": regex(r"secret:(?:\$\{[^}]*\}|[^:*?])+(?=$|-[*?]|:)"),
    "ecr": regex(r"repository/(?:\$\{[^}]*\}|[^:*?])+(?=$|/)"),
}


class Target(NamedTuple):
    """One thing a pattern names.

    Attributes:
        id: of the node, which is there.
        kind: of the node.
        service: of the ARN; None for `*` and for what is no ARN.
        assumes: what must hold for the pattern to name the thing (`AWS::Region` -> a Region).
        rest: the part of the pattern below the thing.
    """

    id: str
    kind: NodeKind
    service: str | None
    assumes: Mapping[str, str]
    rest: str


class Targets:
    """Patterns to nodes, each pattern once.

    Args:
        nodes: the things known so far; strangers and sets are added to them.
    """

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes
        self._found: dict[str, tuple[Target, ...]] = {}

    def of(self, pattern: str) -> tuple[Target, ...]:
        """The things a pattern names; never empty."""
        found = self._found.get(pattern)
        if found is None:
            found = self._found[pattern] = self._find(pattern)
        return found

    def all_but(self, patterns: tuple[str, ...]) -> Target:
        """What `NotResource` leaves."""
        node = self._nodes.resource_set(", ".join(patterns), excluding=True)
        return Target(node.id, node.kind, None, {}, "")

    def _find(self, pattern: str) -> tuple[Target, ...]:
        parts = split_arn(pattern)
        service = parts.service if parts and not _WILD.search(parts.service) else None
        matches = self._nodes.known.named_by(pattern)
        if matches:
            graph = self._nodes.graph
            return tuple(Target(m.id, graph.nodes[m.id].kind, service, m.assumes, m.rest) for m in matches)
        if parts is None or service is None:
            wide = bool(_WILD.search(pattern)) or _has_variable(pattern)
            node = self._nodes.resource_set(pattern) if wide else self._nodes.external(pattern)
            return (Target(node.id, node.kind, None, _unknown_in(pattern), ""),)
        named, rest = _thing(service, parts.resource)
        if named is None or _WILD.search(parts.region) or _WILD.search(parts.account):
            node = self._nodes.resource_set(pattern)
            return (Target(node.id, node.kind, service, {}, ""),)
        node = self._nodes.external(pattern[: len(pattern) - len(rest)] if rest else pattern)
        return (Target(node.id, node.kind, service, _unknown_in(node.id), rest),)


def _thing(service: str, resource: str) -> tuple[str | None, str]:
    """The name of a stranger and what is below it; None when a wildcard stands in the name."""
    expression = _THING.get(service)
    found = expression.match(resource) if expression else None
    if found and not _has_variable(found.group()):
        return found.group(), resource[found.end() :]
    if _WILD.search(resource) or _has_variable(resource):
        return None, ""
    return resource, ""


def _has_variable(text: str) -> bool:
    """Whether an IAM policy variable such as `${aws:username}` stands in the text."""
    return "${" in text and any(not TOKEN.fullmatch(found) for found in _VARIABLE.findall(text))


def _unknown_in(text: str) -> dict[str, str]:
    if not has_unknown(text):
        return {}
    return {found[2:-1]: "*" for found in _VARIABLE.findall(text) if has_unknown(found)}
