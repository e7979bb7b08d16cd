"""Condition keys and their types.

Case does not matter in key names, and some end in a part the policy's author chooses (`aws:RequestTag/team`,
`kms:EncryptionContext:app`). Keys of a federation provider are named after its host
(`token.actions.githubusercontent.com:sub`); IAM knows the claims of any host.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from permscope.lazy import regex

_HOLE = regex(r"\$\{.*\}|<.*>")  # AWS writes the author's part in one way or the other
_FILE = Path(__file__).parent / "data" / "condition_keys.txt"


class ConditionKeys(Mapping[str, str]):
    """Type by key name as AWS writes it; iterates in sorted order."""

    def __init__(self, types: dict[str, str]) -> None:
        self._types = types
        self._exact = {key.lower(): type_ for key, type_ in types.items()}
        self._open: list[tuple[str, str, str]] = []
        for key, type_ in self._exact.items():
            hole = _HOLE.search(key)
            if hole:
                self._open.append((key[: hole.start()], key[hole.end() :], type_))
        self._open.sort(key=lambda each: (-len(each[0]), each))

    def __getitem__(self, key: str) -> str:
        return self._types[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._types)

    def __len__(self) -> int:
        return len(self._types)

    def type_of(self, key: str) -> str | None:
        """The type of a key as a policy writes it, in any case; None when AWS documents no such key."""
        lower = key.lower()
        found = self._exact.get(lower)
        if found is not None:
            return found
        for head, tail, type_ in self._open:
            if lower.startswith(head) and lower.endswith(tail) and len(lower) > len(head) + len(tail):
                return type_
        host, colon, claim = lower.rpartition(":")
        if colon and claim and "." in host.partition("/")[0]:
            return "ArrayOfString" if claim == "amr" else "String"
        return None


@lru_cache(maxsize=1)
def condition_keys() -> ConditionKeys:
    """The condition keys shipped with permscope, read once per process."""
    lines = _FILE.read_text(encoding="ascii").splitlines()
    return ConditionKeys(dict(line.split("\t", 1) for line in lines))
