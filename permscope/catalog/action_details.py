"""Resource types, condition keys, dependent actions and descriptions of single actions.

One zlib block of JSON per service, found through an index in front of the file, read when a rule asks for it.
"""

from __future__ import annotations

import json
import zlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from permscope.catalog.action_set import ActionSet

if TYPE_CHECKING:
    from permscope.catalog.actions import ActionCatalog

_FILE = Path(__file__).parent / "data" / "action_details.bin"


class ResourceType(NamedTuple):
    """A kind of resource that policies of a service can name."""

    name: str
    arn_formats: tuple[str, ...]  # placeholders as AWS writes them: arn:${Partition}:s3:::${BucketName}
    condition_keys: tuple[str, ...]


class ActionResource(NamedTuple):
    """A resource type one action can be limited to."""

    name: str
    required: bool
    arn_formats: tuple[str, ...]
    condition_keys: tuple[str, ...]  # those of the action on this type, then those of the type


class ActionDetails(NamedTuple):
    """What AWS documents about one action."""

    name: str
    access_level: str
    description: str
    resource_types: tuple[ActionResource, ...]  # empty: the action needs `Resource: "*"`
    condition_keys: tuple[str, ...]  # those that do not depend on the resource type
    dependent_actions: tuple[str, ...]  # what the caller also needs; may hold patterns


@lru_cache(maxsize=1)
def _index() -> tuple[bytes, dict[str, tuple[int, int, int]]]:
    content = _FILE.read_bytes()
    header, _, _ = content.partition(b"\n\n")
    start = len(header) + 2
    places = {}
    for line in header.decode("ascii").split("\n")[1:]:
        prefix, facts, descriptions = line.split("\t")
        places[prefix] = (start, start + int(facts), start + int(facts) + int(descriptions))
        start += int(facts) + int(descriptions)
    return content, places


@lru_cache(maxsize=64)
def _facts(prefix: str) -> dict[str, Any]:
    content, places = _index()
    start, middle, _end = places[prefix]
    facts: dict[str, Any] = json.loads(zlib.decompress(content[start:middle]))
    return facts


@lru_cache(maxsize=8)
def _descriptions(prefix: str) -> list[str]:
    content, places = _index()
    _start, middle, end = places[prefix]
    return zlib.decompress(content[middle:end]).decode("utf-8").split("\n")


@lru_cache(maxsize=64)
def resource_types(prefix: str) -> tuple[ResourceType, ...]:
    """The resource types of a service by lower-case prefix, sorted by name; empty for an unknown service."""
    if prefix not in _index()[1]:
        return ()
    facts = _facts(prefix)
    keys = facts["keys"]
    return tuple(
        ResourceType(name, tuple(formats), tuple(keys[at] for at in own)) for name, formats, own in facts["resources"]
    )


@lru_cache(maxsize=512)
def actions_by_arn_format(catalog: ActionCatalog, prefix: str) -> tuple[tuple[str, ActionSet], ...]:
    """Each ARN format of a service with the actions that can be about it, in the order actions name them."""
    if prefix not in _index()[1]:
        return ()
    service = catalog.index_of(prefix)
    types = resource_types(prefix)
    masks: dict[str, int] = {}
    for bit, (resources, _, _) in enumerate(_facts(prefix)["actions"]):
        for number, _, _ in resources:
            for form in types[number].arn_formats:
                masks[form] = masks.get(form, 0) | 1 << bit
    return tuple((form, ActionSet(catalog, {service or 0: mask})) for form, mask in masks.items())


@lru_cache(maxsize=4096)
def details(catalog: ActionCatalog, prefix: str, at: int) -> ActionDetails:
    """Details of the action with that number inside a service."""
    facts = _facts(prefix)
    keys = facts["keys"]
    types = resource_types(prefix)
    resources, own_keys, dependents = facts["actions"][at]
    action = catalog.actions_of(prefix)[at]
    return ActionDetails(
        name=action,
        access_level=catalog.access_level(action),
        description=_descriptions(prefix)[at],
        resource_types=tuple(
            ActionResource(
                types[number].name,
                required=bool(required),
                arn_formats=types[number].arn_formats,
                condition_keys=tuple(dict.fromkeys([*(keys[key] for key in on_type), *types[number].condition_keys])),
            )
            for number, required, on_type in resources
        ),
        condition_keys=tuple(keys[key] for key in own_keys),
        dependent_actions=tuple(dependents),
    )
