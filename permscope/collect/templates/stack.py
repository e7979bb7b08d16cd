"""One template as a stack: transforms, parameters, conditions, nested stacks and outputs, all bound."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

from permscope.collect.assembly import asset_of
from permscope.collect.templates.document import decode, parse_document
from permscope.collect.templates.files import Place, RefusedFileError, is_local, read_file
from permscope.collect.templates.identity import Identities
from permscope.collect.templates.intrinsics import Resolver
from permscope.collect.templates.options import LoadOptions, pseudo_parameters
from permscope.collect.templates.parameters import Parameter, bind_parameters
from permscope.collect.templates.transforms import transform
from permscope.collect.templates.uploads import UPLOADED, uploaded_reference
from permscope.errors import TemplateError
from permscope.inventory.facts import Unknown
from permscope.inventory.located import LocatedDict, source_of, value_source
from permscope.inventory.source import Source
from permscope.lazy import dataclass

MAX_NESTING = 8
MAX_STACKS = 200

_NESTED = {"AWS::CloudFormation::Stack": "TemplateURL", "AWS::Serverless::Application": "Location"}


@dataclass(slots=True)
class Run:
    """What all stacks of one run share.

    Attributes:
        import_value: the value a stack exports under a name, or None.
        causes: unknown token -> the fact that explains it.
        stacks: how many nested stacks may still be read.
        building: how many nested stacks are being read, each for the next.
    """

    import_value: Callable[[str], Any] = lambda _: None
    causes: dict[str, Unknown] = field(default_factory=dict)
    stacks: int = MAX_STACKS
    building: int = 0


@dataclass(slots=True)
class Bound:
    """A template bound to its parameters.

    Attributes:
        place: where the template stands.
        label: tells its tokens from those of other stacks; empty for the only root.
        sections: the template after all transforms.
        origins: generated logical id -> the logical id the user wrote and the place that made it.
        files: every file that was read for it.
    """

    place: Place
    label: str
    options: LoadOptions
    sections: LocatedDict
    parameters: Mapping[str, Parameter]
    pseudo: Mapping[str, Any]
    resolver: Resolver
    identities: Identities
    depth: int = 0
    origins: dict[str, tuple[str, Source]] = field(default_factory=dict)
    errors: list[TemplateError] = field(default_factory=list)
    unknowns: list[Unknown] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    children: dict[str, Bound | None] = field(default_factory=dict)
    ancestry: tuple[str, ...] = ()
    run: Run = field(default_factory=Run)
    _open_outputs: set[str] = field(default_factory=set)

    @property
    def resources(self) -> Mapping[str, Any]:
        """The `Resources` section."""
        held: Mapping[str, Any] = self.sections["Resources"]
        return held

    def output(self, name: str) -> Any:
        """The resolved value of an output; None where there is none, or where outputs name each other in a circle."""
        outputs = self.sections.get("Outputs")
        held = outputs.get(name) if isinstance(outputs, Mapping) else None
        if not isinstance(held, Mapping) or name in self._open_outputs or "Value" not in held:
            return None
        self._open_outputs.add(name)
        try:
            return self.resolver.plain(held["Value"])
        finally:
            self._open_outputs.discard(name)

    def child(self, logical_id: str) -> Bound | None:
        """The stack nested at a logical id, read when it is first asked for; None where it is not a local file."""
        if logical_id not in self.children:
            self.children[logical_id] = None
            self.run.building += 1
            try:
                self.children[logical_id] = self._nested(logical_id)
            finally:
                self.run.building -= 1
        return self.children[logical_id]

    def child_output(self, logical_id: str, name: str) -> Any:
        """An output of a nested stack."""
        child = self.child(logical_id)
        return child.output(name) if child else None

    def family(self) -> list[Bound]:
        """This stack and those nested in it, parents first."""
        found = [self]
        for logical_id, resource in self.resources.items():
            if isinstance(resource, Mapping) and resource.get("Type") == "AWS::CloudFormation::Stack":
                if self.resolver.decisions.decide(resource.get("Condition")) is False:
                    continue
                child = self.child(logical_id)
                if child is not None:
                    found.extend(child.family())
        return found

    def _nested(self, logical_id: str) -> Bound | None:
        resource = self.resources[logical_id]
        properties = resource.get("Properties") if isinstance(resource, Mapping) else None
        if not isinstance(properties, Mapping):
            return None
        reference = nested_reference(resource, self.place)
        where = value_source(properties, "TemplateURL", source_of(resource))
        if reference is None:
            self._unread(logical_id, "its template is not a local file", where)
            return None
        if self.depth >= MAX_NESTING or self.run.building > MAX_NESTING:
            self._unread(logical_id, f"stacks are nested more than {MAX_NESTING} deep", where)
            return None
        self.run.stacks -= 1
        if self.run.stacks < 0:
            self._unread(logical_id, f"more than {MAX_STACKS} nested stacks are not read", where)
            return None
        shown = reference.removeprefix(UPLOADED)
        try:
            data, place = read_file(reference, self.place)
            if place.file in self.ancestry or place.file == self.place.file:
                self._unread(logical_id, f"`{shown}` includes itself", where)
                return None
            document = parse_document(decode(data, place.file), place.file)
        except RefusedFileError as error:
            self._unread(logical_id, f"`{shown}`: {error}", where)
            return None
        except TemplateError as error:
            self.errors.append(error)
            return None
        given = self.resolver.plain(properties.get("Parameters"))
        label = f"{self.label}/{logical_id}" if self.label else logical_id
        try:
            return bind_template(
                document.value,
                place,
                self.options,
                label=label,
                given=given if isinstance(given, Mapping) else {},
                problems=document.problems,
                depth=self.depth + 1,
                ancestry=(*self.ancestry, self.place.file),
                run=self.run,
                stack_name=f"${{{label}}}",
            )
        except TemplateError as error:
            self.errors.append(error)
            return None

    def _unread(self, logical_id: str, why: str, where: Source) -> None:
        self.unknowns.append(
            Unknown(
                what=f"nested stack `{logical_id}`",
                why=why,
                kind="nested-stack",
                source=where,
                logical_id=logical_id,
                stack=self.label,
            )
        )


def may_nest(value: Any) -> bool:
    """Whether a template has a resource that `nested_reference` may find a file for."""
    resources = value.get("Resources") if isinstance(value, Mapping) else None
    for resource in resources.values() if isinstance(resources, Mapping) else ():
        if isinstance(resource, Mapping):
            metadata = resource.get("Metadata")
            if str(resource.get("Type")) in _NESTED or (isinstance(metadata, Mapping) and "aws:asset:path" in metadata):
                return True
    return False


def nested_reference(resource: Mapping[str, Any], place: Place) -> str | None:
    """The local file of a nested stack: its `TemplateURL`, or the asset that the CDK or SAM says it is."""
    metadata = resource.get("Metadata")
    asset = metadata.get("aws:asset:path") if isinstance(metadata, Mapping) else None
    if isinstance(asset, str) and is_local(asset):
        return asset
    properties = resource.get("Properties")
    name = _NESTED.get(str(resource.get("Type")))
    held = properties.get(name) if isinstance(properties, Mapping) and name else None
    if isinstance(held, str):
        return held if is_local(held) else uploaded_reference(held)
    return asset_of(held, place) or uploaded_reference(held)


def bind_template(  # noqa: PLR0913
    value: Any,
    place: Place,
    options: LoadOptions,
    *,
    label: str = "",
    given: Mapping[str, Any] | None = None,
    problems: tuple[Unknown, ...] = (),
    depth: int = 0,
    ancestry: tuple[str, ...] = (),
    run: Run | None = None,
    stack_name: str | None = None,
) -> Bound:
    """Bind a parsed template: transforms, parameters, conditions, identities.

    Raises:
        TemplateError: for a document that is no template.
    """
    values = given if given is not None else options.parameters
    pseudo = pseudo_parameters(options, label, stack_name=stack_name or (options.stack_name if depth == 0 else None))
    found = transform(
        value,
        place,
        options,
        bind=lambda template: bind_parameters(template.get("Parameters"), values, label),
        resolve=lambda template, expression: _resolver(template, values, pseudo, label).plain(expression),
    )
    resolver = _resolver(found.template, values, pseudo, label)
    run = run or Run()
    resolver.import_value, resolver.causes = run.import_value, run.causes
    for parameter in resolver.parameters.values():
        resolver.explain(parameter)
    bound = Bound(
        place=place,
        label=label,
        options=options,
        sections=found.template,
        parameters=resolver.parameters,
        pseudo=pseudo,
        resolver=resolver,
        identities=resolver.references,  # type: ignore[arg-type]
        depth=depth,
        origins=found.origins,
        errors=found.errors,
        unknowns=[*problems, *found.unknowns],
        files=[place.file],
        ancestry=ancestry,
        run=run,
    )
    bound.identities.output = bound.child_output
    return bound


def _resolver(template: Mapping[str, Any], given: Mapping[str, Any], pseudo: Mapping[str, Any], label: str) -> Resolver:
    def section(name: str) -> Mapping[str, Any]:
        held = template.get(name)
        return held if isinstance(held, Mapping) else {}

    resolver = Resolver(
        parameters=bind_parameters(template.get("Parameters"), given, label),
        pseudo=pseudo,
        mappings=section("Mappings"),
        conditions=section("Conditions"),
        label=label,
    )
    resolver.references = Identities(resources=section("Resources"), resolver=resolver, pseudo=pseudo, label=label)
    return resolver


def condition_of(resource: Mapping[str, Any], bound: Bound) -> tuple[bool | None, str | None]:
    """Whether a resource or output is made, and the condition that says so."""
    condition = resource.get("Condition")
    if not isinstance(condition, str):
        return True, None
    return bound.resolver.decisions.decide(condition), condition
