"""SAM templates to CloudFormation with AWS's own translator, every generated resource knowing the line that made it.

The translator wants packaged code, a Region and a session; it is given stand-ins, so nothing is read from the network
and no credentials are looked for. What it rejects is told, taken out, and the rest is expanded all the same.
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

from permscope.collect.templates.files import is_local
from permscope.collect.templates.sam_repair import Edit, EditKind, api_resources, apply, complaints
from permscope.collect.templates.sam_restore import LOCAL_BUCKET, LOCAL_IMAGE, is_sam, key_of, restored
from permscope.collect.templates.sam_translator import Record, translate
from permscope.errors import TemplateError
from permscope.inventory.facts import Unknown
from permscope.inventory.located import LocatedDict, LocatedList, LocatedStr, key_source, source_of, value_source
from permscope.inventory.source import NOWHERE, Source
from permscope.inventory.tokens import PARTITION, REGION, unknown_token
from permscope.lazy import dataclass

TRANSFORM = "AWS::Serverless-2016-10-31"
_CODE = f"s3://{LOCAL_BUCKET}/code"
_CODE_PROPERTIES = ("CodeUri", "ContentUri", "SchemaUri", "DefinitionUri")
_CODE_RESOURCES = {
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Serverless::WebFunction": "CodeUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
}
_ATTEMPTS = 40
# What SAM hands on to a function as it stands.
_KEPT = ("FunctionName", "Role", "Runtime", "Handler", "Environment", "Layers", "VpcConfig", "KmsKeyArn")
_STAND_IN = "PermscopeParameter"


@dataclass(slots=True)
class Expansion:
    """What the transform gave.

    Attributes:
        template: plain CloudFormation; the untransformed template where the translator could do nothing with it.
        origins: generated logical id -> the logical id the user wrote and the place that made it.
        errors: what the translator rejects.
        unknowns: what was left out because of that.
    """

    template: LocatedDict
    origins: dict[str, tuple[str, Source]] = field(default_factory=dict)
    errors: list[TemplateError] = field(default_factory=list)
    unknowns: list[Unknown] = field(default_factory=list)


def clone(value: Any) -> Any:
    """A deep copy in which nothing is shared, places kept."""
    if isinstance(value, dict):
        return LocatedDict(((key, clone(item)) for key, item in value.items()), source_of(value))
    if isinstance(value, list):
        return LocatedList((clone(item) for item in value), source_of(value))
    return value


def expand(
    template: LocatedDict,
    *,
    parameters: Mapping[str, Any],
    unknown: Mapping[str, str],
    region: str | None,
    partition: str | None,
) -> Expansion:
    """Expand the SAM resources of a template.

    Args:
        template: after includes and language extensions; local definitions are inlined already. It is not changed.
        parameters: values to bind while expanding; parameters without one stay references.
        unknown: token of each parameter without a value; stands in where the translator insists on one.
        region: bound Region, or None to leave `AWS::Region` open.
        partition: bound partition, or None.
    """
    found = Expansion(template)
    values = {"AWS::Region": region or REGION, "AWS::Partition": partition or PARTITION, **parameters}
    original: Mapping[str, Any] = template["Resources"]
    edits: dict[Edit, Source] = {}
    output, record, failures = _attempt(template, values, region, edits)
    if failures and unknown:
        bound = {**values, **{name: _stand_in_name(name) for name in unknown}}
        again = _attempt(template, bound, region, edits)
        if len(again[2]) < len(failures):
            values = bound
            output, record, failures = again
    for _ in range(_ATTEMPTS):
        if not failures:
            break
        known = len(edits)
        for edit, error in complaints(failures, template, record, edits):
            found.errors.append(error)
            if edit is not None:
                edits.setdefault(edit, error.source or NOWHERE)
        if len(edits) == known:
            break
        output, record, failures = _attempt(template, values, region, edits)
    found.errors = list({str(error): error for error in found.errors}.values())
    if failures:
        found.unknowns.append(_untransformed(template))
        return found
    if values.keys() & unknown.keys():
        output = _named(output, {_stand_in_name(name): (name, token) for name, token in unknown.items()})
    for edit in edits:
        if edit.kind is EditKind.API:
            made = dict.fromkeys(api_resources(edit.name, edit.part), (edit.name, edit.part))
            record.made.update({name: maker for name, maker in made.items() if name not in original})
    found.template = restored(output, template, record, found.origins)
    for edit, place in edits.items():
        if edit.kind is EditKind.RESOURCE:
            found.template["Resources"][key_of(original, edit.name)] = _kept(original[edit.name], edit.name)
        found.unknowns.append(edit.unknown(place))
    return found


def _kept(resource: Any, logical_id: str) -> Any:
    """What is left of a resource that cannot be expanded: a function is one all the same, whatever it runs as."""
    if not isinstance(resource, Mapping) or str(resource.get("Type")) != "AWS::Serverless::Function":
        return resource
    held = resource.get("Properties")
    written: Mapping[str, Any] = held if isinstance(held, Mapping) else {}
    properties = LocatedDict(((key, written[key]) for key in written if key in _KEPT), source_of(resource))
    properties.setdefault("Role", unknown_token("Unknown", f"role of {logical_id}"))
    return LocatedDict(
        {
            **resource,
            "Type": LocatedStr("AWS::Lambda::Function", value_source(resource, "Type")),
            "Properties": properties,
        },
        source_of(resource),
    )


def _attempt(
    template: LocatedDict, values: Mapping[str, Any], region: str | None, edits: Mapping[Edit, Source]
) -> tuple[Mapping[str, Any], Record, list[BaseException]]:
    work = clone(template)
    for edit in edits:
        apply(edit, work, values)
    if not any(map(is_sam, work["Resources"].values())):
        return work, Record(), []
    return translate(_prepare(work), values, region or "us-east-1")


def _untransformed(template: LocatedDict) -> Unknown:
    return Unknown(
        what="the SAM transform of the template",
        why="the translator rejects it; resources are read as they stand",
        kind="transform",
        source=key_source(template, "Transform"),
    )


def _stand_in_name(parameter: str) -> str:
    """Alphanumeric, because the translator builds logical ids from some values."""
    return f"{_STAND_IN}{parameter}Value"


def _named(output: Mapping[str, Any], names: Mapping[str, tuple[str, str]]) -> Any:
    """The output with stand-ins of parameters turned back: into references, or into tokens within longer text.

    Logical ids that the translator made with a stand-in in them stay, as do the references to them.
    """
    made = [logical_id for logical_id in output["Resources"] if _STAND_IN in logical_id]

    def text(value: str, form: Callable[[str, str], str]) -> str:
        if _STAND_IN not in value or any(logical_id in value for logical_id in made):
            return value
        for stand_in, (name, token) in names.items():
            value = value.replace(stand_in, form(name, token))
        return value

    def named(value: Any) -> Any:
        if isinstance(value, dict):
            if isinstance(value.get("Fn::Sub"), str):
                return LocatedDict(
                    {"Fn::Sub": text(value["Fn::Sub"], lambda name, _: f"${{{name}}}")}, source_of(value)
                )
            return LocatedDict(((key, named(item)) for key, item in value.items()), source_of(value))
        if isinstance(value, list):
            return LocatedList(map(named, value), source_of(value))
        if isinstance(value, str):
            return {"Ref": names[value][0]} if value in names else text(value, lambda _, token: token)
        return value

    return named(output)


def _prepare(work: LocatedDict) -> LocatedDict:
    """Put stand-ins where the translator wants packaged code, and keep it from looking anything up."""
    global_values = work.get("Globals")
    function_globals: Mapping[str, Any] = {}
    if isinstance(global_values, Mapping):
        for section in global_values.values():
            if isinstance(section, dict):
                _stand_in(section)
        held = global_values.get("Function")
        function_globals = held if isinstance(held, Mapping) else {}
    for resource in work["Resources"].values():
        if not is_sam(resource):
            continue
        properties = resource.get("Properties")
        if properties is None:
            properties = resource["Properties"] = LocatedDict((), source_of(resource))
        if not isinstance(properties, dict):
            continue
        _stand_in(properties)
        code = _CODE_RESOURCES.get(resource["Type"])
        if code is None:
            continue
        given = {**function_globals, **properties} if code == "CodeUri" else properties
        if str(given.get("PackageType", "")) == "Image":
            properties.setdefault("ImageUri", given.get("ImageUri", LOCAL_IMAGE))
        elif not any(name in given for name in (code, "InlineCode", "ImageUri")):
            properties[code] = _CODE
    parameters = work.get("Parameters")
    if isinstance(parameters, Mapping):
        for definition in parameters.values():
            if isinstance(definition, dict) and _is_hidden(definition):
                definition.pop("Default", None)
    return work


def _stand_in(properties: dict[str, Any]) -> None:
    for name in _CODE_PROPERTIES:
        held = properties.get(name)
        if is_local(held) or (isinstance(held, dict) and not ({"Bucket", "Key"} <= set(held))):
            properties[name] = _CODE
    image = properties.get("ImageUri")
    if image is not None and not (isinstance(image, str) and ".dkr.ecr." in image) and not isinstance(image, dict):
        properties["ImageUri"] = LOCAL_IMAGE
    for name in ("Functions", "Resolvers"):
        _stand_in_below(properties.get(name), 3)


def _stand_in_below(value: object, depth: int) -> None:
    if isinstance(value, dict) and depth:
        if is_local(value.get("CodeUri")):
            value["CodeUri"] = _CODE
        for item in value.values():
            _stand_in_below(item, depth - 1)


def _is_hidden(definition: Mapping[str, Any]) -> bool:
    """Whether the default of a parameter is a secret, or the name of a value rather than the value."""
    stored = str(definition.get("Type", "")).startswith("AWS::SSM::Parameter::Value")
    return stored or str(definition.get("NoEcho", "")).lower() == "true"
