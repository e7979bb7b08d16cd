"""What the SAM translator loses on the way, put back: places, local code paths, state machine definitions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from permscope.collect.templates.files import is_local
from permscope.collect.templates.sam_places import Maker, place_policies
from permscope.collect.templates.sam_translator import Record
from permscope.inventory.located import LocatedDict, LocatedList, LocatedStr, key_source, source_of
from permscope.inventory.source import NOWHERE, Source

LOCAL_BUCKET = "permscope-local-code"
LOCAL_IMAGE = "000000000000.dkr.ecr.us-east-1.amazonaws.com/permscope-local-code:latest"


def is_sam(resource: object) -> bool:
    """Whether a resource is one that the SAM transform expands."""
    return isinstance(resource, Mapping) and str(resource.get("Type", "")).startswith("AWS::Serverless::")


def key_of(mapping: Mapping[str, Any], key: str) -> str:
    """The key as it stands in the mapping, with its place."""
    return next((candidate for candidate in mapping if candidate == key), key)


def closest(original: Mapping[str, Any], name: str) -> str | None:
    """The SAM resource whose logical id begins a generated one."""
    found = [key for key, resource in original.items() if is_sam(resource) and name.startswith(key)]
    return max(found, key=len, default=None)


def restored(
    output: Mapping[str, Any], template: LocatedDict, record: Record, origins: dict[str, tuple[str, Source]]
) -> LocatedDict:
    """The translator's output with every value located, and with what it had to be given stand-ins for."""
    original: Mapping[str, Any] = template["Resources"]
    resources = LocatedDict((), source_of(original))
    for logical_id, resource in output["Resources"].items():
        if logical_id in original and not is_sam(original[logical_id]):
            kept = original[logical_id]
            is_same = isinstance(kept, Mapping) and kept.get("Type") == resource.get("Type")
            resources[key_of(original, logical_id)] = (
                _located(resource, source_of(kept), merged=True) if is_same else kept
            )
            continue
        origin, place = _origin(logical_id, original, record)
        origins[logical_id] = (origin, place)
        written = original.get(origin)
        maker = Maker(origin, written, place, _shared(template, written)) if isinstance(written, Mapping) else None
        if maker is not None and place == key_source(original, origin):
            place = maker.of_resource(logical_id)
            origins[logical_id] = (origin, place)
        fixed = _located(resource, place)
        if maker is not None:
            _put_back(fixed, maker, template, place)
        resources[LocatedStr(logical_id, place)] = fixed
    whole = LocatedDict((), source_of(template))
    for key, value in output.items():
        if key not in ("Resources", "Transform", "Globals"):
            whole[key_of(template, key)] = _located(value, key_source(template, key))
    whole["Resources"] = resources
    return whole


def _origin(logical_id: str, original: Mapping[str, Any], record: Record) -> tuple[str, Source]:
    """The SAM resource that made a resource, and the line of it or of its event."""
    owner, event = record.made.get(logical_id, (None, None))
    if owner is None:
        owner = logical_id if logical_id in original else closest(original, logical_id)
    if owner is not None and owner in original:
        return str(owner), _event_place(original, owner, event)
    for source_id, resource in original.items():
        connectors = resource.get("Connectors") if isinstance(resource, Mapping) else None
        for name in connectors if isinstance(connectors, Mapping) else ():
            if f"{source_id}{name}" == owner:
                return str(source_id), source_of(name, key_source(original, source_id))
    return _implicit(owner or logical_id, original)


def _event_place(original: Mapping[str, Any], owner: str, event: str | None) -> Source:
    place = key_source(original, owner)
    resource = original[owner]
    properties = resource.get("Properties") if isinstance(resource, Mapping) else None
    events = properties.get("Events") if isinstance(properties, Mapping) else None
    if event is not None and isinstance(events, Mapping) and event in events:
        return key_source(events, event, place)
    return place


def _implicit(logical_id: str, original: Mapping[str, Any]) -> tuple[str, Source]:
    """An implicit API stands where its first event stands; a deployment application where its first preference does."""
    wanted = {"ServerlessRestApi": "Api", "ServerlessHttpApi": "HttpApi"}.get(logical_id)
    for owner, resource in original.items():
        if not is_sam(resource):
            continue
        properties = resource.get("Properties")
        events = properties.get("Events") if isinstance(properties, Mapping) else None
        if wanted is None:
            if isinstance(properties, Mapping) and "DeploymentPreference" in properties:
                return logical_id, key_source(original, owner)
            continue
        for name, event in events.items() if isinstance(events, Mapping) else ():
            if isinstance(event, Mapping) and event.get("Type") == wanted:
                return logical_id, source_of(name, key_source(original, owner))
    return logical_id, next((key_source(original, key) for key in original if is_sam(original[key])), NOWHERE)


def _located(value: Any, place: Source, *, merged: bool = False) -> Any:
    """The value with a place on everything; what has none stands where the nearest thing around it does.

    What the translator merged into a resource the user wrote stands where the first text in it comes from.
    """
    if not isinstance(value, dict | list):
        return LocatedStr(value, place) if isinstance(value, str) and not isinstance(value, LocatedStr) else value
    own = source_of(value)
    if own is NOWHERE:
        own = (_first_place(value) if merged else None) or place
    if isinstance(value, list):
        return LocatedList((_located(item, own, merged=merged) for item in value), own)
    found = LocatedDict((), own)
    for key, item in value.items():
        located = key if isinstance(key, LocatedStr) else LocatedStr(str(key), own)
        found[located] = _located(item, located.source, merged=merged)
    return found


def _first_place(value: Any) -> Source | None:
    """Where the first text in a value stands; references only repeat a logical id, which stands elsewhere."""
    if isinstance(value, LocatedStr):
        return value.source if value.source is not NOWHERE else None
    if isinstance(value, dict):
        value = [item for key, item in value.items() if key not in ("Ref", "Fn::GetAtt")]
    inner = value if isinstance(value, list) else ()
    return next((place for item in inner if (place := _first_place(item)) is not None), None)


def _shared(template: Mapping[str, Any], resource: Mapping[str, Any]) -> Mapping[str, Any]:
    """What `Globals` says for a resource."""
    sections = template.get("Globals")
    held = sections.get(str(resource.get("Type")).rpartition("::")[2]) if isinstance(sections, Mapping) else None
    return held if isinstance(held, Mapping) else {}


def _put_back(resource: LocatedDict, maker: Maker, template: Mapping[str, Any], place: Source) -> None:
    """Give a generated resource back what the translator lost of the one the user wrote."""
    written = maker.properties
    properties = resource.get("Properties")
    if not isinstance(properties, dict):
        return
    match resource.get("Type"):
        case "AWS::Lambda::Function":
            _put_back_code(properties, written, template)
        case "AWS::Lambda::LayerVersion":
            content = properties.get("Content")
            if isinstance(content, Mapping) and content.get("S3Bucket") == LOCAL_BUCKET:
                properties["Content"] = written.get("ContentUri") or "."
        case "AWS::StepFunctions::StateMachine":
            definition = written.get("Definition")
            if definition is not None:
                properties.pop("DefinitionString", None)
                properties["Definition"] = definition
                properties["DefinitionSubstitutions"] = written.get("DefinitionSubstitutions") or {}
            elif is_local(written.get("DefinitionUri")):
                properties["DefinitionS3Location"] = written["DefinitionUri"]
        case "AWS::ApiGateway::RestApi" | "AWS::ApiGatewayV2::Api":
            body = properties.get("BodyS3Location")
            if isinstance(body, Mapping) and LOCAL_BUCKET in body.values():
                properties["BodyS3Location"] = written.get("DefinitionUri")
        case "AWS::IAM::Role":
            place_policies(properties, maker, place)


def _put_back_code(properties: dict[str, Any], written: Mapping[str, Any], template: Mapping[str, Any]) -> None:
    code = properties.get("Code")
    if not isinstance(code, Mapping):
        return
    global_values = template.get("Globals")
    function = global_values.get("Function") if isinstance(global_values, Mapping) else None
    shared: Mapping[str, Any] = function if isinstance(function, Mapping) else {}
    if code.get("S3Bucket") == LOCAL_BUCKET:
        properties["Code"] = written.get("CodeUri") or shared.get("CodeUri") or "."
    elif code.get("ImageUri") == LOCAL_IMAGE:
        image = written.get("ImageUri") or shared.get("ImageUri")
        properties["Code"] = LocatedDict([("ImageUri", image)]) if image else "."
