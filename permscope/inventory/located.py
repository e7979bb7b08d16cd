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

_AND = " and "


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
        has_sides: whether the values are two, one where the condition holds and one where it does not.
    """

    __slots__ = ("condition", "has_sides")
    condition: str
    has_sides: bool

    def __init__(
        self, items: Iterable[Any], condition: str, source: Source = NOWHERE, *, has_sides: bool = False
    ) -> None:
        super().__init__(items, source)
        self.condition = condition
        self.has_sides = has_sides and len(self) == 2  # noqa: PLR2004

    def __deepcopy__(self, memo: dict[int, Any]) -> Alternatives:
        copied = [deepcopy(value, memo) for value in self]
        return Alternatives(copied, self.condition, self.source, has_sides=self.has_sides)

    def sides(self, only_if: str | None = None) -> Iterator[tuple[Any, str]]:
        """Each value with what must hold for it: `IsProd`, `not IsProd`; within `only_if`, both."""
        for index, item in enumerate(self):
            side = f"not {self.condition}" if self.has_sides and index else self.condition
            yield item, both(only_if, side) or side


def both(*conditions: str | None) -> str | None:
    """Template conditions that must all hold, as one text."""
    return _AND.join(dict.fromkeys(part for condition in conditions for part in parts_of(condition))) or None


def is_contradictory(only_if: str | None) -> bool:
    """Whether a condition would have to hold and not to hold."""
    parts = parts_of(only_if)
    return any(opposite(part) in parts for part in parts)


def parts_of(only_if: str | None) -> tuple[str, ...]:
    """What must hold, one by one: `IsProd`, `not IsProd`."""
    return tuple(only_if.split(_AND)) if only_if else ()


def opposite(part: str) -> str:
    """What holds where a part does not."""
    return part.removeprefix("not ") if part.startswith("not ") else f"not {part}"


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
