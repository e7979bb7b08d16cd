"""Plain template values that remember where they stand.

A parsed template is made of `LocatedDict`, `LocatedList` and `LocatedStr` (keys too), and of plain `int`, `float`,
`bool` and `None`, which take the place of the key they stand behind. They are ordinary dicts, lists and strings to
everything that does not ask, and they keep their place through `copy.deepcopy`, so a SAM transform carries them along.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any, Self

from permscope.inventory.source import NOWHERE, Source


class LocatedStr(str):
    """Text that stands somewhere."""

    __slots__ = ("source",)
    source: Source

    def __new__(cls, text: str, source: Source = NOWHERE) -> Self:
        """Make text with its place."""
        self = super().__new__(cls, text)
        self.source = source
        return self

    def __getnewargs__(self) -> tuple[str, Source]:  # type: ignore[override]
        return str(self), self.source

    def __copy__(self) -> LocatedStr:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> LocatedStr:
        return self


class LocatedDict(dict[str, Any]):
    """A mapping that stands somewhere; `source` is where its first key, or its bracket, is."""

    __slots__ = ("source",)
    source: Source

    def __init__(self, items: Mapping[str, Any] | Iterable[tuple[str, Any]] = (), source: Source = NOWHERE) -> None:
        super().__init__(items)
        self.source = source

    def __deepcopy__(self, memo: dict[int, Any]) -> LocatedDict:
        found = LocatedDict((), self.source)
        memo[id(self)] = found
        for key, value in self.items():
            found[key] = deepcopy(value, memo)
        return found


class LocatedList(list[Any]):
    """A sequence that stands somewhere."""

    __slots__ = ("source",)
    source: Source

    def __init__(self, items: Iterable[Any] = (), source: Source = NOWHERE) -> None:
        super().__init__(items)
        self.source = source

    def __deepcopy__(self, memo: dict[int, Any]) -> LocatedList:
        found = LocatedList((), self.source)
        memo[id(self)] = found
        found.extend(deepcopy(value, memo) for value in self)
        return found


class Alternatives(LocatedList):
    """Values of which one will hold, because a template condition could not be decided.

    Attributes:
        condition: name of the condition in the template.
    """

    __slots__ = ("condition",)
    condition: str

    def __init__(self, items: Iterable[Any], condition: str, source: Source = NOWHERE) -> None:
        super().__init__(items, source)
        self.condition = condition

    def __deepcopy__(self, memo: dict[int, Any]) -> Alternatives:
        return Alternatives([deepcopy(value, memo) for value in self], self.condition, self.source)


def source_of(value: object, default: Source = NOWHERE) -> Source:
    """Where `value` stands, or `default` for a value that does not know."""
    return getattr(value, "source", default)


def key_source(mapping: Mapping[str, Any], key: str, default: Source = NOWHERE) -> Source:
    """Where the key `key` of `mapping` stands."""
    for candidate in mapping:
        if candidate == key:
            return source_of(candidate, source_of(mapping, default))
    return source_of(mapping, default)


def value_source(mapping: Mapping[str, Any], key: str, default: Source = NOWHERE) -> Source:
    """Where the value behind `key` stands; numbers and booleans take the place of their key."""
    own = getattr(mapping.get(key), "source", None)
    return own if own is not None else key_source(mapping, key, default)


def as_text(value: object) -> str | None:
    """A scalar as policy text (`true`, `123`), keeping its place; None for anything else."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case _:
            return None


def as_list(value: object) -> Iterator[Any]:
    """One value, a list, or the alternatives of an undecided condition: each element in order."""
    if isinstance(value, list):
        for item in value:
            if isinstance(item, Alternatives):
                yield from as_list(item)
            else:
                yield item
    elif value is not None:
        yield value


def options_of(value: object) -> Iterator[Any]:
    """The values that may hold: the branches of an undecided condition, otherwise the value itself."""
    if isinstance(value, Alternatives):
        for item in value:
            yield from options_of(item)
    else:
        yield value
