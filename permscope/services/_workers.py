"""Things of a live account of which permscope knows the roles they act with, told by table: how they are listed.

A thing counts because somebody may pass it a role, change what it runs, or become what it is; what it is for does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any

from permscope.catalog.cloudformation import type_facts
from permscope.lazy import dataclass
from permscope.services._answers import arn_of, each
from permscope.services._live import LiveFact, LiveReader, Session

_GONE = ("ResourceNotFoundException", "ResourceNotFound", "NotFoundException", "ValidationException")


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Things of one kind.

    Attributes:
        client: boto3 client.
        lists: the operation that lists them; `arguments` are its own, `of` those that the thing it is inside gives.
        items: path of the list in its answer; its items are names or mappings.
        type_name: CloudFormation type.
        what: what is not known without it ("with which role notebooks act").
        roles: property that holds a role -> its path in the answer; `[]` stands for each item of a list.
        name: key of what it is called; of an item that is a name already, the empty string.
        arn: key of its ARN; where no answer has it, what `name` is in the ARN's form (`{id}`).
        asks: the operation that tells the roles, where the list does not; `by` maps its arguments to keys of the item.
        answer: path of the thing in that answer.
        inside: what is listed for each of them.
        listed_none: error codes of the list by which the service says that it is not there.
    """

    client: str
    lists: str
    items: str
    type_name: str
    what: str
    roles: Mapping[str, str]
    name: str = "name"
    arn: str = "arn"
    arguments: Mapping[str, Any] = field(default_factory=dict)
    of: Mapping[str, str] = field(default_factory=dict)
    asks: str = ""
    by: Mapping[str, str] = field(default_factory=dict)
    answer: str = ""
    inside: tuple[Worker, ...] = ()
    listed_none: tuple[str, ...] = ()

    @property
    def operations(self) -> dict[str, str]:
        """What `LiveReader.operations` asks for."""
        found = {f"{self.client}.{self.lists}": self.what}
        if self.asks:
            found[f"{self.client}.{self.asks}"] = self.what
        for worker in self.inside:
            found |= worker.operations
        return found

    def reader(self) -> LiveReader:
        """A live reader of these, and of what is inside them."""
        return LiveReader(read=self.read, client=self.client, operations=self.operations)

    def read(self, session: Session) -> Iterator[LiveFact]:
        """Every such thing with its roles."""
        yield from self._each(session, {})

    def _each(self, session: Session, holder: Mapping[str, Any]) -> Iterator[LiveFact]:
        named = {argument: holder[key] for argument, key in self.of.items()}
        none = (*self.listed_none, *(_GONE if named else ()))
        items = session.pages(self.client, self.lists, self.items, none=none, **self.arguments, **named)
        known = [{**holder, **(item if isinstance(item, Mapping) else {self.name: item})} for item in items]
        yield from each(session, self._one, known)

    def _one(self, session: Session, item: Mapping[str, Any]) -> Iterator[LiveFact]:
        found: Any = item
        call = f"{self.client}.{self.lists}"
        if self.asks:
            call = f"{self.client}.{self.asks}"
            asked = {argument: item[key] for argument, key in self.by.items()}
            told: Any = session.call(self.client, self.asks, none=_GONE, of=str(item[self.name]), **asked)
            for step in filter(None, self.answer.split(".")):
                told = told.get(step) if isinstance(told, Mapping) else None
            found = {**item, **(told or {})}
        properties: dict[str, Any] = {}
        for path, answered in self.roles.items():
            _put(properties, path.split("."), list(_values(found, answered.split("."))))
        name = str(found[self.name])
        yield session.resource(self.type_name, properties, name=name, arn=self._arn(session, found), call=call)
        for worker in self.inside:
            yield from worker._each(session, item)  # noqa: SLF001 - one of its own

    def _arn(self, session: Session, found: Mapping[str, Any]) -> str | None:
        if not self.arn.startswith("{"):
            arn = found.get(self.arn)
            return str(arn) if arn else None
        facts = type_facts(self.type_name)
        return arn_of(session, self.type_name, **{self.arn.strip("{}"): str(found[self.name])}) if facts else None


def _values(answer: Any, path: list[str]) -> Iterator[Any]:
    """The values at a path of an answer."""
    if not path:
        if isinstance(answer, str) and answer:
            yield answer
        return
    key = path[0]
    inner = answer.get(key.removesuffix("[]")) if isinstance(answer, Mapping) else None
    for one in inner if key.endswith("[]") and isinstance(inner, list) else [inner]:
        yield from _values(one, path[1:])


def _put(properties: dict[str, Any], path: list[str], values: list[Any]) -> None:
    """Write values at a path of properties: each in an item of its own where the path has a list."""
    if not values:
        return
    key, *rest = path
    name = key.removesuffix("[]")
    if key != name:
        found = properties.setdefault(name, [])
        for value in values:
            item: dict[str, Any] = {}
            _put(item, rest, [value])
            found.append(item)
    elif rest:
        _put(properties.setdefault(name, {}), rest, values)
    else:
        properties[name] = values[0]
