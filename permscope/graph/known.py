"""The ARNs of the input, indexed so that an ARN pattern finds the things it names without looking at the others.

A pattern names a known thing when it is that thing's ARN, something below it (`table/Orders/index/*`, `bucket/*`), or
its name with a wildcard behind it (`function:Orders*`). A pattern wider than that, such as `table/*`, names nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from permscope.catalog.wildcard import matches
from permscope.inventory.arn import ArnParts, split_arn
from permscope.inventory.tokens import ACCOUNT, PARTITION, REGION, TOKEN, has_unknown
from permscope.lazy import regex

_BREAK = regex(r"\$\{[^}]*\}|[/:*?]")
_WILD = regex(r"[*?]")
# Secrets Manager puts `-` and six characters behind a name, which only it knows:
# https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
_RANDOM_END = "-??????"


class Found(NamedTuple):
    """A known thing that a pattern names.

    Attributes:
        id: of the node.
        arn: the ARN it is known by.
        assumes: what must hold for the two ARNs to be the same: pseudo parameter or token -> the value it must have.
        rest: what the pattern says below the thing (`/index/*`); empty when it names the thing itself.
    """

    id: str
    arn: str
    assumes: Mapping[str, str]
    rest: str


class _Entry(NamedTuple):
    parts: ArnParts
    arn: str
    id: str


class KnownArns:
    """Every ARN of the input by service and resource part."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], list[_Entry]] = defaultdict(list)
        self._ids: dict[str, str] = {}

    def add(self, arn: str, node_id: str) -> None:
        """Make a node known by an ARN; the first node keeps it."""
        if arn in self._ids:
            return
        self._ids[arn] = node_id
        parts = split_arn(arn)
        if parts is not None:
            self._entries[parts.service, parts.resource.removesuffix(_RANDOM_END)].append(_Entry(parts, arn, node_id))

    def exact(self, arn: str) -> str | None:
        """The node of exactly this text."""
        return self._ids.get(arn)

    def named_by(self, pattern: str) -> tuple[Found, ...]:
        """The known things that a pattern names; the one with the longest name wins over its owner."""
        known = self._ids.get(pattern)
        if known is not None:
            return (Found(known, pattern, {}, ""),)
        parts = split_arn(pattern)
        if parts is None:
            return ()
        for head in _heads(parts.resource):
            found = tuple(self._matching(parts, head))
            if found:
                return found
        return ()

    def _matching(self, pattern: ArnParts, head: str) -> Iterator[Found]:
        for entry in self._entries.get((pattern.service, head), ()):
            assumes = assumptions(pattern, entry.parts)
            if assumes is not None:
                yield Found(entry.id, entry.arn, assumes, pattern.resource[len(head) :])


def _heads(resource: str) -> Iterator[str]:
    """The texts before each separator, longest first; nothing behind the first wildcard counts."""
    ends: list[int] = []
    complete = True
    for found in _BREAK.finditer(resource):
        text = found.group()
        if text.startswith("${") and TOKEN.fullmatch(text):
            continue
        ends.append(found.start())
        if text not in "/:":
            complete = False
            break
    if complete:
        ends.append(len(resource))
    for end in reversed(ends):
        head = resource[:end]
        yield head
        # `secret:Orders-??????` and `secret:Orders-*` name the secret `Orders`.
        if end < len(resource) and head.endswith("-"):
            yield head[:-1]


def assumptions(pattern: ArnParts, known: ArnParts) -> dict[str, str] | None:
    """What must hold for the fields of two ARNs before `resource` to agree; None when they never do.

    A literal Region may be the one a template is deployed to. A literal account is another account than the unbound
    `${AWS::AccountId}`.
    """
    assumes: dict[str, str] = {}
    for one, other, free in (
        (pattern.partition, known.partition, PARTITION),
        (pattern.region, known.region, REGION),
        (pattern.account, known.account, None),
    ):
        if one in (other, "*"):
            continue
        if free == PARTITION and PARTITION in (one, other):
            continue
        if free is not None and free in (one, other):
            assumes[free[2:-1]] = other if one == free else one
        elif has_unknown(one) or has_unknown(other):
            token, value = (one, other) if has_unknown(one) else (other, one)
            assumes[token[2:-1] if token.startswith("${") else token] = value
        elif not (_WILD.search(one) and ACCOUNT not in (one, other) and matches(one, other)):
            return None
    return assumes
