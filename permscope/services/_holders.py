"""Readers for types of which permscope knows the resource policy, the key and the roles, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from typing import Any

from permscope.catalog.cloudformation import type_facts
from permscope.inventory.facts import AnyFact
from permscope.inventory.located import LocatedStr, source_of
from permscope.inventory.tokens import UNKNOWN_TOKEN
from permscope.lazy import dataclass
from permscope.services._answers import each, picked, protecting
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._values import Item, Text, located, mappings, policy_on, root
from permscope.services._wiring import role_uses
from permscope.services.iam import role_arn
from permscope.services.interface import TemplateReader, TemplateResource
from permscope.services.kms import encryption_key


def roles_of(resource: TemplateResource, *paths: str) -> Iterator[Text]:
    """The ARNs of the roles a resource is given by ARN or name, wherever its type has a property for one.

    Args:
        resource: what is given the roles.
        paths: only these properties, written as the catalogue does (`Inputs[].KinesisStreamsInput.RoleARN`).
    """
    facts = type_facts(resource.type)
    for path in paths or (facts.role_properties if facts else ()):
        *steps, last = path.replace("[]", "").split(".")
        holders = [root(resource)]
        for step in steps:
            holders = [found for holder in holders for found in _below(holder, step)]
        for found in (found for holder in holders for found in holder.texts(last)):
            yield found._replace(text=role_arn(resource.stack, located(found)) or found.text)


def _below(holder: Item, step: str) -> Iterator[Item]:
    if step != "*":
        return holder.items(step)
    return (found for value in holder.value.values() for found in mappings(value, holder.only_if))


def holder(*policy: str, service: str = "") -> TemplateReader:
    """A reader of a resource with its own policy.

    Args:
        policy: path of the policy document; none for a type without one.
        service: principal that assumes the roles the resource is given, every one of its type's role properties.
    """

    def read(resource: TemplateResource) -> Iterable[AnyFact]:
        yield resource.resource(kms_key_arn=encryption_key(resource))
        if policy:
            yield from resource.protects(resource.id, *policy)
        if service:
            yield from role_uses(resource, roles_of(resource), service, exact=False)

    read.__doc__ = "A resource with its policy, its key and its roles."
    return read


def policy_for(
    target: str, *policy: str, arn: Callable[[TemplateResource, str], str | None] | None = None
) -> TemplateReader:
    """A reader of a policy that names what it protects.

    Args:
        target: property that names it: by ARN, or by name where this template has it.
        policy: path of the policy document.
        arn: makes the ARN of a name that is not of this template.
    """

    def read(resource: TemplateResource) -> Iterable[AnyFact]:
        return policy_on(resource, target, lambda holder, found: _protected(holder, found, arn), *policy)

    read.__doc__ = "The policy of another resource."
    return read


def _protected(
    resource: TemplateResource, named: Text, arn: Callable[[TemplateResource, str], str | None] | None
) -> str | None:
    known = resource.stack.find(named.text)
    if known is not None and known.arn:
        return LocatedStr(known.arn, named.source)
    if named.text.startswith("arn:") or UNKNOWN_TOKEN.fullmatch(named.text):
        return LocatedStr(named.text, named.source)
    made = arn(resource, named.text) if arn is not None else None
    return LocatedStr(made, source_of(named)) if made else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Resources of one kind in a live account, each of which has a policy that takes a call of its own.

    Attributes:
        client: boto3 client.
        lists: the operation that lists them; `arguments` are its own.
        items: path of the list in its answer.
        name, arn: keys of an item.
        asks: the operation that gives the policy; `by` maps its arguments to keys of an item.
        document: path of the policy in its answer.
        none: error codes by which it says that there is no policy.
        type_name: CloudFormation type.
        policy: property of the type that holds the policy; empty where it has none.
        same: parts of an item that are properties of the type.
        what: what the policy says, for summaries ("who may restore backups").
        listed_none: error codes of the list by which the service says that it is not used.
    """

    client: str
    lists: str
    items: str
    name: str
    arn: str
    asks: str
    by: Mapping[str, str]
    document: str
    what: str
    type_name: str
    policy: str = ""
    none: tuple[str, ...] = ("ResourceNotFoundException",)
    listed_none: tuple[str, ...] = ()
    arguments: Mapping[str, Any] = field(default_factory=dict)
    same: tuple[str, ...] = ()

    @property
    def operations(self) -> dict[str, str]:
        """What `LiveReader.operations` asks for."""
        return {f"{self.client}.{self.lists}": self.what, f"{self.client}.{self.asks}": self.what}

    def read(self, session: Session) -> Iterator[LiveFact]:
        """Every such resource with its policy."""
        items = session.pages(self.client, self.lists, self.items, none=self.listed_none, **self.arguments)
        yield from each(session, self._one, items)

    def reader(self) -> LiveReader:
        """A live reader of nothing but these."""
        return LiveReader(read=self.read, client=self.client, operations=self.operations)

    def _one(self, session: Session, item: Mapping[str, Any]) -> Iterator[LiveFact]:
        arn, name, call = item[self.arn], item[self.name], f"{self.client}.{self.asks}"
        asked: dict[str, Any] = {argument: item[key] for argument, key in self.by.items()}
        document: Any = session.call(self.client, self.asks, none=self.none, of=arn, **asked)
        for step in self.document.split("."):
            document = document.get(step) if isinstance(document, Mapping) else None
        properties = picked(item, *self.same)
        if self.policy and document:
            inner: Any = document
            for step in reversed(self.policy.split(".")):
                inner = {step: inner}
            properties |= inner
        yield session.resource(self.type_name, properties, name=name, arn=arn, call=call)
        if document and not self.policy:
            yield from protecting(session, arn, document, name=name, call=call)
