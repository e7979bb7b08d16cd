"""SAM templates to CloudFormation with AWS's own translator, every generated resource knowing the line that made it.

The translator wants packaged code, a Region and a session; it is given stand-ins for the first and a stub for the
last, so nothing is read from the network and no credentials are looked for. What it loses on the way (local code paths,
state machine definitions, lines) is put back afterwards.
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification.html
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, wraps
from types import SimpleNamespace
from typing import Any

from permscope.collect.templates.files import is_local
from permscope.errors import TemplateError
from permscope.inventory.facts import Unknown
from permscope.inventory.located import LocatedDict, LocatedList, LocatedStr, key_source, source_of, value_source
from permscope.inventory.source import NOWHERE, Source
from permscope.inventory.tokens import PARTITION, REGION

TRANSFORM = "AWS::Serverless-2016-10-31"
_CODE = "s3://permscope-local-code/"
_IMAGE = "000000000000.dkr.ecr.us-east-1.amazonaws.com/permscope-local-code:latest"
_CODE_PROPERTIES = ("CodeUri", "ContentUri", "SchemaUri")
_CODE_RESOURCES = {
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Serverless::WebFunction": "CodeUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
}
_RETRIES = 12


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


@dataclass(slots=True)
class _Record:
    """Which SAM resource and event is being translated, and what came of it."""

    current: str | None = None
    made: dict[str, tuple[str, str | None]] = field(default_factory=dict)


_RECORDS: list[_Record] = []


def clone(value: Any) -> Any:
    """A deep copy in which nothing is shared, places kept."""
    if isinstance(value, dict):
        return LocatedDict(((key, clone(item)) for key, item in value.items()), source_of(value))
    if isinstance(value, list):
        return LocatedList((clone(item) for item in value), source_of(value))
    return value


def expand(
    template: LocatedDict, *, parameters: Mapping[str, Any], region: str | None, partition: str | None
) -> Expansion:
    """Expand the SAM resources of a template.

    Args:
        template: after includes and language extensions; local definitions are inlined already. It is not changed.
        parameters: values to bind while expanding; parameters without one stay references.
        region: bound Region, or None to leave `AWS::Region` open.
        partition: bound partition, or None.
    """
    found = Expansion(template)
    dropped: dict[str, None] = {}
    values = dict(parameters)
    values.setdefault("AWS::Region", region or REGION)
    values.setdefault("AWS::Partition", partition or PARTITION)
    original = template.get("Resources")
    if not isinstance(original, Mapping):
        return found
    for _ in range(_RETRIES):
        work = clone(template)
        for left_out in dropped:
            work["Resources"].pop(left_out, None)
        if not any(is_sam(resource) for resource in work["Resources"].values()) and dropped:
            output, record = work, _Record()
            failures: list[BaseException] = []
        else:
            prepared = _prepare(work)
            output, record, failures = _translate(prepared, values, region or "us-east-1")
        if not failures:
            found.template = _restored(output, template, record, found)
            break
        for logical_id, message, place in _blamed(failures, original, record, set(dropped)):
            found.errors.append(TemplateError(message, source=place, hint="`sam validate` tells more"))
            if logical_id is not None:
                dropped[logical_id] = None
        if not any(logical_id for logical_id, _, _ in _blamed(failures, original, record, set())):
            break
    else:
        found.template = template
    found.errors = list({(str(error)): error for error in found.errors}.values())
    for dropped_id in dropped:
        found.template = found.template if found.template is not template else clone(template)
        found.template["Resources"][key_of(original, dropped_id)] = original[dropped_id]
        found.unknowns.append(_left_out(dropped_id, key_source(original, dropped_id)))
    if found.template is template:
        found.unknowns.append(
            Unknown(
                what="the SAM transform of the template",
                why="the translator rejects it; resources are read as they stand",
                kind="transform",
                source=key_source(template, "Transform"),
            )
        )
    return found


def _left_out(logical_id: str, place: Source) -> Unknown:
    return Unknown(
        what=f"what `{logical_id}` expands to",
        why="the SAM translator rejects the resource",
        kind="transform",
        source=place,
        logical_id=str(logical_id),
    )


def key_of(mapping: Mapping[str, Any], key: str) -> str:
    """The key as it stands in the mapping, with its place."""
    return next((candidate for candidate in mapping if candidate == key), key)


def is_sam(resource: object) -> bool:
    """Whether a resource is one that the SAM transform expands."""
    return isinstance(resource, Mapping) and str(resource.get("Type", "")).startswith("AWS::Serverless::")


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
        if not isinstance(properties, dict):
            continue
        _stand_in(properties)
        code = _CODE_RESOURCES.get(resource["Type"])
        if code is None:
            continue
        given = {**function_globals, **properties} if code == "CodeUri" else properties
        if str(given.get("PackageType", "")) == "Image":
            properties.setdefault("ImageUri", given.get("ImageUri", _IMAGE))
        elif not any(name in given for name in (code, "InlineCode", "ImageUri")):
            properties[code] = _CODE
    parameters = work.get("Parameters")
    if isinstance(parameters, Mapping):
        for definition in parameters.values():
            if isinstance(definition, dict) and str(definition.get("NoEcho", "")).lower() == "true":
                definition.pop("Default", None)
    return work


def _stand_in(properties: dict[str, Any]) -> None:
    for name in _CODE_PROPERTIES:
        held = properties.get(name)
        if is_local(held) or (isinstance(held, dict) and not ({"Bucket", "Key"} <= set(held))):
            properties[name] = _CODE
    image = properties.get("ImageUri")
    if image is not None and not (isinstance(image, str) and ".dkr.ecr." in image) and not isinstance(image, dict):
        properties["ImageUri"] = _IMAGE
    for name in ("DefinitionUri",):
        held = properties.get(name)
        if is_local(held):
            properties[name] = _CODE + "definition"
    for name in ("Functions", "Resolvers"):
        _stand_in_below(properties.get(name), 3)


def _stand_in_below(value: object, depth: int) -> None:
    if isinstance(value, dict) and depth:
        if is_local(value.get("CodeUri")):
            value["CodeUri"] = _CODE
        for item in value.values():
            _stand_in_below(item, depth - 1)


def _translate(
    work: LocatedDict, values: Mapping[str, Any], region: str
) -> tuple[LocatedDict, _Record, list[BaseException]]:
    """One attempt: the output, or the failures."""
    from samtranslator.model.exceptions import ExceptionWithMessage, InvalidDocumentException

    record = _Record()
    _RECORDS.append(record)
    try:
        with _quiet():
            return _translator(region).translate(work, dict(values)), record, []
    except InvalidDocumentException as error:
        return work, record, list(error.causes)
    except ExceptionWithMessage as error:
        return work, record, [error]
    except (RecursionError, Exception) as error:  # noqa: BLE001 - the translator trips over malformed input in many ways
        return work, record, [error]
    finally:
        _RECORDS.pop()


def _blamed(
    failures: list[BaseException], original: Mapping[str, Any], record: _Record, already: set[str]
) -> Iterator[tuple[str | None, str, Source]]:
    """Each failure with the SAM resource to leave out and the place to point at."""
    for failure in failures:
        named = getattr(failure, "_logical_id", None)
        names = named if isinstance(named, list) else [named]
        message = getattr(failure, "message", None)
        if message is None:
            message = "the SAM translator cannot make sense of the template"
            names = [record.current]
        culprit = next((name for name in names if isinstance(name, str) and name in original), None)
        event = getattr(failure, "_event_id", None)
        if culprit is None and event is not None:
            culprit = record.current if record.current in original else _owner_of_event(original, str(event))
        if culprit is None and names[0] is not None:
            culprit = _closest(original, str(names[0]))
        if culprit is None and record.current in original and record.current not in already:
            culprit = record.current
        place = key_source(original, culprit) if culprit else source_of(original)
        yield culprit, _sentence(str(message)), place


def _sentence(message: str) -> str:
    text = " ".join(message.split()).rstrip(".").replace("[", "`").replace("]", "`")
    return f"SAM: {text[:1].lower()}{text[1:]}"


def _owner_of_event(original: Mapping[str, Any], event: str) -> str | None:
    for logical_id, resource in original.items():
        events = resource.get("Properties", {}).get("Events") if is_sam(resource) else None
        if isinstance(events, Mapping) and event in events:
            return logical_id
    return None


def _closest(original: Mapping[str, Any], name: str) -> str | None:
    """The SAM resource whose logical id begins a generated one."""
    found = [key for key, resource in original.items() if is_sam(resource) and name.startswith(key)]
    return max(found, key=len, default=None)


# The translator.


@cache
def _plugin_class() -> Any:
    from samtranslator.plugins.application.serverless_app_plugin import ServerlessAppPlugin

    class Offline(ServerlessAppPlugin):
        """Notes which resource is translated; never asks the Serverless Application Repository."""

        def on_before_transform_template(self, template_dict: Any) -> None:
            """Ask nothing."""

        def on_after_transform_template(self, template: Any) -> None:
            """Wait for nothing."""

        def on_before_transform_resource(self, logical_id: str, resource_type: str, resource_properties: Any) -> None:
            """Note the resource."""
            del resource_type, resource_properties
            if _RECORDS:
                _RECORDS[-1].current = logical_id

    Offline.__name__ = "ServerlessAppPlugin"
    return Offline


@cache
def _metrics_class() -> Any:
    from samtranslator.metrics.metrics import Metrics

    class Unmeasured(Metrics):
        """Keeps no measurements, and so has none to warn about."""

        def _record_metric(self, *arguments: Any, **keywords: Any) -> None:
            """Keep nothing."""

    return Unmeasured


def _translator(region: str) -> Any:
    _prepare_translator()
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    session: Any = SimpleNamespace(region_name=region)
    return Translator({}, Parser(), plugins=[_plugin_class()()], boto_session=session, metrics=_metrics_class()())


@cache
def _prepare_translator() -> None:
    """Build the policy template plugin once, and record which resource makes which."""
    from samtranslator.model import sam_resources
    from samtranslator.model.eventsources import cloudwatchlogs, pull, push, scheduler
    from samtranslator.model.stepfunctions import events
    from samtranslator.translator import translator

    translator.make_policy_template_for_function_plugin = cache(translator.make_policy_template_for_function_plugin)
    for module in (cloudwatchlogs, pull, push, scheduler, events):
        _record_results(module, is_event=True)
    _record_results(sam_resources, is_event=False)


def _record_results(module: Any, *, is_event: bool) -> None:
    for made in vars(module).values():
        if inspect.isclass(made) and made.__module__ == module.__name__ and "to_cloudformation" in vars(made):
            setattr(made, "to_cloudformation", _recording(vars(made)["to_cloudformation"], is_event=is_event))  # noqa: B010


def _recording(function: Any, *, is_event: bool) -> Any:
    @wraps(function)
    def to_cloudformation(self: Any, *arguments: Any, **keywords: Any) -> Any:
        record = _RECORDS[-1] if _RECORDS else _Record()
        if not is_event:
            record.current = self.logical_id
        result = function(self, *arguments, **keywords)
        event = self.relative_id if is_event else None
        owner = record.current or self.logical_id
        for resource in result if isinstance(result, list | tuple) else ():
            logical_id = getattr(resource, "logical_id", None)
            if isinstance(logical_id, str):
                record.made.setdefault(logical_id, (owner, event))
        return result

    return to_cloudformation


@contextmanager
def _quiet() -> Iterator[None]:
    logger = logging.getLogger("samtranslator")
    before = logger.disabled, logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before[1])


# Afterwards: lines, definitions and code paths.


def _restored(output: Mapping[str, Any], template: LocatedDict, record: _Record, found: Expansion) -> LocatedDict:
    """The translator's output with every value located, and with what it had to be given stand-ins for."""
    original: Mapping[str, Any] = template["Resources"]
    resources = LocatedDict((), source_of(original))
    for logical_id, resource in output["Resources"].items():
        if logical_id in original and not is_sam(original[logical_id]):
            kept = original[logical_id]
            is_same = isinstance(kept, Mapping) and kept.get("Type") == resource.get("Type")
            resources[key_of(original, logical_id)] = _located(resource, source_of(kept)) if is_same else kept
            continue
        origin, place = _origin(logical_id, original, record)
        found.origins[logical_id] = (origin, place)
        maker = original.get(origin)
        fixed = _located(resource, place)
        if isinstance(maker, Mapping) and isinstance(maker.get("Properties"), Mapping):
            _put_back(fixed, maker["Properties"], template, place)
        resources[LocatedStr(logical_id, place)] = fixed
    whole = LocatedDict((), source_of(template))
    for key, value in output.items():
        if key not in ("Resources", "Transform", "Globals"):
            whole[key_of(template, key)] = _located(value, key_source(template, key))
    whole["Resources"] = resources
    return whole


def _origin(logical_id: str, original: Mapping[str, Any], record: _Record) -> tuple[str, Source]:
    """The SAM resource that made a resource, and the line of it or of its event."""
    owner, event = record.made.get(logical_id, (None, None))
    if owner is None:
        owner = logical_id if logical_id in original else _closest(original, logical_id)
    if owner is not None and owner in original:
        return str(owner), _event_place(original, owner, event)
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


def _located(value: Any, place: Source) -> Any:
    """The value with a place on everything; what has none stands where the nearest thing around it does."""
    if isinstance(value, dict):
        own = source_of(value, place)
        own = place if own is NOWHERE else own
        found = LocatedDict((), own)
        for key, item in value.items():
            here = source_of(key, own)
            found[key if isinstance(key, LocatedStr) else LocatedStr(str(key), own)] = _located(item, here)
        return found
    if isinstance(value, list):
        own = source_of(value, place)
        own = place if own is NOWHERE else own
        return LocatedList((_located(item, own) for item in value), own)
    if isinstance(value, str) and not isinstance(value, LocatedStr):
        return LocatedStr(value, place)
    return value


def _put_back(resource: LocatedDict, written: Mapping[str, Any], template: Mapping[str, Any], place: Source) -> None:
    """Give a generated resource back what the translator lost of the one the user wrote."""
    properties = resource.get("Properties")
    if not isinstance(properties, dict):
        return
    match resource.get("Type"):
        case "AWS::Lambda::Function":
            _put_back_code(properties, written, template)
        case "AWS::Lambda::LayerVersion":
            content = properties.get("Content")
            if isinstance(content, Mapping) and content.get("S3Bucket") == "permscope-local-code":
                properties["Content"] = written.get("ContentUri") or "."
        case "AWS::StepFunctions::StateMachine":
            definition = written.get("Definition")
            if definition is not None:
                properties.pop("DefinitionString", None)
                properties["Definition"] = definition
                properties["DefinitionSubstitutions"] = written.get("DefinitionSubstitutions") or {}
            elif is_local(written.get("DefinitionUri")):
                properties["DefinitionS3Location"] = written["DefinitionUri"]
        case "AWS::IAM::Role":
            _put_back_policies(properties, written, place)


def _put_back_code(properties: dict[str, Any], written: Mapping[str, Any], template: Mapping[str, Any]) -> None:
    code = properties.get("Code")
    if not isinstance(code, Mapping):
        return
    global_values = template.get("Globals")
    function = global_values.get("Function") if isinstance(global_values, Mapping) else None
    shared: Mapping[str, Any] = function if isinstance(function, Mapping) else {}
    if code.get("S3Bucket") == "permscope-local-code":
        properties["Code"] = written.get("CodeUri") or shared.get("CodeUri") or "."
    elif code.get("ImageUri") == _IMAGE:
        image = written.get("ImageUri") or shared.get("ImageUri")
        properties["Code"] = LocatedDict([("ImageUri", image)]) if image else "."


def _put_back_policies(properties: dict[str, Any], written: Mapping[str, Any], place: Source) -> None:
    """Point policies made from SAM policy templates and policy names at the line that names them."""
    entries = written.get("Policies")
    if isinstance(entries, str | Mapping):
        entries = [entries]
    if not isinstance(entries, list):
        return
    listed = written.get("Policies")
    places = [source_of(entry, value_source(written, "Policies", place)) for entry in entries]
    policies = properties.get("Policies")
    for policy in policies if isinstance(policies, list) else ():
        index = str(policy.get("PolicyName", "")).rpartition("Policy")[2] if isinstance(policy, Mapping) else ""
        if not index.isdecimal() or int(index) >= len(entries):
            continue
        entry, here = entries[int(index)], places[int(index)]
        if isinstance(entry, Mapping) and "Statement" not in entry and len(entry) == 1:
            document = policy.get("PolicyDocument")
            if isinstance(document, LocatedDict):
                policy["PolicyDocument"] = _moved(document, place, here)
        elif isinstance(policy.get("PolicyDocument"), LocatedDict):
            policy["PolicyDocument"].source = here
    arns = properties.get("ManagedPolicyArns")
    if isinstance(arns, list) and listed is not None:
        named = {str(entry): where for entry, where in zip(entries, places, strict=True) if isinstance(entry, str)}
        for position, arn in enumerate(arns):
            if isinstance(arn, str):
                where = named.get(arn) or named.get(arn.rpartition("/")[2])
                arns[position] = LocatedStr(arn, where) if where else arn


def _moved(value: Any, old: Source, new: Source) -> Any:
    """The value with everything that stands at `old` moved to `new`."""
    if isinstance(value, dict):
        source = new if source_of(value) == old else source_of(value)
        return LocatedDict(((_moved(key, old, new), _moved(item, old, new)) for key, item in value.items()), source)
    if isinstance(value, list):
        source = new if source_of(value) == old else source_of(value)
        return LocatedList((_moved(item, old, new) for item in value), source)
    if isinstance(value, LocatedStr) and value.source == old:
        return LocatedStr(value, new)
    return value
