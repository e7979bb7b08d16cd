"""One template as a stack: transforms, parameters, conditions, nested stacks and outputs, all bound."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from permscope.collect.templates import sam
from permscope.collect.templates.document import decode, parse_document
from permscope.collect.templates.expand import LANGUAGE_EXTENSIONS, ForEach, Includes, has_loop, transforms_of
from permscope.collect.templates.files import Place, RefusedFileError, is_local, read_file
from permscope.collect.templates.identity import Identities
from permscope.collect.templates.intrinsics import Resolver
from permscope.collect.templates.options import LoadOptions, pseudo_parameters
from permscope.collect.templates.parameters import Parameter, bind_parameters
from permscope.collect.templates.sam_restore import is_sam
from permscope.errors import TemplateError
from permscope.inventory.facts import Unknown
from permscope.inventory.located import LocatedDict, LocatedStr, as_text, key_source, source_of, value_source
from permscope.inventory.source import Source

MAX_NESTING = 8
MAX_STACKS = 200

_KNOWN_TRANSFORMS = frozenset(
    [sam.TRANSFORM, LANGUAGE_EXTENSIONS, "AWS::Include", "AWS::CodeDeployBlueGreen", "AWS::ServiceCatalog"]
)
_QUIET_TRANSFORMS = ("AWS::SecretsManager-",)
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
        reference = nested_reference(resource)
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
        try:
            data, place = read_file(reference, self.place)
            if place.file in self.ancestry or place.file == self.place.file:
                self._unread(logical_id, f"`{reference}` includes itself", where)
                return None
            document = parse_document(decode(data, place.file), place.file)
        except RefusedFileError as error:
            self._unread(logical_id, f"`{reference}`: {error}", where)
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


def nested_reference(resource: Mapping[str, Any]) -> str | None:
    """The local file of a nested stack: its `TemplateURL`, or the asset the CDK or SAM notes in the metadata."""
    metadata = resource.get("Metadata")
    asset = metadata.get("aws:asset:path") if isinstance(metadata, Mapping) else None
    if isinstance(asset, str) and is_local(asset):
        return asset
    properties = resource.get("Properties")
    name = _NESTED.get(str(resource.get("Type")))
    held = properties.get(name) if isinstance(properties, Mapping) and name else None
    return held if isinstance(held, str) and is_local(held) else None


def check_shape(value: Any, place: Place) -> LocatedDict:
    """The template, if it is one.

    Raises:
        TemplateError: for a document without a `Resources` section of resources.
    """
    if not isinstance(value, LocatedDict):
        raise TemplateError(
            "the file is not a template",
            source=Source(place.file, 1, 1),
            hint="a template is a mapping with a `Resources` section",
        )
    resources = value.get("Resources")
    if not isinstance(resources, LocatedDict) or not resources:
        known = ", ".join(f"`{key}`" for key in list(value)[:5])
        raise TemplateError(
            "the template has no `Resources` section" if "Resources" not in value else "`Resources` holds no resources",
            source=key_source(value, "Resources", Source(place.file, 1, 1)),
            hint=f"its sections are {known}" if known else None,
        )
    return value


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
    template = check_shape(value, place)
    errors: list[TemplateError] = []
    unknowns = list(problems)
    includes = Includes()
    template = includes.expand(template, place)
    parameters = bind_parameters(template.get("Parameters"), given if given is not None else options.parameters, label)
    pseudo = pseudo_parameters(options, label, stack_name=stack_name or (options.stack_name if depth == 0 else None))
    names = transforms_of(template)
    if LANGUAGE_EXTENSIONS in names or has_loop(template):
        if LANGUAGE_EXTENSIONS not in names:
            unknowns.append(_transform_missing(template, "Fn::ForEach", LANGUAGE_EXTENSIONS))
        loops = ForEach(_resolver(template, parameters, pseudo, label).plain)
        template = loops.expand(template)
        unknowns.extend(loops.unknowns)
    template = check_shape(template, place)
    template = _well_formed(template, errors, unknowns)
    needs_sam = any(map(is_sam, template["Resources"].values()))
    if needs_sam and sam.TRANSFORM not in names:
        unknowns.append(_transform_missing(template, "AWS::Serverless", sam.TRANSFORM))
    origins: dict[str, tuple[str, Source]] = {}
    if needs_sam or sam.TRANSFORM in names:
        template = _applications(_definitions(template, place, errors, unknowns))
        bindings = {
            name: parameter.value
            for name, parameter in parameters.items()
            if parameter.unknown is None and isinstance(parameter.value, str)
        }
        open_ones = [parameter for parameter in parameters.values() if parameter.unknown is not None]
        expansion = sam.expand(
            template,
            parameters=bindings,
            unknown={each.name: each.value for each in open_ones if isinstance(each.value, str)},
            region=options.region,
            partition=options.known_partition,
        )
        template, origins = expansion.template, expansion.origins
        errors.extend(expansion.errors)
        unknowns.extend(expansion.unknowns)
    unknowns.extend(_macros(template, names))
    resolver = _resolver(template, parameters, pseudo, label)
    run = run or Run()
    resolver.import_value, resolver.causes = run.import_value, run.causes
    for parameter in parameters.values():
        resolver.parameter(parameter)
    bound = Bound(
        place=place,
        label=label,
        options=options,
        sections=template,
        parameters=parameters,
        pseudo=pseudo,
        resolver=resolver,
        identities=resolver.references,  # type: ignore[arg-type]
        depth=depth,
        origins=origins,
        errors=[*errors, *includes.errors],
        unknowns=[*unknowns, *includes.unknowns],
        files=[place.file],
        ancestry=ancestry,
        run=run,
    )
    bound.identities.output = bound.child_output
    return bound


def _resolver(
    template: Mapping[str, Any], parameters: Mapping[str, Parameter], pseudo: Mapping[str, Any], label: str
) -> Resolver:
    def section(name: str) -> Mapping[str, Any]:
        held = template.get(name)
        return held if isinstance(held, Mapping) else {}

    resolver = Resolver(
        parameters=parameters,
        pseudo=pseudo,
        mappings=section("Mappings"),
        conditions=section("Conditions"),
        label=label,
    )
    resolver.references = Identities(resources=section("Resources"), resolver=resolver, pseudo=pseudo, label=label)
    return resolver


def _transform_missing(template: Mapping[str, Any], what: str, transform: str) -> Unknown:
    """CloudFormation refuses such a template; it is read as though it declared the transform."""
    return Unknown(
        what=f"`Transform` for `{what}`",
        why=f"the template does not declare `{transform}`; it is read as though it did",
        kind="transform",
        source=key_source(template, "Resources"),
    )


def _well_formed(template: LocatedDict, errors: list[TemplateError], unknowns: list[Unknown]) -> LocatedDict:
    """The template without what is no resource among its resources."""
    resources = template["Resources"]
    kept = LocatedDict((), source_of(resources))
    for logical_id, resource in resources.items():
        place = source_of(logical_id, source_of(resources))
        if logical_id.startswith("Fn::"):
            why = "permscope does not run macros" if logical_id == "Fn::Transform" else "it cannot be unrolled"
            unknowns.append(Unknown(what=f"what `{logical_id}` adds", why=why, kind="transform", source=place))
        elif not isinstance(resource, LocatedDict):
            hint = "check its indentation"
            errors.append(TemplateError(f"resource `{logical_id}` is not a mapping", source=place, hint=hint))
        else:
            kept[logical_id] = resource
            unknowns.extend(_elsewhere(logical_id, resource, place))
    return LocatedDict({**template, "Resources": kept}, source_of(template))


def _elsewhere(logical_id: str, resource: Mapping[str, Any], place: Source) -> Iterator[Unknown]:
    """What a resource makes that no template beside it tells."""
    type_name = str(resource.get("Type", ""))
    if type_name.endswith("::MODULE"):
        what, why, kind = f"what module `{logical_id}` holds", "CloudFormation expands modules", "module"
    elif type_name == "AWS::CloudFormation::StackSet":
        what, why, kind = f"stack set `{logical_id}`", "the stacks it deploys are not read", "nested-stack"
    else:
        return
    yield Unknown(what=what, why=why, kind=kind, source=place, logical_id=str(logical_id))


def _macros(template: Mapping[str, Any], names: list[str]) -> list[Unknown]:
    """Macros nobody can run here."""
    return [
        Unknown(
            what=f"macro `{name}`",
            why="permscope does not run macros; the template is read as it stands",
            kind="transform",
            source=key_source(template, "Transform"),
        )
        for name in names
        if name not in _KNOWN_TRANSFORMS and not name.startswith(_QUIET_TRANSFORMS)
    ]


def _definitions(
    template: LocatedDict, place: Place, errors: list[TemplateError], unknowns: list[Unknown]
) -> LocatedDict:
    """The template with local `DefinitionUri` files of SAM resources read into their inline property."""
    inline = {
        "AWS::Serverless::StateMachine": "Definition",
        "AWS::Serverless::Api": "DefinitionBody",
        "AWS::Serverless::HttpApi": "DefinitionBody",
    }
    resources = LocatedDict((), source_of(template["Resources"]))
    for logical_id, resource in template["Resources"].items():
        resources[logical_id] = resource
        target = inline.get(str(resource.get("Type")))
        properties = resource.get("Properties")
        if target is None or not isinstance(properties, Mapping) or not is_local(properties.get("DefinitionUri")):
            continue
        definition = read_definition(properties["DefinitionUri"], place, errors, unknowns, logical_id)
        if isinstance(definition, Mapping):
            changed = LocatedDict(properties, source_of(properties))
            del changed["DefinitionUri"]
            changed[target] = definition
            resources[logical_id] = LocatedDict({**resource, "Properties": changed}, source_of(resource))
    return LocatedDict({**template, "Resources": resources}, source_of(template))


def read_definition(
    reference: str, place: Place, errors: list[TemplateError], unknowns: list[Unknown], logical_id: str, stack: str = ""
) -> Any:
    """The content of a local definition file; None, with an `Unknown`, where it cannot be read."""
    try:
        data, found = read_file(reference, place)
        document = parse_document(decode(data, found.file), found.file)
    except RefusedFileError as error:
        why = str(error)
    except TemplateError as error:
        errors.append(error)
        why = "it is broken"
    else:
        unknowns.extend(document.problems)
        return document.value
    unknowns.append(
        Unknown(
            what=f"definition file `{reference}` of `{logical_id}`",
            why=why,
            kind="file",
            source=source_of(reference),
            logical_id=str(logical_id),
            stack=stack,
        )
    )
    return None


def _applications(template: LocatedDict) -> LocatedDict:
    """SAM applications as the nested stacks they become; one from the application repository is no local file."""
    resources = LocatedDict((), source_of(template["Resources"]))
    for logical_id, resource in template["Resources"].items():
        resources[logical_id] = resource
        properties = resource.get("Properties")
        if resource.get("Type") != "AWS::Serverless::Application" or not isinstance(properties, Mapping):
            continue
        made = LocatedDict(resource, source_of(resource))
        made["Type"] = LocatedStr("AWS::CloudFormation::Stack", value_source(resource, "Type"))
        changed = LocatedDict((), source_of(properties))
        for key, held in properties.items():
            if key == "Location":
                is_text = isinstance(held, str)
                changed[LocatedStr("TemplateURL", source_of(key))] = held if is_text else _repository(held)
            else:
                changed[key] = held
        made["Properties"] = changed
        resources[logical_id] = made
    return LocatedDict({**template, "Resources": resources}, source_of(template))


def _repository(location: Any) -> Any:
    application = as_text(location.get("ApplicationId")) if isinstance(location, Mapping) else None
    return LocatedStr(f"serverlessrepo://{application or 'application'}", source_of(location))


def condition_of(resource: Mapping[str, Any], bound: Bound) -> tuple[bool | None, str | None]:
    """Whether a resource or output is made, and the condition that says so."""
    condition = resource.get("Condition")
    if not isinstance(condition, str):
        return True, None
    return bound.resolver.decisions.decide(condition), condition


__all__ = ["Bound", "bind_template", "check_shape", "condition_of", "nested_reference", "read_definition"]
