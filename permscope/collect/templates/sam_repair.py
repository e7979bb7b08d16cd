"""What to take out of a SAM template that the translator rejects, so that the rest can be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, NamedTuple

from permscope.collect.templates.sam_restore import closest, is_sam
from permscope.collect.templates.sam_translator import Record
from permscope.inventory.facts import Unknown
from permscope.inventory.located import LocatedDict, key_source, source_of
from permscope.inventory.source import Source
from permscope.lazy import regex

_UNKNOWN_PROPERTY = regex(r"property (\w+) not defined for resource of type AWS::Serverless")
_EVENT = regex(r"Event with id \[([^\]]*)\]")
_GLOBAL = regex(r"'(\w+)' is not a supported property of '(\w+)'")


class EditKind(Enum):
    """What is taken out."""

    RESOURCE = "resource"
    PROPERTY = "property"
    EVENT = "event"
    GLOBAL = "global"


class Edit(NamedTuple):
    """One thing taken out: a resource, or a part of one (or of a section of `Globals`)."""

    kind: EditKind
    name: str
    part: str = ""

    def unknown(self, place: Source) -> Unknown:
        """The fact that says what is missing now."""
        match self.kind:
            case EditKind.RESOURCE:
                what = f"what `{self.name}` expands to"
            case EditKind.PROPERTY:
                what = f"property `{self.part}` of `{self.name}`"
            case EditKind.EVENT:
                what = f"event `{self.part}` of `{self.name}`"
            case EditKind.GLOBAL:
                what = f"`Globals.{self.name}.{self.part}`"
        logical_id = None if self.kind is EditKind.GLOBAL else self.name
        why = "the SAM translator rejects it"
        return Unknown(what=what, why=why, kind="transform", source=place, logical_id=logical_id)


def apply(edit: Edit, work: LocatedDict) -> None:
    """Take a part out of a template that may be changed."""
    if edit.kind is EditKind.RESOURCE:
        work["Resources"].pop(edit.name, None)
        return
    if edit.kind is EditKind.GLOBAL:
        held: Any = work.get("Globals")
        held = held.get(edit.name) if isinstance(held, dict) else None
    else:
        held = work["Resources"].get(edit.name, {}).get("Properties")
        if edit.kind is EditKind.EVENT and isinstance(held, dict):
            held = held.get("Events")
    if isinstance(held, dict):
        held.pop(edit.part, None)


def complaints(
    failures: Iterable[BaseException], template: Mapping[str, Any], record: Record, edits: Iterable[Edit]
) -> Iterator[tuple[Edit | None, str, Source]]:
    """Each failure as what to take out, the message, and the place to point at.

    What was taken out before in vain is followed by the whole resource.
    """
    known = set(edits)
    resources: Mapping[str, Any] = template["Resources"]
    for failure in failures:
        text = getattr(failure, "message", None)
        message = str(text) if text is not None else "the translator cannot make sense of the template"
        section = _GLOBAL.search(message)
        if section and section[2] in (template.get("Globals") or {}):
            edit = Edit(EditKind.GLOBAL, section[2], section[1])
            yield edit, _sentence(message), key_source(template["Globals"][section[2]], section[1])
            continue
        culprit = _culprit(failure, message, resources, record if text is None else None)
        if culprit is None:
            yield None, _sentence(message), key_source(template, "Transform", source_of(template))
            continue
        edit, place = _smallest(message, culprit, resources)
        if edit in known:
            edit = Edit(EditKind.RESOURCE, culprit)
        yield edit, _sentence(message), place


def _culprit(failure: BaseException, message: str, resources: Mapping[str, Any], record: Record | None) -> str | None:
    """The SAM resource that a failure is about; with `record`, the one that was being translated."""
    if record is not None:
        return record.current if record.current in resources else None
    named = getattr(failure, "_logical_id", None)
    for name in named if isinstance(named, list) else [named]:
        if isinstance(name, str):
            return name if name in resources else closest(resources, name)
    event = _EVENT.search(message)
    return next(
        (
            logical_id
            for logical_id, resource in resources.items()
            if event and is_sam(resource) and event[1] in _events(resource)
        ),
        None,
    )


def _events(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = resource.get("Properties")
    events = properties.get("Events") if isinstance(properties, Mapping) else None
    return events if isinstance(events, Mapping) else {}


def _smallest(message: str, culprit: str, resources: Mapping[str, Any]) -> tuple[Edit, Source]:
    """The smallest part whose absence ends the complaint, and its place."""
    resource = resources[culprit]
    place = key_source(resources, culprit)
    properties = resource.get("Properties") if isinstance(resource, Mapping) else None
    name = _UNKNOWN_PROPERTY.search(message)
    if name and isinstance(properties, Mapping) and name[1] in properties:
        return Edit(EditKind.PROPERTY, culprit, name[1]), key_source(properties, name[1], place)
    event = _EVENT.search(message)
    if event and isinstance(resource, Mapping) and event[1] in _events(resource):
        return Edit(EditKind.EVENT, culprit, event[1]), key_source(_events(resource), event[1], place)
    return Edit(EditKind.RESOURCE, culprit), place


def _sentence(message: str) -> str:
    text = " ".join(message.split()).rstrip(".").replace("[", "`").replace("]", "`")
    return f"SAM: {text[:1].lower()}{text[1:]}"
