"""One policy statement as the statements it may turn out to be, where template conditions are undecided.

What stands in a statement whatever the conditions say stays one statement without a condition; what only one side of a
condition adds is a statement of its own, which depends on that side.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from permscope.inventory.located import Alternatives, LocatedDict, LocatedList, both, is_contradictory, source_of

# A longer list allows (or denies) more, so its parts can be said one by one.
_ADDITIVE = ("Action", "Resource")
_MOST = 16


def statement_variants(raw: Mapping[str, Any], only_if: str | None) -> Iterator[tuple[Mapping[str, Any], str | None]]:
    """The statements, with what each depends on."""
    open_keys = [key for key, value in raw.items() if _is_open(value)]
    if not open_keys:
        yield raw, only_if
        return
    additive = [key for key in open_keys if key in _ADDITIVE]
    if additive == open_keys and len(open_keys) == 1:
        yield from _additive(raw, open_keys[0], only_if)
        return
    found: list[tuple[Mapping[str, Any], str | None]] = [(raw, only_if)]
    for key in open_keys:
        found = [
            (_with(statement, key, value), both(condition, side))
            for statement, condition in found
            for value, side in _settled(statement[key])
            if not is_contradictory(both(condition, side))
        ]
        if len(found) > _MOST:
            yield raw, both(only_if, *(name for name in _conditions(raw)))
            return
    yield from found


def _additive(raw: Mapping[str, Any], key: str, only_if: str | None) -> Iterator[tuple[Mapping[str, Any], str | None]]:
    value = raw[key]
    items = value if isinstance(value, list) and not isinstance(value, Alternatives) else [value]
    always = [item for item in items if not isinstance(item, Alternatives)]
    sides: dict[str, list[Any]] = {}
    for item in items:
        if isinstance(item, Alternatives):
            for each, side in _leaves(item, None):
                sides.setdefault(side or "", []).append(each)
    shared = [item for item in next(iter(sides.values()), []) if _on_every_side(item, sides)]
    always.extend(shared)
    if always:
        yield _with(raw, key, LocatedList(always, source_of(value))), only_if
    for side, held in sides.items():
        rest = [item for item in held if item not in always]
        if rest:
            yield _with(raw, key, LocatedList(rest, source_of(value))), both(only_if, side)


def _on_every_side(item: Any, sides: Mapping[str, list[Any]]) -> bool:
    return len(sides) == 2 and is_contradictory(both(*sides)) and all(item in held for held in sides.values())  # noqa: PLR2004


def _leaves(value: Any, only_if: str | None) -> Iterator[tuple[Any, str | None]]:
    if isinstance(value, Alternatives):
        for item, side in value.sides(only_if):
            yield from _leaves(item, side)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item, only_if)
    elif value is not None:
        yield value, only_if


def _settled(value: Any) -> Iterator[tuple[Any, str | None]]:
    """A value of an element in each way its conditions can turn out; a list keeps its other items."""
    if isinstance(value, Alternatives):
        for item, side in value.sides():
            for inner, condition in _settled(item):
                yield inner, both(side, condition)
        return
    parts = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    open_part = next(((at, item) for at, item in parts if _is_open(item)), None)
    if open_part is None:
        yield value, None
        return
    at, item = open_part
    for inner, condition in _settled(item):
        for whole, rest in _settled(_put(value, at, inner)):
            yield whole, both(condition, rest)


def _put(value: Any, at: Any, item: Any) -> Any:
    if isinstance(value, Mapping):
        pairs = ((key, item if key == at else held) for key, held in value.items())
        return LocatedDict(((key, held) for key, held in pairs if held is not None), source_of(value))
    held = [item if index == at else each for index, each in enumerate(value)]
    return LocatedList((each for each in held if each is not None), source_of(value))


def _with(raw: Mapping[str, Any], key: str, value: Any) -> Mapping[str, Any]:
    pairs = ((name, value if name == key else held) for name, held in raw.items())
    return LocatedDict(((name, held) for name, held in pairs if held is not None), source_of(raw))


def _is_open(value: Any) -> bool:
    if isinstance(value, Alternatives):
        return True
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return any(_is_open(item) for item in inner)


def _conditions(value: Any) -> Iterator[str]:
    if isinstance(value, Alternatives):
        yield value.condition
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    for item in inner:
        yield from _conditions(item)
