"""Answers of AWS's APIs in the spelling of CloudFormation, for the live halves of services.

Most APIs name a thing as CloudFormation does, but for the case of its first letter: `roleArn` is `RoleArn`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from permscope.catalog.cloudformation import type_facts
from permscope.services._live import LiveFact, Session, T

NOT_HERE = ("EndpointConnectionError",)
"""How a service says that it is not in a Region, where the SDK does not know in which Regions it is."""


def capitalised(value: Any, keep: Collection[str] = ()) -> Any:
    """A value of an answer with the keys of all its mappings beginning in upper case.

    Args:
        value: of any shape.
        keep: keys, capitalised, whose values have keys that are no names of properties (`RequestParameters`).
    """
    if isinstance(value, Mapping):
        return {
            name: inner if name in keep else capitalised(inner, keep)
            for key, inner in value.items()
            for name in (key[:1].upper() + key[1:],)
        }
    if isinstance(value, list):
        return [capitalised(inner, keep) for inner in value]
    return value


def picked(answer: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The named parts of an answer that it has."""
    return {name: answer[name] for name in names if answer.get(name) is not None}


def differing(answer: Mapping[str, Any], **usual: Any) -> dict[str, Any]:
    """The named parts of an answer that are not what a template that says nothing gets."""
    return {name: answer[name] for name in usual if answer.get(name) not in (None, usual[name])}


def each(session: Session, read: Callable[[Session, T], Iterable[LiveFact]], items: Iterable[T]) -> Iterator[LiveFact]:
    """What `read` makes of each item, several at the same time, in the order of the items."""
    for found in session.map(lambda item: list(read(session, item)), items):
        yield from found


def still_there(session: Session, client: str, operation: str) -> bool:
    """Whether a service that AWS has ended answers a list operation, so that there is something to read.

    What it refuses is no failure: after its end nobody is let in, and nothing of it is left.
    """
    return session.call(client, operation, none=NOT_HERE, optional=True) not in (None, {})


def protecting(session: Session, arn: str, document: object, *, name: str, call: str) -> Iterator[LiveFact]:
    """The policy that protects `arn`, where CloudFormation has no type to say it with; nothing for no document."""
    if document:
        held = session.resource("AWS::CloudFormation::CustomResource", {"Policy": document}, name=name, call=call)
        yield from held.protects(arn, "Policy")


def json_text(value: object) -> Any:
    """The value of a JSON text; None for what is no JSON."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return None


def arn_of(session: Session, type_name: str, **known: str) -> str | None:
    """The ARN of a resource whose usual form holds more than its name; None where a part of it is not given.

    Args:
        session: whose partition, Region and account it is in.
        type_name: CloudFormation type.
        known: placeholders of `catalog.cloudformation.TypeFacts.arn_format` (`name`, `id`, `RestApiId`).
    """
    facts = type_facts(type_name)
    parts = {"partition": session.partition, "region": session.region, "account": session.account, **known}
    try:
        return facts.arn_format.format(**parts) if facts is not None and facts.arn_format else None
    except (KeyError, ValueError):
        return None
