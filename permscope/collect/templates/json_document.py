"""JSON text to located values; unlike the standard library it keeps places and notices repeated keys."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from json.decoder import JSONDecodeError, scanstring  # type: ignore[attr-defined]
from typing import Any, NoReturn

from permscope.errors import TemplateError
from permscope.inventory.facts import Unknown
from permscope.inventory.located import LocatedDict, LocatedList, LocatedStr, source_of
from permscope.inventory.source import Source
from permscope.lazy import regex

_SPACE = regex(r"[ \t\r\n]*")
_NUMBER = regex(r"-?(?:0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?", re.ASCII)
_SURROGATE = regex("[\ud800-\udfff]")
_NEWLINE = regex(r"\n")
_WORDS: dict[str, tuple[str, bool | None]] = {"t": ("true", True), "f": ("false", False), "n": ("null", None)}


FLATTER = "no template needs that many levels; check the brackets"


class JsonError(TemplateError):
    """Text that is no JSON; `final` where reading it as YAML could not help."""

    final = False


def repeated_key(key: str, before: Any, after: Any) -> Iterator[Unknown]:
    """A key that stands twice with different values: CloudFormation does not define which one holds.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
    """
    if before != after:
        yield Unknown(
            what=f"the key `{key}`",
            why="it is repeated, and CloudFormation does not define which one holds; the last one is read",
            kind="duplicate-key",
            source=source_of(key),
        )


class _Reader:
    def __init__(self, text: str, file: str, max_depth: int) -> None:
        self.text = text
        self.file = file
        self.max_depth = max_depth
        self.lines = [0, *(found.end() for found in _NEWLINE.finditer(text))]
        self.problems: list[Unknown] = []

    def place(self, at: int) -> Source:
        line = bisect_right(self.lines, at)
        return Source(self.file, line, at - self.lines[line - 1] + 1)

    def fail(self, message: str, at: int, hint: str | None = None) -> NoReturn:
        if hint is None:
            comment = self.text[at : at + 1] in ("/", "#")
            hint = "JSON has no comments" if comment else "check the quotes, commas and brackets before this place"
        raise JsonError(message, source=self.place(min(at, len(self.text))), hint=hint)

    def skip(self, at: int) -> int:
        return _SPACE.match(self.text, at).end()  # type: ignore[union-attr]

    def string(self, at: int) -> tuple[LocatedStr, int]:
        try:
            found, end = scanstring(self.text, at + 1, True)
        except JSONDecodeError as error:
            self.fail(error.msg.lower(), error.pos)
        if not found.isascii():
            found = _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", found)
        return LocatedStr(found, self.place(at)), end

    def value(self, at: int, depth: int) -> tuple[Any, int]:
        first = self.text[at : at + 1]
        if first == '"':
            return self.string(at)
        if first in ("{", "["):
            if depth >= self.max_depth:
                message = f"values are nested more than {self.max_depth} levels deep"
                error = JsonError(message, source=self.place(at), hint=FLATTER)
                error.final = True
                raise error
            return self.mapping(at, depth + 1) if first == "{" else self.sequence(at, depth + 1)
        if first in _WORDS:
            word, constant = _WORDS[first]
            if self.text.startswith(word, at):
                return constant, at + len(word)
        number = _NUMBER.match(self.text, at)
        if not number:
            self.fail("a value is missing" if first in ("", ",", "}", "]", ":") else "this is no JSON value", at)
        return self.number(number, at), number.end()

    def number(self, found: re.Match[str], at: int) -> Any:
        text = found[0]
        if found[1] or found[2]:
            parsed: int | float = float(text)
        else:
            parsed = int(text) if len(text) < 20 else 0  # noqa: PLR2004
        return parsed if str(parsed) == text else LocatedStr(text, self.place(at))

    def mapping(self, at: int, depth: int) -> tuple[LocatedDict, int]:
        text, skip = self.text, self.skip
        found = LocatedDict((), self.place(at))
        at = skip(at + 1)
        if text[at : at + 1] == "}":
            return found, at + 1
        while True:
            if text[at : at + 1] != '"':
                self.fail("a key in double quotes is missing", at, "a comma before `}` is not allowed in JSON")
            key, end = self.string(at)
            at = skip(end)
            if text[at : at + 1] != ":":
                self.fail(f"`:` is missing after the key `{key}`", at)
            held, end = self.value(skip(at + 1), depth)
            if key in found:
                self.problems.extend(repeated_key(key, found.pop(key), held))
            found[key] = held
            at = skip(end)
            after = text[at : at + 1]
            if after == "}":
                return found, at + 1
            if after != ",":
                self.fail("`,` or `}` is missing", at)
            at = skip(at + 1)

    def sequence(self, at: int, depth: int) -> tuple[LocatedList, int]:
        text, skip = self.text, self.skip
        found = LocatedList((), self.place(at))
        at = skip(at + 1)
        if text[at : at + 1] == "]":
            return found, at + 1
        while True:
            held, end = self.value(at, depth)
            found.append(held)
            at = skip(end)
            after = text[at : at + 1]
            if after == "]":
                return found, at + 1
            if after != ",":
                self.fail("`,` or `]` is missing", at)
            at = skip(at + 1)


def parse_json(text: str, file: str, *, max_depth: int = 100) -> tuple[Any, tuple[Unknown, ...]]:
    """Read JSON text into located values, and what is wrong with it though it could be read.

    Raises:
        JsonError: with line and column.
    """
    reader = _Reader(text, file, max_depth)
    value, end = reader.value(reader.skip(0), 0)
    end = reader.skip(end)
    if end != len(text):
        reader.fail("text after the end of the JSON value", end)
    return value, tuple(reader.problems)
