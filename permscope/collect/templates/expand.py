"""What happens to a template before SAM: local `AWS::Include` files, and `Fn::ForEach` of the language extensions.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-include.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from permscope.collect.templates.document import MAX_BYTES, MAX_VALUES, decode, parse_document
from permscope.collect.templates.files import Place, RefusedFileError, is_local, read_file
from permscope.errors import TemplateError
from permscope.inventory.facts import Unknown
from permscope.inventory.located import LocatedDict, LocatedList, LocatedStr, as_text, source_of
from permscope.inventory.source import Source
from permscope.inventory.tokens import TOKEN
from permscope.lazy import regex

LANGUAGE_EXTENSIONS = "AWS::LanguageExtensions"
_MAX_INCLUDES = 50
_MAX_ROUNDS = 5000
_NAME = regex(r"\$\{(\w+)\}|&\{(\w+)\}")


class Includes:
    """Puts local files where `AWS::Include` names them.

    Attributes:
        unknowns: includes that are not local, or that could not be read.
        errors: included files that are broken.
    """

    def __init__(self) -> None:
        self.unknowns: list[Unknown] = []
        self.errors: list[TemplateError] = []
        self._count = 0
        self._bytes = 0

    def expand(self, value: Any, place: Place, open_files: tuple[str, ...] = ()) -> Any:
        """The value with includes replaced; untouched parts are the same objects."""
        if isinstance(value, list):
            items = [self.expand(item, place, open_files) for item in value]
            changed = any(new is not old for new, old in zip(items, value, strict=True))
            return LocatedList(items, source_of(value)) if changed else value
        if not isinstance(value, dict):
            return value
        transform = value.get("Fn::Transform")
        parts = {key: self.expand(item, place, open_files) for key, item in value.items() if key != "Fn::Transform"}
        changed = any(parts[key] is not value[key] for key in parts)
        if transform is not None:
            return self._transform(value, transform, parts, place, open_files)
        return LocatedDict(parts, source_of(value)) if changed else value

    def _transform(
        self, value: Any, transform: Any, parts: dict[str, Any], place: Place, open_files: tuple[str, ...]
    ) -> Any:
        included: list[Any] = []
        rest: list[Any] = []
        for entry in transform if isinstance(transform, list) else [transform]:
            if isinstance(entry, Mapping) and entry.get("Name") == "AWS::Include":
                included.append(self._included(entry, place, open_files, source_of(value)))
            else:
                rest.append(entry)
        if not included:
            return LocatedDict({**parts, "Fn::Transform": transform}, source_of(value))
        merged = LocatedDict((), source_of(value))
        for snippet in included:
            if isinstance(snippet, Mapping):
                merged.update(snippet)
            elif not parts and not rest and len(included) == 1:
                return snippet
        merged.update(parts)
        if rest:
            merged["Fn::Transform"] = rest
        return merged

    def _included(self, entry: Mapping[str, Any], place: Place, open_files: tuple[str, ...], source: Source) -> Any:
        """The content of the included file, or what stays of the transform when it cannot be read."""
        parameters = entry.get("Parameters")
        location = parameters.get("Location") if isinstance(parameters, Mapping) else None
        here = source_of(location, source)
        if not isinstance(location, str) or not is_local(location):
            return self._unread("an included file", "it is not a local file", here)
        self._count += 1
        if self._count > _MAX_INCLUDES or location in open_files:
            return self._unread(f"included file `{location}`", "files include each other without end", here)
        try:
            data, found = read_file(location, place)
        except RefusedFileError as error:
            return self._unread(f"included file `{location}`", str(error), here)
        self._bytes += len(data)
        if self._bytes > MAX_BYTES:
            return self._unread(f"included file `{location}`", "the included files are too large together", here)
        try:
            document = parse_document(decode(data, found.file), found.file)
        except TemplateError as error:
            self.errors.append(error)
            return self._unread(f"included file `{location}`", "it is broken", here)
        self.unknowns.extend(document.problems)
        return self.expand(document.value, found, (*open_files, location))

    def _unread(self, what: str, why: str, source: Source) -> Any:
        self.unknowns.append(Unknown(what=what, why=why, kind="include", source=source))
        return LocatedDict((), source)


def transforms_of(template: Mapping[str, Any]) -> list[str]:
    """The names in the `Transform` section, in order."""
    held = template.get("Transform")
    names = []
    for entry in held if isinstance(held, list) else [held]:
        name = entry.get("Name") if isinstance(entry, Mapping) else entry
        if isinstance(name, str):
            names.append(name)
    return names


class ForEach:
    """Expands `Fn::ForEach` in resources, conditions, outputs and properties.

    Args:
        resolve: resolves the collection and the identifiers (parameters and mappings; resources are not known yet).
    """

    def __init__(self, resolve: Callable[[Any], Any]) -> None:
        self._resolve = resolve
        self.unknowns: list[Unknown] = []
        self._count = 0
        self._size = 0

    def expand(self, value: Any, names: Mapping[str, str] | None = None) -> Any:
        """The value with every loop unrolled."""
        names = names or {}
        self._size += 1
        if isinstance(value, list):
            return LocatedList((self.expand(item, names) for item in value), source_of(value))
        if isinstance(value, str):
            return _substitute(value, names) if names and ("${" in value or "&{" in value) else value
        if not isinstance(value, dict):
            return value
        reference = value.get("Ref") if len(value) == 1 else None
        if isinstance(reference, str) and reference in names:
            return LocatedStr(names[reference], source_of(reference))
        found = LocatedDict((), source_of(value))
        for key, item in value.items():
            if key.startswith("Fn::ForEach"):
                found.update(self._unrolled(key, item, names))
            else:
                found[_substitute(key, names) if names else key] = self.expand(item, names)
        text = found.get("Fn::Sub") if names and len(found) == 1 else None
        # The transform after this one wants some texts as they are, and nothing is left to substitute.
        return text if isinstance(text, str) and "${" not in text else found

    def _unrolled(self, key: str, loop: Any, names: Mapping[str, str]) -> dict[str, Any]:
        place = source_of(key)
        if not (isinstance(loop, list) and len(loop) == 3 and isinstance(loop[0], str)):  # noqa: PLR2004
            return self._not_unrolled(key, "it needs an identifier, a collection and a body", place)
        collection = self._resolve(self.expand(loop[1], names))
        items = [as_text(item) for item in collection] if isinstance(collection, list) else [None]
        if any(item is None or TOKEN.search(item) for item in items):
            return self._not_unrolled(key, "its collection is not known", place)
        found: dict[str, Any] = {}
        for item in items:
            self._count += 1
            if self._count > _MAX_ROUNDS or self._size > MAX_VALUES:
                return self._not_unrolled(key, "it unrolls too often", place)
            inner = {**names, str(loop[0]): str(item)}
            body = self.expand(loop[2], inner)
            if isinstance(body, Mapping):
                found.update(body)
        return found

    def _not_unrolled(self, key: str, why: str, place: Source) -> dict[str, Any]:
        self.unknowns.append(Unknown(what=f"loop `{key}`", why=why, kind="for-each", source=place))
        return {}


def has_loop(template: Mapping[str, Any]) -> bool:
    """Whether a section of the template holds a loop directly."""
    sections = [template.get(name) for name in ("Resources", "Outputs", "Conditions")]
    return any(key.startswith("Fn::ForEach") for section in sections if isinstance(section, Mapping) for key in section)


def _substitute(text: str, names: Mapping[str, str]) -> str:
    """Loop variables in text; `&{Name}` leaves out what a logical id may not hold."""

    def value(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        if name not in names:
            return found[0]
        return names[name] if found[1] else re.sub(r"[^A-Za-z0-9]", "", names[name])

    replaced = _NAME.sub(value, text)
    return LocatedStr(replaced, source_of(text)) if replaced != text else text
