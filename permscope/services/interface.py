"""What a service file is made of.

A module in `permscope/services/` describes one AWS service. It is found by being there; nothing is registered by hand.
It may define, all optional:

    TEMPLATE: Mapping[str, TemplateReader]   CloudFormation type -> function that reads one such resource into facts;
                                             a key that ends in `*` (`Custom::*`) is a prefix: `services.readers_for`
    SERVICE_PRINCIPALS: tuple[str, ...]      principals under which the service acts
    LIVE: tuple[LiveReader, ...]             how it is read from a live account: see `_live`

A reader yields facts and never raises on strange input: what it cannot make sense of it yields as `Unknown`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field, replace
from itertools import product
from typing import Any

from permscope.inventory.arn import make_arn
from permscope.inventory.facts import AnyFact, Resource, ResourcePolicy, Unknown, resource_id
from permscope.inventory.located import (
    Alternatives,
    LocatedDict,
    LocatedStr,
    as_list,
    as_text,
    both,
    is_contradictory,
    options_of,
    source_of,
    value_source,
)
from permscope.inventory.policies import Policy, PolicyKind, parse_policy
from permscope.inventory.source import NOWHERE, Source
from permscope.inventory.tokens import ACCOUNT, PARTITION, REGION, TOKEN, URL_SUFFIX, as_written, unknown_token
from permscope.lazy import dataclass, regex


@dataclass(slots=True, kw_only=True)
class Stack:
    """The template a resource stands in, as far as its readers need to know.

    Attributes:
        label: empty where one template is read, otherwise what tells its tokens from those of other stacks.
        resources: every resource of the template by logical id, in file order.
        partition, region, account, url_suffix, name, id: the pseudo parameters, bound or tokens.
        directory: folder of the template, for local files a property names; None for standard input.
        root: folder that no reference may leave.
        keys_of_aws: ARNs of the KMS keys that AWS manages in a live account; a template names those by alias.
    """

    label: str = ""
    resources: dict[str, TemplateResource] = field(default_factory=dict)
    partition: str = PARTITION
    region: str = REGION
    account: str = ACCOUNT
    url_suffix: str = URL_SUFFIX
    name: str = "${AWS::StackName}"
    id: str = "${AWS::StackId}"
    directory: str | None = None
    root: str | None = None
    source: Source = NOWHERE
    keys_of_aws: set[str] = field(default_factory=set)
    _by_ref: dict[str, TemplateResource] | None = None
    _by_type: dict[str, list[TemplateResource]] = field(default_factory=dict)
    _typed: int = 0
    _grouped: dict[tuple[str, object], dict[str, list[TemplateResource]]] = field(default_factory=dict)

    def arn(self, service: str, resource: str, *, region: str | None = None, account: str | None = None) -> str:
        """An ARN in this stack's partition, Region and account; pass `""` for an empty field."""
        return make_arn(
            service,
            resource,
            partition=self.partition,
            region=self.region if region is None else region,
            account=self.account if account is None else account,
        )

    def of_type(self, *types: str) -> Iterator[TemplateResource]:
        """The resources of the given CloudFormation types, type by type."""
        if self._typed != len(self.resources):
            self._by_type.clear()
            self._grouped.clear()
            for resource in self.resources.values():
                self._by_type.setdefault(resource.type, []).append(resource)
            self._typed = len(self.resources)
        return (resource for type_name in types for resource in self._by_type.get(type_name, ()))

    def grouped(
        self, type_name: str, keys: Callable[[TemplateResource], Iterable[str]]
    ) -> Mapping[str, list[TemplateResource]]:
        """The resources of a type by what `keys` says of each, worked out once: an account has many thousands.

        Args:
            type_name: CloudFormation type.
            keys: a module-level function; a resource stands under each of its keys once.
        """
        resources = list(self.of_type(type_name))
        found = self._grouped.get((type_name, keys))
        if found is None:
            found = self._grouped[type_name, keys] = {}
            for resource in resources:
                for key in dict.fromkeys(keys(resource)):
                    found.setdefault(key, []).append(resource)
        return found

    def find(self, value: object, *types: str) -> TemplateResource | None:
        """The resource of this template that a resolved value names: its `Ref`, ARN, name or id.

        Args:
            value: what `Ref`, `Fn::GetAtt` or a literal gave.
            types: only resources of these CloudFormation types; none given means any.
        """
        text = as_text(value)
        if not text:
            return None
        if self._by_ref is None:
            self._by_ref = {}
            for resource in self.resources.values():
                for name in (resource.ref, resource.arn, resource.name):
                    if name:
                        self._by_ref.setdefault(_any_partition(name), resource)
                        self._by_ref.setdefault(f"{resource.type}|{_any_partition(name)}", resource)
        text = _any_partition(text)
        for type_name in types:
            found = self._by_ref.get(f"{type_name}|{text}")
            if found is not None:
                return found
        return None if types else self._by_ref.get(text)

    def mentioned(self, text: str) -> tuple[TemplateResource, ...]:
        """The resources of this template whose generated names or attributes (`${Orders.StreamArn}`) a text holds."""
        names = (token[2:-1].removeprefix(f"{self.label}/").partition(".")[0] for token in TOKEN.findall(text))
        return tuple(self.resources[name] for name in dict.fromkeys(names) if name in self.resources)

    def function_arn(self, value: object) -> str | None:
        """The full ARN of a function given by name, `name:alias`, partial ARN (`123456789012:function:f`) or ARN.

        https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html (FunctionName)
        """
        text = as_text(value)
        if not text:
            return None
        source = source_of(value)
        if text.startswith("arn:"):
            return LocatedStr(text, source)
        if ":function:" in text:
            account, _, name = text.partition(":function:")
            return LocatedStr(self.arn("lambda", f"function:{name}", account=account), source)
        return LocatedStr(self.arn("lambda", f"function:{text}"), source)


@dataclass(slots=True, kw_only=True, eq=False)
class TemplateResource:
    """One resource of a template, intrinsics resolved as far as they can be.

    Attributes:
        logical_id: as in the (SAM-expanded) template.
        type: CloudFormation type.
        properties: resolved values; located, with tokens for what only a deployment settles.
        source: where the resource stands; for a SAM-generated one the SAM resource or event that made it.
        origin: logical id the user wrote: the SAM resource for a generated one, otherwise `logical_id`.
        name: physical name or its token.
        arn: None for a type without ARN.
        ref: what `Ref` returns.
        only_if: the undecided condition of the resource.
        metadata, update_policy: the resource attributes of those names.
        attributes: what `Fn::GetAtt` returns of a live resource (`StreamArn`); empty for templates.
        is_part: whether it is told by the fact of another resource, as a version is by that of its function.
    """

    logical_id: str
    type: str
    properties: Mapping[str, Any]
    stack: Stack
    source: Source = NOWHERE
    origin: str = ""
    name: str = ""
    arn: str | None = None
    ref: str = ""
    only_if: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    update_policy: Mapping[str, Any] = field(default_factory=dict)
    unknowns: list[Unknown] = field(default_factory=list)
    attributes: Mapping[str, str] = field(default_factory=dict)
    is_part: bool = False

    @property
    def construct(self) -> str | None:
        """What a CDK app calls the resource; a construct's own resource is its child `Resource` or `Default`.

        https://docs.aws.amazon.com/cdk/v2/guide/identifiers.html#identifiers-paths
        """
        path = as_text(self.metadata.get("aws:cdk:path"))
        if not path or not _PATH.fullmatch(path):
            return None
        return _OWN_RESOURCE.sub("", path) or None

    @property
    def id(self) -> str:
        """Its ARN, or the id of a resource that has none."""
        return self.arn or resource_id(self.type, self.logical_id, self.stack.label)

    def get(self, *path: str) -> Any:
        """The raw value at a property path, or None; of undecided alternatives the first that has it."""
        return _get(self.properties, path)

    def text(self, *path: str) -> str | None:
        """The text at a property path (numbers and booleans as text, with their place), or None."""
        parent = _get(self.properties, path[:-1]) if len(path) > 1 else self.properties
        value = _get(self.properties, path)
        text = as_text(value)
        if text is None:
            if value is not None:
                self.unknowns.append(self.unknown(f"`{'.'.join(path)}`", "it is not text", "shape", value))
            return None
        if isinstance(text, LocatedStr) or not isinstance(parent, Mapping):
            return text
        return LocatedStr(text, value_source(parent, path[-1], self.source))

    def texts(self, *path: str) -> tuple[str, ...]:
        """The text values of a list (or of one value) at a property path; other shapes become unknowns."""
        found = []
        for item in as_list(_get(self.properties, path)):
            text = as_text(item)
            if text is None:
                self.unknowns.append(self.unknown(f"`{'.'.join(path)}`", "an element is not text", "shape", item))
            else:
                found.append(text)
        return tuple(found)

    def items(self, *path: str) -> Iterator[Mapping[str, Any]]:
        """The mappings of a list (or one mapping) at a property path; other shapes become unknowns."""
        for item in as_list(_get(self.properties, path)):
            for option in options_of(item):
                if isinstance(option, Mapping):
                    yield option
                elif option is not None:
                    self.unknowns.append(
                        self.unknown(f"`{'.'.join(path)}`", "an element is not a mapping", "shape", option)
                    )

    def variants(self, *keys: str) -> Iterator[TemplateResource]:
        """This resource once for every way the named properties can turn out; once where all of them are decided.

        A variant that depends on an undecided condition has it in `only_if`. Combinations beyond the first 16 become
        one unknown.
        """
        undecided = [key for key in keys if isinstance(self.properties.get(key), Alternatives)]
        if not undecided:
            yield self
            return
        choices = product(*(list(_choices(self.properties[key], self.only_if)) for key in undecided))
        possible = ((choice, only_if) for choice in choices if not is_contradictory(only_if := _together(choice)))
        for number, (choice, only_if) in enumerate(possible):
            if number == _MOST_VARIANTS:
                why = "too many conditions are undecided"
                self.unknowns.append(self.unknown("a combination of properties", why, "condition"))
                return
            properties = dict(self.properties)
            for key, (value, _) in zip(undecided, choice, strict=True):
                if value is None:
                    del properties[key]
                else:
                    properties[key] = value
            located = LocatedDict(properties, source_of(self.properties, self.source))
            yield replace(self, properties=located, only_if=only_if)

    def part(self, properties: Mapping[str, Any], only_if: str | None = None) -> TemplateResource:
        """This resource seen through one mapping inside it, such as one replica of a global table."""
        return replace(self, properties=properties, only_if=both(self.only_if, only_if))

    def when(self, only_if: str | None) -> TemplateResource:
        """This resource, depending on an undecided condition besides."""
        return replace(self, only_if=both(self.only_if, only_if)) if only_if else self

    def protects(self, arn: str | None, *path: str) -> Iterator[ResourcePolicy | Unknown]:
        """The resource-based policy at a property path, as the one that protects `arn`; nothing where there is none.

        What is not known to protect anything is read as well, so that whom it lets in is judged.
        """
        document = _get(self.properties, path)
        if document is None:
            return
        if not arn:
            yield self.unknown("the resource policy", "what it protects is not known", "target", document)
            arn = unknown_token("Unknown", self.id)
        policy = self.policy(document, PolicyKind.RESOURCE, name=f"{self.logical_id}/{path[-1]}")
        place = self.place(*path)
        yield ResourcePolicy(resource_arn=arn, policy=policy, type=self.type, **self.facts_about(place))

    def flag(self, *path: str) -> bool:
        """Whether the value at a property path is true (`true`, `"true"`)."""
        value = _get(self.properties, path)
        return value is True or (isinstance(value, str) and value.lower() == "true")

    def place(self, *path: str) -> Source:
        """Where the value at a property path stands; the resource's own place where there is none."""
        parent = _get(self.properties, path[:-1]) if len(path) > 1 else self.properties
        if isinstance(parent, Mapping) and path and path[-1] in parent:
            return value_source(parent, path[-1], self.source)
        return self.source

    def policy(self, document: object, kind: PolicyKind, *, name: str, arn: str | None = None) -> Policy:
        """A policy document that stands in this resource."""
        return parse_policy(
            document,
            name=name,
            kind=kind,
            arn=arn,
            logical_id=self.origin or None,
            source=self.source,
            only_if=self.only_if,
        )

    def facts_about(self, source: object = None) -> dict[str, Any]:
        """The keyword arguments every fact of this resource shares; `source` is a value or place to point at."""
        place = source if isinstance(source, Source) else source_of(source, self.source)
        return {
            "source": place if place is not NOWHERE else self.source,
            "logical_id": self.origin or self.logical_id,
            "only_if": self.only_if,
            "stack": self.stack.label,
            "account": self.stack.account if self.stack.account.isdigit() else None,
            "construct": self.construct,
        }

    def resource(self, **attributes: Any) -> Resource:
        """The `Resource` fact of this resource; attributes that are None or empty are left out."""
        return Resource(
            id=self.id,
            arn=self.arn,
            type=self.type,
            name=self.name,
            attributes={key: value for key, value in attributes.items() if value not in (None, "", ())},
            **self.facts_about(),
        )

    def unknown(self, what: str, why: str, kind: str, source: object = None) -> Unknown:
        """An `Unknown` fact about this resource."""
        return Unknown(
            what=f"{as_written(what)} of `{self.logical_id}`", why=why, kind=kind, **self.facts_about(source)
        )


_MOST_VARIANTS = 16
# Construct ids are words; nothing in one should mean anything to whatever shows it.
_PATH = regex(r"[\w .,:;@+=~#$%&*(){}/-]{1,300}")
_OWN_RESOURCE = regex(r"/(?:Resource|Default)$")
_PARTITION_OF = regex(r"^arn:(?:aws|aws-cn|aws-us-gov|\$\{AWS::Partition\}):")


def _any_partition(text: str) -> str:
    """An ARN without its partition: a template means its own, whether it writes `aws` or `${AWS::Partition}`."""
    return _PARTITION_OF.sub("arn::", text) if text.startswith("arn:") else text


def _together(choice: Iterable[tuple[Any, str | None]]) -> str | None:
    return both(*(only_if for _, only_if in choice))


def _choices(value: Any, only_if: str | None) -> Iterator[tuple[Any, str | None]]:
    if isinstance(value, Alternatives):
        for item, condition in value.sides(only_if):
            yield from _choices(item, condition)
    else:
        yield value, only_if


def _get(value: Any, path: Iterable[str]) -> Any:
    for key in path:
        value = next(
            (option[key] for option in options_of(value) if isinstance(option, Mapping) and key in option),
            None,
        )
        if value is None:
            return None
    if isinstance(value, Alternatives) and not any(isinstance(option, list | Mapping) for option in value):
        return next((option for option in options_of(value) if option is not None), None)
    return value


TemplateReader = Callable[[TemplateResource], Iterable[AnyFact]]
