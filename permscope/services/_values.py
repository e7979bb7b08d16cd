"""Property values of which one will hold, because a template condition is undecided.

Readers ask for every value that may hold, so that a wiring behind `Fn::If` is never lost; each comes with the name of
the condition it depends on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from permscope.inventory.facts import AnyFact
from permscope.inventory.located import Alternatives, LocatedStr, as_list, as_text, both, source_of, value_source
from permscope.inventory.source import NOWHERE, Source
from permscope.lazy import regex
from permscope.services.interface import TemplateResource

DEEPEST = 60
"""Nesting below which a document is taken for hostile."""


_WEB = regex(r"(https?://)(?:[^/?#@]*@)?([^/?#]*)", re.IGNORECASE)


def origin_of(url: str | None) -> str | None:
    """The host an address leads to: who knows the path of a web hook, or what follows it, may use it."""
    found = _WEB.match(url) if url else None
    return f"{found[1]}{found[2]}" if found else url


class Text(NamedTuple):
    """One text that may hold, the place it stands at, and the undecided condition it depends on."""

    text: str
    source: Source
    only_if: str | None


class Item(NamedTuple):
    """One mapping that may hold, and the undecided condition it depends on."""

    value: Mapping[str, Any]
    only_if: str | None

    def get(self, *path: str) -> Any:
        """The first value at a path below the mapping, or None."""
        return dig(self.value, *path)

    def texts(self, *path: str) -> Iterator[Text]:
        """Every text that may stand at a path below the mapping."""
        for parent in mappings(dig(self.value, *path[:-1]) if len(path) > 1 else self.value, self.only_if):
            default = value_source(parent.value, path[-1], source_of(self.value))
            yield from texts(parent.value.get(path[-1]), default, parent.only_if)

    def text(self, *path: str) -> str | None:
        """The first text at a path below the mapping, with its place, or None."""
        for found in self.texts(*path):
            return located(found)
        return None

    def items(self, *path: str) -> Iterator[Item]:
        """Every mapping of the list (or single mapping) at a path below the mapping."""
        return mappings(dig(self.value, *path), self.only_if)


def branches(value: object, only_if: str | None = None) -> Iterator[tuple[Any, str | None]]:
    """Each value that may hold, lists flattened, with the undecided condition it depends on."""
    if isinstance(value, Alternatives):
        for item, condition in value.sides(only_if):
            yield from branches(item, condition)
    elif isinstance(value, list):
        for item in value:
            yield from branches(item, only_if)
    elif value is not None:
        yield value, only_if


def mappings(value: object, only_if: str | None = None) -> Iterator[Item]:
    """Each mapping of a list, of one mapping, or of undecided alternatives of these."""
    for found, condition in branches(value, only_if):
        if isinstance(found, Mapping):
            yield Item(found, condition)


def texts(value: object, default: Source = NOWHERE, only_if: str | None = None) -> Iterator[Text]:
    """Each text of a list, of one value, or of undecided alternatives of these."""
    for found, condition in branches(value, only_if):
        text = as_text(found)
        if text:
            yield Text(text, source_of(found, default), condition)


def located(text: Text) -> str:
    """The text as a value that knows its place."""
    return LocatedStr(text.text, text.source)


def dig(value: object, *path: str) -> Any:
    """The value at a path through mappings; of undecided alternatives the first that has it."""
    for key in path:
        value = next((item.value[key] for item in mappings(value) if item.value.get(key) is not None), None)
        if value is None:
            return None
    return value


def root(resource: TemplateResource) -> Item:
    """The properties of a resource."""
    return Item(resource.properties, None)


def about(resource: TemplateResource, place: Source = NOWHERE, only_if: str | None = None) -> dict[str, Any]:
    """What every fact of a resource shares, said at one place of it and under one undecided condition."""
    shared = resource.facts_about(place if place is not NOWHERE else None)
    return {**shared, "only_if": both(resource.only_if, only_if)}


def json_value(value: object) -> Any:
    """A document given as a mapping or as JSON text; None for text that is no JSON."""
    if isinstance(value, str):
        try:
            return json.loads(value, strict=False)
        except (ValueError, RecursionError):
            return None
    return value


def walk(value: object, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """Every mapping inside a document, outer ones first."""
    if depth > DEEPEST:
        return
    if isinstance(value, Mapping):
        yield value
        for inner in value.values():
            yield from walk(inner, depth + 1)
    elif isinstance(value, list):
        for inner in as_list(value):
            yield from walk(inner, depth + 1)


def policy_on(
    resource: TemplateResource, name: str, arn_of: Callable[[TemplateResource, Text], str | None], *policy: str
) -> Iterator[AnyFact]:
    """The resource-based policy at the path `policy`, once for each resource that the property `name` names.

    Args:
        resource: what holds the policy.
        name: property that says what is protected.
        arn_of: the ARN of what a text of it names; None where nobody can tell.
        policy: path of the document.
    """
    named = False
    for found in root(resource).texts(name):
        named = True
        yield from resource.when(found.only_if).protects(arn_of(resource, found), *policy)
    if not named:
        yield from resource.protects(None, *policy)
