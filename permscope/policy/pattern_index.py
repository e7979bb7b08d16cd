"""An index of ARN patterns: which of many patterns can match what a given pattern or ARN matches.

Patterns are filed under the text before their first wildcard. A question looks at the prefixes of its own such text,
and at the entries that continue it, so its cost is the length of an ARN plus the number of answers, not the number of
entries.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from typing import Generic, TypeVar

from permscope.policy.matching import ANY_PARTITION, encode, literal_prefix, opened, patterns_intersect

Entry = TypeVar("Entry")
_ARN_HEAD_FIELDS = 2


class PatternIndex(Generic[Entry]):
    """Entries filed by ARN or ARN pattern; patterns may hold tokens and policy variables."""

    __slots__ = ("_by_prefix", "_lengths", "_sorted")

    def __init__(self) -> None:
        self._by_prefix: dict[str, list[tuple[str, Entry]]] = defaultdict(list)
        self._lengths: list[int] | None = None
        self._sorted: list[str] | None = None

    def add(self, pattern: str, entry: Entry) -> None:
        """File an entry under a pattern."""
        encoded = encode(pattern)
        self._by_prefix[_key(encoded)].append((encoded, entry))
        self._lengths = self._sorted = None

    def __len__(self) -> int:
        return sum(map(len, self._by_prefix.values()))

    def touching(self, target: str) -> Iterator[tuple[str, Entry]]:
        """Each (encoded pattern, entry) that may match something the target matches, in no special order."""
        encoded = encode(target)
        wanted = opened(encoded)
        key = _key(encoded)
        if self._lengths is None:
            self._lengths = sorted({len(prefix) for prefix in self._by_prefix})
        for length in self._lengths:
            if length > len(key):
                break
            yield from self._matching(key[:length], wanted)
        if "*" in wanted or "?" in wanted:
            if self._sorted is None:
                self._sorted = sorted(self._by_prefix)
            at = bisect_left(self._sorted, key)
            while at < len(self._sorted) and self._sorted[at].startswith(key):
                if self._sorted[at] != key:
                    yield from self._matching(self._sorted[at], wanted)
                at += 1

    def _matching(self, prefix: str, wanted: str) -> Iterator[tuple[str, Entry]]:
        for pattern, entry in self._by_prefix.get(prefix, ()):
            if pattern == wanted or patterns_intersect(opened(pattern), wanted):
                yield pattern, entry


def _key(encoded: str) -> str:
    """The text before the first wildcard, without the partition, which may be a token on either side."""
    prefix = literal_prefix(encoded)
    if prefix.startswith(ANY_PARTITION):
        return "arn:" + prefix[len(ANY_PARTITION) :]
    head = prefix.split(":", _ARN_HEAD_FIELDS)
    if head[0] == "arn":
        return "arn:" + (head[_ARN_HEAD_FIELDS] if len(head) > _ARN_HEAD_FIELDS else "")
    return prefix
