"""Answers of an API written down as CloudFormation resources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from permscope.catalog.cloudformation import type_facts
from permscope.inventory.source import Source
from permscope.lazy import regex
from permscope.services._live import LiveResource
from permscope.services.interface import Stack

_PLACEHOLDER = regex(r"\{(\w+)\}")


class Identity(NamedTuple):
    """What a resource is called."""

    name: str
    arn: str | None
    ref: str


def identity_of(stack: Stack, type_name: str, name: str, arn: str | None, ref: str | None) -> Identity:
    """Name, ARN and `Ref` of a resource; what the answer does not say is made as CloudFormation would make it."""
    facts = type_facts(type_name)
    if arn is None and facts is not None and facts.arn_format and facts.name_is_in_arn:
        known = {
            "partition": stack.partition,
            "region": stack.region,
            "account": stack.account,
            "name": name.removeprefix("/") if "/{name}" in facts.arn_format else name,
            "path": "/",
        }
        arn = _PLACEHOLDER.sub(lambda found: known[found[1]], facts.arn_format)
    if ref is None:
        ref = arn if facts is not None and facts.ref == "arn" and arn else name
    return Identity(name, arn, ref)


def live_resource(
    stack: Stack,
    source: Source,
    type_name: str,
    properties: Mapping[str, Any],
    identity: Identity,
    attributes: Mapping[str, str] | None = None,
) -> LiveResource:
    """A resource of a stack that was read and not written."""
    return LiveResource(
        logical_id=identity.name,
        type=type_name,
        properties={key: value for key, value in properties.items() if value is not None},
        stack=stack,
        source=source,
        name=identity.name,
        arn=identity.arn,
        ref=identity.ref,
        attributes={key: value for key, value in (attributes or {}).items() if value},
    )
