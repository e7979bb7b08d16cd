"""From a bound stack to facts: resources through the service readers, outputs, and the unknowns that matter.

A value nobody gave is an `Unknown` only where a fact holds it: a parameter that no reader looks at does not drown the
report.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, cast

from permscope.collect.templates.files import is_local
from permscope.collect.templates.intrinsics import NO_VALUE
from permscope.collect.templates.stack import Bound, condition_of
from permscope.collect.templates.transforms import read_definition
from permscope.errors import TemplateError
from permscope.inventory.facts import AnyFact, Fact, Need, Output, Unknown
from permscope.inventory.located import LocatedDict, LocatedList, LocatedStr, as_text, key_source, parts_of, source_of
from permscope.inventory.policies import Policy, Statement
from permscope.inventory.tokens import UNKNOWN_TOKEN
from permscope.lazy import regex
from permscope.services import readers_for
from permscope.services.interface import Stack, TemplateResource

_SUBSTITUTION = regex(r"\$\{[^{}]*\}")
_BODY_FILES = {
    "AWS::StepFunctions::StateMachine": ("DefinitionS3Location", "Definition"),
    "AWS::ApiGateway::RestApi": ("BodyS3Location", "Body"),
    "AWS::ApiGatewayV2::Api": ("BodyS3Location", "Body"),
    "AWS::AppSync::GraphQLSchema": ("DefinitionS3Location", None),
}


def stack_facts(bound: Bound) -> list[AnyFact]:
    """The facts of one stack, nested ones not included, in file order."""
    stack = Stack(
        label=bound.label,
        partition=str(bound.pseudo["AWS::Partition"]),
        region=str(bound.pseudo["AWS::Region"]),
        account=str(bound.pseudo["AWS::AccountId"]),
        url_suffix=str(bound.pseudo["AWS::URLSuffix"]),
        name=str(bound.pseudo["AWS::StackName"]),
        id=str(bound.pseudo["AWS::StackId"]),
        directory=str(bound.place.directory) if bound.place.directory else None,
        root=str(bound.place.root) if bound.place.root else None,
        source=source_of(bound.sections),
    )
    for resource in _resources(bound, stack):
        stack.resources[resource.logical_id] = resource
    bound.resolver.used_conditions.clear()
    facts: list[AnyFact] = []
    told: list[AnyFact] = []
    for resource in stack.resources.values():
        found = _read(resource, bound)
        told.extend(found)
        facts.extend(found if found or resource.is_part else [resource.resource()])
    facts.extend(_used_unknowns(bound, told))
    facts.extend(_outputs(bound))
    return [*facts, *bound.unknowns, *bound.resolver.notes]


def _resources(bound: Bound, stack: Stack) -> Iterator[TemplateResource]:
    """Every resource that is or may be made, its properties resolved."""
    for logical_id, raw in bound.resources.items():
        holds, condition = condition_of(raw, bound)
        if holds is False:
            continue
        origin, source = bound.origins.get(logical_id, (str(logical_id), source_of(logical_id)))
        type_name = as_text(raw.get("Type")) or ""
        if not type_name:
            bound.errors.append(
                TemplateError(
                    f"resource `{logical_id}` has no `Type`", source=source, hint="give its CloudFormation type"
                )
            )
        identity = bound.identities.of(logical_id)
        resource = TemplateResource(
            logical_id=str(logical_id),
            type=type_name,
            properties={},
            stack=stack,
            source=source,
            origin=origin,
            name=identity.name,
            arn=identity.arn,
            ref=identity.ref,
            only_if=bound.resolver.decisions.side(condition) if holds is None and condition else None,
        )
        _resolve(resource, raw, bound, condition if holds is None else None)
        yield resource


def _resolve(resource: TemplateResource, raw: Mapping[str, Any], bound: Bound, condition: str | None) -> None:
    resolve = bound.resolver.resolve
    bound.resolver.check_literals = resource.type != "AWS::StepFunctions::StateMachine"
    sections = ("Properties", "Metadata", "UpdatePolicy")
    try:
        if condition is not None:
            with bound.resolver.decisions.assuming(condition, holds=True):
                values = [resolve(raw[name]) if name in raw else None for name in sections]
        else:
            values = [resolve(raw[name]) if name in raw else None for name in sections]
    except RecursionError:
        bound.errors.append(
            TemplateError(f"resource `{resource.logical_id}` is nested too deep to resolve", source=resource.source)
        )
        values = [None, None, None]
    finally:
        bound.resolver.check_literals = False
    properties, metadata, update_policy = (value if isinstance(value, LocatedDict) else None for value in values)
    if properties is None and values[0] is not None and values[0] is not NO_VALUE:
        bound.errors.append(
            TemplateError(
                f"`Properties` of `{resource.logical_id}` is not a mapping",
                source=key_source(raw, "Properties", resource.source),
                hint="check its indentation",
            )
        )
    resource.properties = properties if properties is not None else LocatedDict((), resource.source)
    resource.metadata = metadata or {}
    resource.update_policy = update_policy or {}
    _inline_body(resource, bound)


def _inline_body(resource: TemplateResource, bound: Bound) -> None:
    """Read a local definition file, and put `DefinitionSubstitutions` where a state machine names them."""
    location, target = _BODY_FILES.get(resource.type, (None, None))
    properties: Any = resource.properties
    reference = properties.get(location) if location else None
    if target and isinstance(reference, str) and is_local(reference) and target not in properties:
        known = len(bound.unknowns)
        value = read_definition(reference, bound.place, bound.errors, bound.unknowns, resource.logical_id, bound.label)
        if isinstance(value, Mapping):
            properties[target] = value
        elif len(bound.unknowns) > known:
            properties.pop(location)
    if resource.type == "AWS::StepFunctions::StateMachine":
        substitutions = properties.get("DefinitionSubstitutions")
        texts = (
            {key: as_text(value) for key, value in substitutions.items()} if isinstance(substitutions, Mapping) else {}
        )
        names = {f"${{{key}}}": text for key, text in texts.items() if text is not None}
        for name in ("Definition", "DefinitionString"):
            if names and name in properties:
                properties[name] = _substituted(properties[name], names)


def _substituted(value: Any, names: Mapping[str, str]) -> Any:
    """State machine text with its substitutions made.

    https://docs.aws.amazon.com/step-functions/latest/dg/concepts-sam-sfn.html
    """
    if isinstance(value, Mapping):
        return LocatedDict(((key, _substituted(item, names)) for key, item in value.items()), source_of(value))
    if isinstance(value, list):
        return LocatedList((_substituted(item, names) for item in value), source_of(value))
    if isinstance(value, str) and "${" in value:
        # In one pass, as what is put in may hold `${...}` of its own.
        text = _SUBSTITUTION.sub(lambda found: names.get(found[0], found[0]), value)
        return LocatedStr(text, source_of(value))
    return value


def _read(resource: TemplateResource, bound: Bound) -> list[AnyFact]:
    """What the service readers make of a resource; one that fails is an error, and the others go on."""
    found: list[AnyFact] = []
    for reader in readers_for(resource.type):
        try:
            found.extend(reader(resource))
        except Exception as error:  # noqa: BLE001 - one strange resource must not end the run
            bound.errors.append(
                TemplateError(
                    f"`{resource.logical_id}` ({resource.type}) cannot be read: {type(error).__name__}",
                    source=resource.source,
                    hint="please report this template",
                )
            )
    found.extend(resource.unknowns)
    if found and all(isinstance(fact, Unknown) for fact in found):
        found.append(resource.resource())
    return found


def _outputs(bound: Bound) -> Iterator[Output]:
    outputs = bound.sections.get("Outputs")
    for name, raw in outputs.items() if isinstance(outputs, Mapping) else ():
        if not isinstance(raw, Mapping):
            continue
        holds, condition = condition_of(raw, bound)
        value = bound.output(name)
        text = ",".join(filter(None, map(as_text, value))) if isinstance(value, list) else as_text(value)
        if holds is False or text is None:
            continue
        yield Output(
            name=str(name),
            value=text,
            export=export_name(raw, bound),
            source=source_of(name),
            only_if=condition if holds is None else None,
            stack=bound.label,
        )


def export_name(output: Mapping[str, Any], bound: Bound) -> str | None:
    """The name under which an output is exported."""
    export = output.get("Export")
    name = export.get("Name") if isinstance(export, Mapping) else None
    return as_text(bound.resolver.plain(name)) if name is not None else None


def _used_unknowns(bound: Bound, facts: Iterable[AnyFact]) -> Iterator[Unknown]:
    """One fact for each unknown value, and each undecided condition, that the facts depend on."""
    tokens: dict[str, None] = {}
    conditions: dict[str, None] = {}
    for fact in facts:
        _gather(fact, tokens, conditions)
    told = {id(cause): cause for token in tokens if (cause := bound.resolver.causes.get(token)) is not None}
    yield from told.values()
    definitions = bound.sections.get("Conditions")
    for name in (*conditions, *sorted(bound.resolver.used_conditions - conditions.keys())):
        yield _undecided(name, bound, definitions if isinstance(definitions, Mapping) else {})


def _undecided(name: str, bound: Bound, definitions: Mapping[str, Any]) -> Unknown:
    if name not in definitions:
        why = "the template does not define it" if name != "Fn::If" else "it cannot be decided"
    else:
        causes = ", ".join(f"`{cause}`" for cause in bound.resolver.decisions.causes(name))
        why = f"it depends on {causes}" if causes else "it cannot be decided"
    return Unknown(
        what=f"condition `{name}`",
        why=why,
        kind="condition",
        source=key_source(definitions, name, source_of(bound.sections)),
        stack=bound.label,
    )


@cache
def _fields(kind: Any) -> tuple[str, ...]:
    return tuple(
        field.name for field in dataclasses.fields(kind) if field.name not in ("source", "stack", "logical_id")
    )


def _gather(value: Any, tokens: dict[str, None], conditions: dict[str, None]) -> None:
    """Unknown tokens and undecided conditions in the fields of a fact."""
    if isinstance(value, str):
        if "::" in value and "${" in value:
            tokens.update(dict.fromkeys(UNKNOWN_TOKEN.findall(value)))
    elif isinstance(value, tuple | list):
        for item in value:
            _gather(item, tokens, conditions)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            _gather(key, tokens, conditions)
            _gather(item, tokens, conditions)
    elif isinstance(value, Fact | Policy | Statement | Need):
        for name in _fields(cast("Any", type(value))):
            held = getattr(value, name)
            if name in ("only_if", "role_only_if"):
                conditions.update(dict.fromkeys(part.removeprefix("not ") for part in parts_of(held)))
            elif held:
                _gather(held, tokens, conditions)
