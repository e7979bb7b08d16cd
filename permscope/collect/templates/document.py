"""Template text to located values, with a bound on everything a hostile file could blow up.

YAML is read from libyaml's events (the pure parser where libyaml is missing), never through a constructor, so no tag
makes anything. Scalars follow what CloudFormation does with YAML 1.1, except that text which would change when it is
written back (`012345670123`, `2012-10-17`, `1_000`, `190:20:30`) stays text.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import yaml

from permscope.collect.templates.json_document import FLATTER, JsonError, parse_json, repeated_key
from permscope.errors import TemplateError
from permscope.inventory.facts import Unknown
from permscope.inventory.located import LocatedDict, LocatedList, LocatedStr
from permscope.inventory.source import Source
from permscope.lazy import regex

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 100
MAX_VALUES = 1_000_000

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CONSTANTS: dict[str, bool | None] = {
    spelling: value
    for word, value in (
        ("true", True),
        ("yes", True),
        ("on", True),
        ("false", False),
        ("no", False),
        ("off", False),
        ("null", None),
    )
    for spelling in (word, word.title(), word.upper())
} | {"": None, "~": None}
_NUMBER = regex(r"[-+]?(?:0|[1-9][0-9]*)(\.[0-9]+)?")
_SHORT_FORMS = frozenset(
    [
        "And",
        "Base64",
        "Cidr",
        "Equals",
        "FindInMap",
        "ForEach",
        "GetAtt",
        "GetAZs",
        "If",
        "ImportValue",
        "Join",
        "Length",
        "Not",
        "Or",
        "Select",
        "Split",
        "Sub",
        "ToJsonString",
        "Transform",
        "Contains",
        "EachMemberEquals",
        "EachMemberIn",
        "RefAll",
        "ValueOf",
        "ValueOfAll",
        "GetStackOutput",
    ]
)
_YAML_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq")}
_MARK = regex(r"\s+in \"[^\"]*\".*", re.DOTALL)


class Document(NamedTuple):
    """A parsed file.

    Attributes:
        value: located dicts, lists, strings; plain numbers, booleans and None.
        problems: what is not certain although it could be read: keys that stand there twice.
    """

    value: Any
    problems: tuple[Unknown, ...] = ()


class LateDocument:
    """A file that is known to be a template, parsed when somebody asks what is in it."""

    __slots__ = ("_data", "_file", "_found")

    def __init__(self, data: bytes, file: str) -> None:
        self._data = data
        self._file = file
        self._found: Document | None = None

    @property
    def value(self) -> Any:
        """As of `Document`."""
        return self._document().value

    @property
    def problems(self) -> tuple[Unknown, ...]:
        """As of `Document`."""
        return self._document().problems

    def _document(self) -> Document:
        if self._found is None:
            self._found = parse_document(decode(self._data, self._file), self._file)
        return self._found


def decode(data: bytes, file: str) -> str:
    """Template bytes as text.

    Raises:
        TemplateError: for a file that is too large, binary, or neither UTF-8 nor marked as UTF-16.
    """
    place = Source(file, 1, 1)
    if len(data) > MAX_BYTES:
        raise TemplateError(
            f"the file has {len(data):,} bytes; at most {MAX_BYTES:,} are read",
            source=place,
            hint="CloudFormation itself takes templates of up to 1 MB",
        )
    if data.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        raise TemplateError(
            "the file is UTF-32, which CloudFormation does not read", source=place, hint="save it as UTF-8"
        )
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError:
            raise TemplateError("the file is not valid UTF-16", source=place, hint="save it as UTF-8") from None
    if b"\x00" in data[:8192]:
        raise TemplateError("the file is binary, not text", source=place, hint="give a YAML or JSON template")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        raise TemplateError(
            f"byte 0x{data[error.start]:02x} is not valid UTF-8",
            source=Source(file, line, column),
            hint="save it as UTF-8",
        ) from None


def parse_document(text: str, file: str) -> Document:
    """Read YAML or JSON text.

    Raises:
        TemplateError: with line and column, for text that is neither, or that goes beyond a bound.
    """
    json_error: TemplateError | None = None
    if text.lstrip()[:1] in ("{", "["):
        try:
            value, problems = parse_json(text, file, max_depth=MAX_DEPTH)
            return Document(value, problems)
        except JsonError as error:
            if error.final:
                raise TemplateError(error.message, source=error.source, hint=error.hint) from None
            json_error = TemplateError(f"not valid JSON: {error.message}", source=error.source, hint=error.hint)
    try:
        return _YamlReader(text, file).document()
    except TemplateError:
        if json_error is not None and file.endswith((".json", ".template")):
            raise json_error from None
        raise


class _YamlReader:
    """Builds one document from parser events."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.text = text
        self.problems: list[Unknown] = []
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.open_anchors: set[str] = set()
        self.count = 0
        self.depth = 0

    def document(self) -> Document:
        try:
            loader = _LOADER(self.text)
        except yaml.YAMLError as error:
            raise self.yaml_error(error) from None
        try:
            next_event = loader.get_event
            next_event()  # stream start
            event = next_event()
            if isinstance(event, yaml.StreamEndEvent):
                raise TemplateError(
                    "the file is empty", source=Source(self.file, 1, 1), hint="a template needs a `Resources` section"
                )
            self.next_event = next_event
            value = self.value(next_event())
            next_event()  # document end
            event = next_event()
            if not isinstance(event, yaml.StreamEndEvent):
                raise self.error("the file holds several YAML documents", event, "keep one template per file")
        except yaml.YAMLError as error:
            raise self.yaml_error(error) from None
        finally:
            loader.dispose()
        return Document(value, tuple(self.problems))

    def yaml_error(self, error: yaml.YAMLError) -> TemplateError:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        problem = getattr(error, "problem", None) or _MARK.sub("", str(error))
        context = getattr(error, "context", None)
        place = Source(self.file, mark.line + 1, mark.column + 1) if mark else Source(self.file)
        if isinstance(error, yaml.reader.ReaderError):
            before = self.text.encode()[: error.position].decode(errors="ignore")
            place = Source(self.file, before.count("\n") + 1, len(before) - before.rfind("\n"))
        hint = "check the indentation, quotes and brackets before this place"
        if mark and self.text.splitlines()[mark.line : mark.line + 1]:
            line = self.text.splitlines()[mark.line]
            if "\t" in line[: len(line) - len(line.lstrip())]:
                hint = "indent with spaces; YAML does not allow tabs"
            elif "{{" in line or "{%" in line:
                hint = "this looks like a text template; render it first"
        return TemplateError(f"not valid YAML: {problem}" + (f" {context}" if context else ""), source=place, hint=hint)

    def error(self, message: str, event: Any, hint: str | None = None) -> TemplateError:
        return TemplateError(message, source=self.place(event), hint=hint)

    def place(self, event: Any) -> Source:
        mark = event.start_mark
        return Source(self.file, mark.line + 1, mark.column + 1)

    def value(self, event: Any) -> Any:
        """The value that begins with `event`."""
        self.count += 1
        if self.count > MAX_VALUES:
            raise self.error(f"the template holds more than {MAX_VALUES:,} values", event, "aliases count each time")
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event)
        before = self.count
        anchor = event.anchor
        if anchor:
            self.open_anchors.add(anchor)
        if isinstance(event, yaml.ScalarEvent):
            found = self.scalar(event)
        else:
            self.depth += 1
            if self.depth > MAX_DEPTH:
                raise self.error(f"values are nested more than {MAX_DEPTH} levels deep", event, FLATTER)
            found = self.mapping(event) if isinstance(event, yaml.MappingStartEvent) else self.sequence(event)
            self.depth -= 1
            if event.tag:
                found = self.tagged(event, found)
        if anchor:
            self.open_anchors.discard(anchor)
            self.anchors[anchor] = (found, self.count - before + 1)
        return found

    def alias(self, event: Any) -> Any:
        if event.anchor in self.open_anchors:
            raise self.error(f"alias `*{event.anchor}` stands inside what it names", event, "write the value out")
        if event.anchor not in self.anchors:
            hint = f"`&{event.anchor}` must stand before it"
            raise self.error(f"alias `*{event.anchor}` names no anchor", event, hint)
        found, size = self.anchors[event.anchor]
        self.count += size
        if self.count > MAX_VALUES:
            raise self.error(f"aliases expand to more than {MAX_VALUES:,} values", event, "repeat less through aliases")
        return found

    def scalar(self, event: Any) -> Any:
        text = event.value
        if event.tag:
            return self.tagged(event, LocatedStr(text, self.place(event)))
        if event.implicit[0]:
            if text in _CONSTANTS:
                return _CONSTANTS[text]
            if text[0] in "-+0123456789" and (number := _NUMBER.fullmatch(text)):
                parsed: int | float = float(text) if number[1] else int(text) if len(text) < 20 else text  # noqa: PLR2004
                if str(parsed) == text:
                    return parsed
        return LocatedStr(text, self.place(event))

    def sequence(self, event: Any) -> LocatedList:
        found = LocatedList((), self.place(event))
        append, next_event, value = found.append, self.next_event, self.value
        while not isinstance(item := next_event(), yaml.SequenceEndEvent):
            append(value(item))
        return found

    def mapping(self, event: Any) -> LocatedDict:
        found = LocatedDict((), self.place(event))
        merges: list[tuple[Any, Any]] = []
        next_event, value = self.next_event, self.value
        while not isinstance(item := next_event(), yaml.MappingEndEvent):
            if isinstance(item, yaml.AliasEvent):
                key = self.alias(item)
            elif isinstance(item, yaml.ScalarEvent):
                key = LocatedStr(item.value, self.place(item))
                if item.anchor:
                    self.anchors[item.anchor] = (key, 1)
            else:
                raise self.error("a key must be text", item, "quote it")
            if not isinstance(key, str):
                raise self.error("a key must be text", item, "quote it")
            held = value(next_event())
            if key == "<<" and getattr(item, "style", None) in (None, ""):
                merges.append((item, held))
                continue
            if key in found:
                self.problems.extend(repeated_key(key, found.pop(key), held))
            found[key] = held
        for item, held in merges:
            self.merge(found, item, held)
        return found

    def merge(self, found: LocatedDict, item: Any, held: Any) -> None:
        """Merge keys never replace a key that stands in the mapping itself; of several, the first wins."""
        for other in held if isinstance(held, list) else [held]:
            if not isinstance(other, dict):
                raise self.error("a merge key `<<` must name mappings", item, "give it the alias of a mapping")
            for key, value in other.items():
                found.setdefault(key, value)

    def tagged(self, event: Any, held: Any) -> Any:
        """Short form to long form; YAML's own tags keep a scalar text."""
        tag: str = event.tag
        place = self.place(event)
        name = tag[1:] if tag.startswith("!") else ""
        if name in ("Ref", "Condition"):
            return LocatedDict([(LocatedStr(name, place), held)], place)
        if name in _SHORT_FORMS or name.startswith("ForEach::"):
            if name == "GetAtt" and isinstance(held, LocatedStr):
                parts = held.partition(".")
                held = LocatedList((LocatedStr(part, held.source) for part in (parts[0], parts[2])), held.source)
            elif isinstance(held, LocatedStr) and isinstance(event, yaml.ScalarEvent) and event.implicit[0]:
                held = LocatedStr(held, place)
            return LocatedDict([(LocatedStr(f"Fn::{name}", place), held)], place)
        if tag == "!":
            return held
        if tag in _YAML_TAGS:
            return self.standard(event, tag, held)
        shown = tag.removeprefix("tag:yaml.org,2002:")
        raise self.error(
            f"`{shown if tag.startswith('!') else '!!' + shown}` is not a tag of CloudFormation",
            event,
            "remove the tag",
        )

    def standard(self, event: Any, tag: str, held: Any) -> Any:
        """YAML's own scalar tags (`!!str 012`); they say what the untagged scalar would have been."""
        kind = tag.rpartition(":")[2]
        if kind in ("map", "seq", "str") or not isinstance(event, yaml.ScalarEvent):
            return held
        if kind in ("bool", "null") and event.value in _CONSTANTS:
            return _CONSTANTS[event.value]
        number = _NUMBER.fullmatch(event.value)
        if number and kind in ("int", "float"):
            return float(event.value) if number[1] else int(event.value[:30])
        return held
