"""What happens to a template before its values mean anything: includes, language extensions, SAM, macros.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/transform-section-structure.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from typing import Any

from permscope.collect.templates import sam
from permscope.collect.templates.document import decode, parse_document
from permscope.collect.templates.expand import LANGUAGE_EXTENSIONS, ForEach, Includes, has_loop, transforms_of
from permscope.collect.templates.files import Place, RefusedFileError, is_local, read_file
from permscope.collect.templates.options import LoadOptions
from permscope.collect.templates.parameters import Parameter
from permscope.collect.templates.sam_restore import is_sam
from permscope.errors import TemplateError
from permscope.inventory.facts import Unknown
from permscope.inventory.located import LocatedDict, LocatedStr, as_text, key_source, source_of, value_source
from permscope.inventory.source import Source
from permscope.lazy import dataclass

_KNOWN_TRANSFORMS = frozenset(
    [sam.TRANSFORM, LANGUAGE_EXTENSIONS, "AWS::Include", "AWS::CodeDeployBlueGreen", "AWS::ServiceCatalog"]
)
_QUIET_TRANSFORMS = ("AWS::SecretsManager-",)


@dataclass(slots=True)
class Transformed:
    """A template in plain CloudFormation.

    Attributes:
        template: its sections.
        origins: generated logical id -> the logical id the user wrote and the place that made it.
        errors: parts that are broken.
        unknowns: parts that only CloudFormation can expand, or that cannot be read.
    """

    template: LocatedDict
    origins: dict[str, tuple[str, Source]] = field(default_factory=dict)
    errors: list[TemplateError] = field(default_factory=list)
    unknowns: list[Unknown] = field(default_factory=list)


def transform(
    value: Any,
    place: Place,
    options: LoadOptions,
    *,
    bind: Callable[[Mapping[str, Any]], Mapping[str, Parameter]],
    resolve: Callable[[Mapping[str, Any], Any], Any],
) -> Transformed:
    """Run the transforms of a template that need no macro of the user's.

    Args:
        value: the parsed template.
        place: where it stands.
        options: for what SAM wants to know of the deployment.
        bind: gives the parameters of a template.
        resolve: resolves a value of a template, for the collections of loops.

    Raises:
        TemplateError: for a document that is no template.
    """
    includes = Includes()
    found = Transformed(includes.expand(check_shape(value, place), place))
    names = transforms_of(found.template)
    if LANGUAGE_EXTENSIONS in names or has_loop(found.template):
        if LANGUAGE_EXTENSIONS not in names:
            found.unknowns.append(_transform_missing(found.template, "Fn::ForEach", LANGUAGE_EXTENSIONS))
        template = found.template
        loops = ForEach(lambda expression: resolve(template, expression))
        found.template = loops.expand(template)
        found.unknowns.extend(loops.unknowns)
    if not isinstance(found.template.get("Resources"), LocatedDict):
        check_shape(found.template, place)
    found.template = _well_formed(found.template, found.errors, found.unknowns)
    needs_sam = any(map(is_sam, found.template["Resources"].values()))
    if needs_sam and sam.TRANSFORM not in names:
        found.unknowns.append(_transform_missing(found.template, "AWS::Serverless", sam.TRANSFORM))
    if needs_sam or sam.TRANSFORM in names:
        _expand_sam(found, place, options, bind(found.template))
    found.unknowns.extend(_macros(found.template, names))
    found.errors.extend(includes.errors)
    found.unknowns.extend(includes.unknowns)
    return found


def _expand_sam(found: Transformed, place: Place, options: LoadOptions, parameters: Mapping[str, Parameter]) -> None:
    template = _applications(_definitions(found.template, place, found.errors, found.unknowns))
    texts = [parameter for parameter in parameters.values() if isinstance(parameter.value, str)]
    expansion = sam.expand(
        template,
        parameters={each.name: each.value for each in texts if each.unknown is None},
        unknown={each.name: each.value for each in texts if each.unknown is not None},
        region=options.region,
        partition=options.known_partition,
    )
    found.template, found.origins = expansion.template, expansion.origins
    found.errors.extend(expansion.errors)
    found.unknowns.extend(expansion.unknowns)


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
    if isinstance(resources, LocatedDict) and resources:
        return value
    if "Resources" not in value:
        message = "the template has no `Resources` section"
        known = ", ".join(f"`{key}`" for key in list(value)[:5])
        hint = f"its sections are {known}" if known else "it needs one, with at least one resource"
    elif resources in (None, {}):
        message, hint = "`Resources` holds no resources", "a template needs at least one"
    else:
        message, hint = "`Resources` is not a mapping", "it maps logical ids to resources; check its indentation"
    raise TemplateError(message, source=key_source(value, "Resources", Source(place.file, 1, 1)), hint=hint)


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
