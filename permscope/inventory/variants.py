"""One policy statement as the statements it may turn out to be, where template conditions are undecided.

What stands in a statement whatever the conditions say stays one statement without a condition; what only one side of a
condition adds is a statement of its own, which depends on that side.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from permscope.inventory.located import Alternatives, LocatedDict, LocatedList, both, is_contradictory, source_of

# A longer list allows (or denies) more, so its parts can be said one by one.
_ADDITIVE = ("Action", "Resource")
_MOST_CONDITIONS = 4


def statement_variants(raw: Mapping[str, Any], only_if: str | None) -> Iterator[tuple[Mapping[str, Any], str | None]]:
    """The statements, with what each depends on."""
    open_keys = [key for key, value in raw.items() if _is_open(value)]
    if not open_keys:
        yield raw, only_if
        return
    if len(open_keys) == 1 and open_keys[0] in _ADDITIVE:
        yield from _additive(raw, open_keys[0], only_if)
        return
    held = list(_alternatives(raw))
    names = tuple(dict.fromkeys(each.condition for each in held))
    if len(names) > _MOST_CONDITIONS or not all(each.has_sides for each in held):
        yield raw, both(only_if, *names)
        return
    told: set[str | None] = set()
    for holds in product((True, False), repeat=len(names)):
        met: dict[str, None] = {}
        statement = _settled(raw, dict(zip(names, holds, strict=True)), met)
        condition = both(only_if, *met)
        if condition not in told and not is_contradictory(condition):
            told.add(condition)
            yield statement, condition


def _additive(raw: Mapping[str, Any], key: str, only_if: str | None) -> Iterator[tuple[Mapping[str, Any], str | None]]:
    value = raw[key]
    items = value if isinstance(value, list) and not isinstance(value, Alternatives) else [value]
    always = [item for item in items if not isinstance(item, Alternatives)]
    sides: dict[str, list[Any]] = {}
    for item in items:
        if isinstance(item, Alternatives):
            for each, side in _leaves(item, None):
                sides.setdefault(side or "", []).append(each)
    always.extend(_on_both_sides(sides))
    known = _texts(always)
    if always:
        yield _with(raw, key, LocatedList(always, source_of(value))), only_if
    for side, held in sides.items():
        rest = [item for item in held if not isinstance(item, str) or item not in known]
        if rest:
            yield _with(raw, key, LocatedList(rest, source_of(value))), both(only_if, side)


def _on_both_sides(sides: Mapping[str, list[Any]]) -> list[Any]:
    """What stands there whether a condition holds or not."""
    if len(sides) != 2 or not is_contradictory(both(*sides)):  # noqa: PLR2004
        return []
    one, other = sides.values()
    shared = _texts(other)
    return [item for item in one if isinstance(item, str) and item in shared]


def _texts(items: list[Any]) -> set[str]:
    return {item for item in items if isinstance(item, str)}


def _leaves(value: Any, only_if: str | None) -> Iterator[tuple[Any, str | None]]:
    if isinstance(value, Alternatives):
        for item, side in value.sides(only_if):
            yield from _leaves(item, side)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item, only_if)
    elif value is not None:
        yield value, only_if


def _settled(value: Any, holds: Mapping[str, bool], met: dict[str, None]) -> Any:
    """The value where conditions turn out as told; those it depends on are noted in `met`."""
    if isinstance(value, Alternatives):
        condition = value.condition
        item, side = list(value.sides())[0 if holds[condition] else 1]
        met[side] = None
        return _settled(item, holds, met)
    if isinstance(value, Mapping):
        pairs = ((key, _settled(held, holds, met)) for key, held in value.items())
        return LocatedDict(((key, held) for key, held in pairs if held is not None), source_of(value))
    if isinstance(value, list):
        items = (_settled(item, holds, met) for item in value)
        return LocatedList((item for item in items if item is not None), source_of(value))
    return value


def _with(raw: Mapping[str, Any], key: str, value: Any) -> Mapping[str, Any]:
    pairs = ((name, value if name == key else held) for name, held in raw.items())
    return LocatedDict(((name, held) for name, held in pairs if held is not None), source_of(raw))


def _is_open(value: Any) -> bool:
    if isinstance(value, Alternatives):
        return True
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return any(_is_open(item) for item in inner)


def _alternatives(value: Any) -> Iterator[Alternatives]:
    if isinstance(value, Alternatives):
        yield value
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    for item in inner:
        yield from _alternatives(item)
