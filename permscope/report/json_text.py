"""JSON text as `json.dumps(value, indent=1, ensure_ascii=False)` writes it, in a third of its time.

With an indent, the standard library leaves its C encoder and walks the values in generators. What a terminal would act
on or hide is written as an escape.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any

from permscope.report.escape import in_json

_NEWLINE = "\n"


class Written(str):
    """The text of a value, as `indented` writes it in its place."""

    __slots__ = ()


@lru_cache(maxsize=16_384)  # keys, kinds and ids come again and again
def _quoted(text: str) -> str:
    return encode_basestring(text) if text.isprintable() else in_json(encode_basestring(text))


def indented(value: Any, line: str = _NEWLINE) -> str:
    """The text of a value.

    Args:
        value: dicts with text as keys, lists, and scalars.
        line: the line feed and indent of the line that the value begins in.
    """
    if isinstance(value, str):
        return value if type(value) is Written else _quoted(value)
    if value is None:
        return "null"
    if isinstance(value, dict):
        if not value:
            return "{}"
        inner = line + " "
        items = [
            f"{_quoted(key)}: {_quoted(item) if type(item) is str else indented(item, inner)}"
            for key, item in value.items()
        ]
        return f"{{{inner}{f',{inner}'.join(items)}{line}}}"
    if isinstance(value, list | tuple):
        if not value:
            return "[]"
        inner = line + " "
        items = [_quoted(item) if type(item) is str else indented(item, inner) for item in value]
        return f"[{inner}{f',{inner}'.join(items)}{line}]"
    if value is True:
        return "true"
    return "false" if value is False else json.dumps(value)


def members(value: dict[str, Any]) -> Iterator[str]:
    """The text of a mapping in pieces, and a line feed; its iterators are written item by item, as lists."""
    before = "{\n "
    for key, held in value.items():
        yield f"{before}{_quoted(key)}: "
        if isinstance(held, Iterator):
            yield from _items(held)
        else:
            yield indented(held, "\n ")
        before = ",\n "
    yield "\n}\n"


def _items(held: Iterable[Any]) -> Iterator[str]:
    before = "["
    for item in held:
        yield f"{before}\n  {indented(item, _NEWLINE + '  ')}"
        before = ","
    yield "[]" if before == "[" else "\n ]"
