"""The Amazon States Language: every state of a definition, nested ones included, with the line it stands on.

Shape: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html and
https://states-language.net/spec.html. A definition is a document, or JSON text (in `DefinitionString`).
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from permscope.inventory.located import LocatedDict, LocatedList, LocatedStr, key_source, source_of, value_source
from permscope.inventory.source import NOWHERE, Source
from permscope.lazy import dataclass, regex
from permscope.services._values import mappings

DEEPEST = 50
"""Nesting of Parallel and Map states beyond which a definition is not read; AWS's own limit is far lower."""

# Possessive and closed by the end of the text, so that no text is scanned twice.
_STRING_OR_TOKEN = regex(r'"(?:[^"\\]|\\.)*+(?:"|\Z)|(\$\{[^{}"]*\})', re.DOTALL)
_STRING = regex(r'"(?:[^"\\]|\\.)*+(?:"|\Z)(\s*:)?', re.DOTALL)
_JSON_FILES = (".json", ".template")


class Problem(NamedTuple):
    """A part of a definition that Step Functions would refuse, or that cannot be read."""

    message: str
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One state.

    Attributes:
        name: as in `States`.
        type: `Task`, `Map`, `Parallel`, ...
        raw: its fields.
        jsonata: whether its query language is JSONata (otherwise JSONPath).
        source: of a task its `Resource`, otherwise the state.
    """

    name: str
    type: str
    raw: Mapping[str, Any]
    jsonata: bool
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A definition as far as it could be read."""

    states: tuple[State, ...] = ()
    problems: tuple[Problem, ...] = ()


def read_definition(value: object, source: Source = NOWHERE) -> Definition:
    """Read a definition; what is broken becomes `problems`, never an exception.

    Args:
        value: the document, or JSON text; `DefinitionSubstitutions` are made already.
        source: where it stands, for values that do not know their own place.
    """
    problems: list[Problem] = []
    place = source_of(value, source)
    if isinstance(value, str):
        value = _parse(value, place, problems)
    found: list[State] = []
    for document in mappings(value):
        found.extend(_machine(document.value, problems, jsonata=False, place=place, depth=0))
    if value is not None and not found and not problems:
        problems.append(Problem("the definition has no `States`", place))
    return Definition(states=tuple(found), problems=tuple(problems))


def _machine(
    machine: Mapping[str, Any], problems: list[Problem], *, jsonata: bool, place: Source, depth: int
) -> Iterator[State]:
    """Every state of one state machine, branch or item processor."""
    if depth > DEEPEST:
        problems.append(Problem(f"states are nested more than {DEEPEST} deep", place))
        return
    jsonata = _is_jsonata(machine, default=jsonata)
    states = machine.get("States")
    if states is None:
        problems.append(Problem("`States` is missing", source_of(machine, place)))
    for table in mappings(states):
        for name, raw in table.value.items():
            where = key_source(table.value, name, place)
            if not isinstance(raw, Mapping):
                problems.append(Problem(f"state `{name}` is not a mapping", where))
                continue
            yield from _state(str(name), raw, problems, jsonata=jsonata, place=where, depth=depth)


def _state(
    name: str, raw: Mapping[str, Any], problems: list[Problem], *, jsonata: bool, place: Source, depth: int
) -> Iterator[State]:
    kind = raw.get("Type")
    if not isinstance(kind, str):
        problems.append(Problem(f"state `{name}` has no `Type`", place))
        kind = ""
    own = _is_jsonata(raw, default=jsonata)
    at = value_source(raw, "Resource", place) if "Resource" in raw else place
    yield State(name=name, type=kind, raw=raw, jsonata=own, source=at if at is not NOWHERE else place)
    for key in ("Branches", "Iterator", "ItemProcessor"):
        for inner in mappings(raw.get(key)):
            yield from _machine(inner.value, problems, jsonata=jsonata, place=place, depth=depth + 1)


def _is_jsonata(value: Mapping[str, Any], *, default: bool) -> bool:
    language = value.get("QueryLanguage")
    return language == "JSONata" if isinstance(language, str) else default


def _parse(text: str, place: Source, problems: list[Problem]) -> object:
    """JSON text as a document whose states and their fields know their lines."""
    try:
        value = json.loads(text, strict=False)
    except RecursionError:
        problems.append(Problem("the definition is nested too deeply", place))
        return None
    except ValueError:
        quoted = _STRING_OR_TOKEN.sub(lambda found: json.dumps(found[1]) if found[1] else found[0], text)
        try:
            value = json.loads(quoted, strict=False)
        except (ValueError, RecursionError) as error:
            line = getattr(error, "lineno", 1)
            where = _Lines(text, place).at_line(line - 1)
            problems.append(Problem(f"the definition is not valid JSON: {getattr(error, 'msg', error)}", where))
            return None
    if not isinstance(value, Mapping):
        problems.append(Problem("the definition is not a mapping", place))
        return None
    return _Lines(text, place).located(value)


class _Lines:
    """Finds the lines of the keys of JSON text, in the order in which the document has them."""

    def __init__(self, text: str, place: Source) -> None:
        self.place = place
        # In a block scalar the text begins on the line after its mark; in a JSON file it is one escaped line.
        self.is_block = "\n" in text and not str(place.file or "").lower().endswith(_JSON_FILES)
        self.starts = [at for at, character in enumerate(text) if character == "\n"]
        self.keys = (found.start() for found in _STRING.finditer(text) if found[1])

    def at_line(self, index: int) -> Source:
        """The place of the line with that number, counted from 0."""
        if not self.is_block or self.place.line is None:
            return self.place
        return replace(self.place, line=self.place.line + 1 + index, column=None)

    def _next(self) -> Source:
        at = next(self.keys, None)
        return self.place if at is None else self.at_line(bisect_right(self.starts, at))

    def located(self, value: Any) -> Any:
        """The value with keys that know their place; walks in file order, so each key takes the next place."""
        match value:
            case dict():
                items = []
                for key, inner in value.items():
                    here = self._next()
                    items.append((LocatedStr(key, here), self._valued(inner, here)))
                return LocatedDict(items, source_of(items[0][0]) if items else self.place)
            case list():
                return LocatedList([self.located(inner) for inner in value], self.place)
            case _:
                return value

    def _valued(self, value: Any, here: Source) -> Any:
        return LocatedStr(value, here) if isinstance(value, str) else self.located(value)
