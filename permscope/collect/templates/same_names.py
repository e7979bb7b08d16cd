"""Things of one explicit name in several templates: each is told by its own, so that nothing of two is taken for one.

A name is unique in its account and Region, so such templates are for several places, or are versions of one another:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-name.html. What a template says of a name
that it defines itself is said of its own thing. Any other template may mean each of them.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, fields, is_dataclass, replace
from enum import Enum
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from permscope.inventory.arn import ArnParts, split_arn
from permscope.inventory.facts import AnyFact, Function, Group, ManagedPolicy, Resource, Role, Unknown, User
from permscope.inventory.located import LocatedStr
from permscope.inventory.source import Source
from permscope.inventory.tokens import REGION, stack_token
from permscope.lazy import dataclass, regex

Named = Role | User | Group | ManagedPolicy | Function | Resource

_KINDS = {Function: "function", Role: "role", User: "user", Group: "group", ManagedPolicy: "managed policy"}
_RESOURCES = {
    "AWS::S3::Bucket": "bucket",
    "AWS::SQS::Queue": "queue",
    "AWS::SNS::Topic": "topic",
    "AWS::DynamoDB::Table": "table",
    "AWS::DynamoDB::GlobalTable": "table",
    "AWS::Kinesis::Stream": "stream",
    "AWS::StepFunctions::StateMachine": "state machine",
    "AWS::Events::EventBus": "event bus",
    "AWS::Events::Rule": "rule",
    "AWS::Scheduler::Schedule": "schedule",
}
_FIELD = r"(?:\$\{[^{}]*\}|[^:\s{}$])*"
_HEAD = regex(rf"arn:{_FIELD}:(?P<service>[a-z0-9-]+):(?P<region>{_FIELD}):(?P<account>{_FIELD}):")
_MOST_SHOWN = 3


class Tree(NamedTuple):
    """What a root stack and those nested in it say.

    Attributes:
        label: of the root; no other has it.
        file: of the root.
        exports: name and value of each.
        imports: name -> value; None where nobody exports it.
    """

    label: str
    file: str
    facts: Sequence[AnyFact]
    exports: Iterable[tuple[str, Any]] = ()
    imports: Mapping[str, Any] = {}


def told_apart(trees: Sequence[Tree]) -> list[AnyFact] | None:
    """The facts of all trees, what several of them define by one name marked with its tree; None where nothing is."""
    shared = _shared(trees)
    if not shared:
        return None
    owners = _Owners(trees, shared)
    found: list[AnyFact] = []
    for number, tree in enumerate(trees):
        marks = owners.marks_of(number)
        found.extend(_Marking(marks).of(fact) for fact in tree.facts) if marks else found.extend(tree.facts)
    found.extend(_unknown(named, trees) for named in shared.values())
    return found


def _shared(trees: Sequence[Tree]) -> dict[str, dict[int, Named]]:
    """ARN -> the trees that define it, each with the thing; only where they are of several files."""
    found: dict[str, dict[int, Named]] = defaultdict(dict)
    for number, tree in enumerate(trees) if len(trees) > 1 else ():
        for fact in tree.facts:
            arn = fact.arn if isinstance(fact, Named) and _kind_of(fact) is not None else None
            if arn and f"${{{tree.label}/" not in arn:
                found[arn].setdefault(number, fact)  # type: ignore[arg-type]
    return {arn: named for arn, named in found.items() if len({trees[number].file for number in named}) > 1}


def _kind_of(fact: Named) -> str | None:
    return _RESOURCES.get(fact.type) if isinstance(fact, Resource) else _KINDS[type(fact)]


class _Owners:
    """Whose thing each tree means by a name that several define: its own, else one it imports, else its folder's."""

    def __init__(self, trees: Sequence[Tree], shared: Mapping[str, Mapping[int, Named]]) -> None:
        self._trees, self._shared = trees, shared
        self._own: dict[int, list[str]] = defaultdict(list)
        in_folder: dict[PurePosixPath, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        for arn, named in shared.items():
            for number in named:
                self._own[number].append(arn)
                in_folder[_folder(trees[number])][arn].append(number)
        self._alone = {
            folder: {arn: numbers[0] for arn, numbers in held.items() if len(numbers) == 1}
            for folder, held in in_folder.items()
        }
        self._exporting: dict[str, set[int]] = defaultdict(set)
        for number, tree in enumerate(trees):
            for name, _ in tree.exports:
                self._exporting[name].add(number)

    def marks_of(self, number: int) -> dict[str, str]:
        """ARN -> the mark of the tree that is meant by it; nothing for an ARN that may mean several."""
        tree = self._trees[number]
        meant = dict(self._alone.get(_folder(tree), {}))
        for name, value in tree.imports.items():
            if isinstance(value, str) and value in self._shared:
                giving = self._exporting[name] & self._shared[value].keys()
                if len(giving) == 1:
                    meant[str(value)] = next(iter(giving))
        meant |= dict.fromkeys(self._own.get(number, ()), number)
        return {arn: stack_token(self._trees[owner].label) for arn, owner in meant.items()}


def _folder(tree: Tree) -> PurePosixPath:
    return PurePosixPath(tree.file).parent


def _unknown(named: Mapping[int, Named], trees: Sequence[Tree]) -> Unknown:
    first = next(iter(named.values()))
    files = list(dict.fromkeys(trees[number].file for number in named))
    more = f" and {len(files) - _MOST_SHOWN} more" if len(files) > _MOST_SHOWN else ""
    return Unknown(
        what=f"which {_kind_of(first)} `{first.name}` is deployed",
        why=f"{len(files)} templates define one of this name, and {_scope(first)}: "
        + ", ".join(f"`{file}`" for file in files[:_MOST_SHOWN])
        + f"{more}; each is read by itself",
        kind="same-name",
        source=first.source,
        logical_id=first.logical_id,
        stack=first.stack,
    )


def _scope(named: Named) -> str:
    """Where a name is unique."""
    parts = split_arn(named.arn or "")
    if parts is None or not parts.account:
        return "there is only one"
    return "an account has only one" + (" in a Region" if parts.region else "")


class _Mark(NamedTuple):
    parts: ArnParts
    mark: str


@dataclass(slots=True)
class _Marking:
    """Puts marks behind the names of ARNs in facts.

    Attributes:
        marks: ARN -> what comes behind it.
    """

    marks: Mapping[str, str]
    _by_service: dict[str, dict[str, _Mark]] = field(default_factory=dict)
    _lengths: dict[str, list[int]] = field(default_factory=dict)
    _known: dict[int, tuple[Any, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for arn, mark in self.marks.items():
            for parts in _forms(arn):
                self._by_service.setdefault(parts.service, {})[parts.resource] = _Mark(parts, mark)
        for service, known in self._by_service.items():
            self._lengths[service] = sorted({len(name) for name in known})

    def of(self, value: Any) -> Any:
        """The same value, its ARNs marked; the very value where it has none of them."""
        if isinstance(value, str):
            return value if isinstance(value, Enum) or "arn:" not in value else self._text(value)
        if value is None or isinstance(value, Source | Enum | bool | int | float):
            return value
        known = self._known.get(id(value))
        if known is None:
            known = self._known[id(value)] = value, self._whole(value)
        return known[1]

    def _whole(self, value: Any) -> Any:
        if is_dataclass(value) and not isinstance(value, type):
            held = {each.name: getattr(value, each.name) for each in fields(value) if each.init}
            changed = {name: new for name, old in held.items() if (new := self.of(old)) is not old}
            return replace(value, **changed) if changed else value
        if isinstance(value, tuple | list | set | frozenset):
            items = [self.of(item) for item in value]
            if all(new is old for new, old in zip(items, value, strict=True)):
                return value
            if isinstance(value, tuple):
                return value._make(items) if hasattr(value, "_make") else tuple(items)
            if isinstance(value, list):
                copied = copy.copy(value)
                copied[:] = items
                return copied
            return type(value)(items)
        if isinstance(value, dict):
            entries = [(self.of(key), self.of(held)) for key, held in value.items()]
            if all(new[0] is key and new[1] is value[key] for new, key in zip(entries, value, strict=True)):
                return value
            emptied = copy.copy(value)
            emptied.clear()
            emptied.update(entries)
            return emptied
        return value

    def _text(self, text: str) -> str:
        found = "".join(self._pieces(text))
        if found == text:
            return text
        return LocatedStr(found, text.source) if isinstance(text, LocatedStr) else found

    def _pieces(self, text: str) -> Iterator[str]:
        at = 0
        for head in _HEAD.finditer(text):
            service, start = head["service"], head.end()
            for length in self._lengths.get(service, ()):
                end = start + length
                known = self._by_service[service].get(text[start:end])
                if (
                    known is not None
                    and text[end : end + 1] in _ENDS.get(service, ("", ":", "/"))
                    and _is_at(head, known)
                ):
                    yield text[at:end]
                    yield known.mark
                    at = end
                    break
        yield text[at:]


_ENDS: dict[str, tuple[str, ...]] = {"iam": ("",), "sts": ("/",)}


def _is_at(head: Any, known: _Mark) -> bool:
    """Whether the account and Region of a text are, or may be, those of a thing."""
    region, account = head["region"], head["account"]
    return (account in (known.parts.account, "", "*") or not known.parts.account) and (
        region in (known.parts.region, "", "*", REGION) or known.parts.region in ("", REGION)
    )


def _forms(arn: str) -> Iterator[ArnParts]:
    """The ARN, and those of what runs in its name: sessions of a role, executions of a state machine.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsstepfunctions.html
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    """
    parts = split_arn(arn)
    if parts is None:
        return
    yield parts
    kind, _, name = parts.resource.partition(":")
    if parts.service == "states" and kind == "stateMachine":
        for other in ("execution", "express", "mapRun"):
            yield parts._replace(resource=f"{other}:{name}")
    if parts.service == "iam" and parts.resource.startswith("role/"):
        yield parts._replace(service="sts", resource=f"assumed-role/{parts.resource.rpartition('/')[2]}")
