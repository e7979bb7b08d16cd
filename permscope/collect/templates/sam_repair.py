"""What to take out of a SAM template that the translator rejects, so that the rest can be read.

The smallest part goes first: a policy, an event, a property; then more of the resource; the whole of it last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, NamedTuple

from permscope.collect.templates.sam_hints import hint_of
from permscope.collect.templates.sam_restore import closest, is_sam
from permscope.collect.templates.sam_translator import Record
from permscope.errors import TemplateError
from permscope.inventory.facts import Unknown
from permscope.inventory.located import LocatedDict, LocatedStr, key_source, source_of
from permscope.inventory.source import Source
from permscope.inventory.tokens import unknown_token
from permscope.lazy import regex

_UNKNOWN_PROPERTY = regex(r"property (\w+) not defined for resource of type AWS::Serverless")
_EVENT = regex(r"Event with id \[([^\]]*)\]")
_GLOBAL = regex(r"'(\w+)' is not a supported property of '(\w+)'")
_POLICY = regex(r"Policy at index (\d+)")
_TEMPLATE = regex(r"policy template '(\w+)'|parameters of template '(\w+)'|'(\w+)' policy template")
_TAKEN_ROLE = regex(r'new resource with id \[?(\w+)\]? and type "AWS::IAM::Role"')
_OTHER_API = regex(r"ApiId must be a valid reference|Property 'ApiId' should be a string")
_PATH_PARAMETER = regex(r"\{[^{}]*\}")
_WORD = regex(r"\w+")
_VARIABLE = regex(r"\$\{[\w:]+\}")
# What says who may run a function and what it may touch; the rest is not missed where it cannot be read.
_CORE = (
    *("FunctionName", "Role", "Policies", "PermissionsBoundary", "AssumeRolePolicyDocument", "Events"),
    *("FunctionUrlConfig", "AutoPublishAlias", "Environment", "Layers", "VpcConfig"),
)
_STAND_INS = (("Runtime", "provided.al2023"), ("Handler", "handler"))


class EditKind(Enum):
    """What is taken out."""

    RESOURCE = "resource"
    PROPERTY = "property"
    ATTRIBUTE = "attribute"
    POLICY = "policy"
    EVENT = "event"
    GLOBAL = "global"
    REST = "all but what permissions hang on"
    PATH = "path"
    ROLE = "the role that it would get"
    API = "the API that an event names"


_WHY = {
    EditKind.ROLE: "SAM makes it as `{part}`, and another resource has that id",
    EditKind.API: "it is not in this template",
}


class Edit(NamedTuple):
    """One thing taken out: a resource, or a part of one (or of a section of `Globals`)."""

    kind: EditKind
    name: str
    part: str = ""

    def unknown(self, place: Source) -> Unknown:
        """The fact that says what is missing now."""
        match self.kind:
            case EditKind.RESOURCE:
                what = f"what `{self.name}` expands to"
            case EditKind.PROPERTY | EditKind.ATTRIBUTE:
                what = f"property `{self.part}` of `{self.name}`"
            case EditKind.POLICY:
                what = f"`Policies[{self.part}]` of `{self.name}`"
            case EditKind.REST:
                what = f"some properties of `{self.name}`"
            case EditKind.PATH:
                what = f"the path of event `{self.part}` of `{self.name}` as it is written"
            case EditKind.EVENT:
                what = f"event `{self.part}` of `{self.name}`"
            case EditKind.GLOBAL:
                what = f"`Globals.{self.name}.{self.part}`"
            case EditKind.ROLE:
                what = f"the execution role of `{self.name}`"
            case EditKind.API:
                what = f"the API of event `{self.part}` of `{self.name}`"
        logical_id = None if self.kind is EditKind.GLOBAL else self.name
        why = _WHY.get(self.kind, "the SAM translator rejects it").format(part=self.part)
        return Unknown(what=what, why=why, kind="transform", source=place, logical_id=logical_id)


def apply(edit: Edit, work: LocatedDict, values: Mapping[str, Any]) -> None:
    """Take a part out of a template that may be changed; `values` are those of parameters."""
    if edit.kind is EditKind.RESOURCE:
        work["Resources"].pop(edit.name, None)
        return
    resource: Any = work["Resources"].get(edit.name)
    held: Any = resource.get("Properties") if isinstance(resource, dict) else None
    match edit.kind:
        case EditKind.GLOBAL:
            sections = work.get("Globals")
            held = sections.get(edit.name) if isinstance(sections, dict) else None
        case EditKind.ATTRIBUTE:
            held = resource
        case EditKind.EVENT:
            held = held.get("Events") if isinstance(held, dict) else None
        case EditKind.POLICY:
            _drop_policy(held, int(edit.part))
            return
        case EditKind.PATH:
            _write_path(held, edit.part, values)
            return
        case EditKind.REST:
            _keep_core(held)
            return
        case EditKind.ROLE:
            if isinstance(held, dict):
                held["Role"] = unknown_token("Unknown", f"role of {edit.name}")
            return
        case EditKind.API:
            _call_from_elsewhere(work, edit.name, held, edit.part)
            return
    if isinstance(held, dict):
        held.pop(edit.part, None)


def _drop_policy(properties: Any, index: int) -> None:
    """Put no value where the policy stands, so that the others keep their number."""
    entries = properties.get("Policies") if isinstance(properties, dict) else None
    if isinstance(entries, list) and index < len(entries):
        entries[index] = {"Ref": "AWS::NoValue"}
    elif isinstance(properties, dict):
        properties.pop("Policies", None)


def _write_path(properties: Any, event: str, values: Mapping[str, Any]) -> None:
    """Write the path of an event out, as far as parameters tell it."""
    events = properties.get("Events") if isinstance(properties, dict) else None
    definition = events.get(event) if isinstance(events, dict) else None
    held: Any = definition.get("Properties") if isinstance(definition, dict) else None
    path = held.get("Path") if isinstance(held, dict) else None
    match path:
        case {"Ref": str(name)} if isinstance(values.get(name), str):
            held["Path"] = values[name]
        case {"Fn::Sub": str(text)}:
            known = {f"${{{name}}}": value for name, value in values.items() if isinstance(value, str)}
            held["Path"] = _VARIABLE.sub(lambda found: known.get(found[0], found[0]), text)


def api_resources(function: str, event: str) -> tuple[str, str, str]:
    """The logical ids of what stands for an event of an API that is elsewhere: route, integration, permission."""
    return f"{function}{event}Route", f"{function}{event}Integration", f"{function}{event}Permission"


def _call_from_elsewhere(work: LocatedDict, function: str, properties: Any, event: str) -> None:
    """Make an event of an API that is elsewhere the route that it means, and the permission that SAM would make.

    How that API asks who is there is not known. An event without a path goes.
    """
    events = properties.get("Events") if isinstance(properties, dict) else None
    definition = events.pop(event, None) if isinstance(events, dict) else None
    held: Any = definition.get("Properties") if isinstance(definition, dict) else None
    method, path = (held.get("Method"), held.get("Path")) if isinstance(held, dict) else (None, None)
    if not isinstance(method, str) or not isinstance(path, str):
        return
    api = held.get("RestApiId", held.get("ApiId"))
    api = LocatedStr(api, source_of(definition)) if isinstance(api, str) else api
    method = "ANY" if method in ("*", "x-amazon-apigateway-any-method") else method.upper()
    route, integration, permission = api_resources(function, event)
    called = "*" if method == "ANY" else method
    arn = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${PermscopeApi}/*/"
    source = {"Fn::Sub": [f"{arn}{called}/{_PATH_PARAMETER.sub('*', path.lstrip('/'))}", {"PermscopeApi": api}]}
    made = {
        route: (
            "AWS::ApiGatewayV2::Route",
            {
                "ApiId": api,
                "RouteKey": f"{method} {path}",
                "AuthorizationType": unknown_token("Unknown", "authorization"),
                "Target": {"Fn::Sub": f"integrations/${{{integration}}}"},
            },
        ),
        integration: (
            "AWS::ApiGatewayV2::Integration",
            {
                "ApiId": api,
                "IntegrationType": "AWS_PROXY",
                "PayloadFormatVersion": "2.0",
                "IntegrationUri": {"Fn::GetAtt": [function, "Arn"]},
            },
        ),
        permission: (
            "AWS::Lambda::Permission",
            {
                "Action": "lambda:InvokeFunction",
                "FunctionName": {"Ref": function},
                "Principal": "apigateway.amazonaws.com",
                "SourceArn": source,
            },
        ),
    }
    for logical_id, (type_name, values) in made.items():
        work["Resources"].setdefault(logical_id, {"Type": type_name, "Properties": values})


def _keep_core(properties: Any) -> None:
    """Leave of a function what its permissions hang on, with stand-ins for what SAM insists on."""
    if isinstance(properties, dict):
        for name in [name for name in properties if name not in _CORE]:
            del properties[name]
        properties.update(_STAND_INS)


def complaints(
    failures: Iterable[BaseException], template: Mapping[str, Any], record: Record, edits: Iterable[Edit]
) -> Iterator[tuple[Edit | None, TemplateError]]:
    """Each failure as what to take out, and as an error with its place and a hint.

    What was taken out before in vain is followed by something larger.
    """
    known = set(edits)
    resources: Mapping[str, Any] = template["Resources"]
    for failure in failures:
        text = getattr(failure, "message", None)
        message = str(text) if text is not None else "the translator cannot make sense of the template"
        section = _GLOBAL.search(message)
        if section and section[2] in (template.get("Globals") or {}):
            edit = Edit(EditKind.GLOBAL, section[2], section[1])
            yield edit, _error(message, key_source(template["Globals"][section[2]], section[1]))
            continue
        culprit = _culprit(failure, message, resources, record if text is None else None)
        if culprit is None:
            yield None, _error(message, key_source(template, "Transform", source_of(template)))
            continue
        parts = list(_parts(message, failure, culprit, resources))
        edit = next((part for part, _ in parts if part not in known), parts[-1][0])
        yield edit, _error(message, parts[0][1])


def _error(message: str, place: Source) -> TemplateError:
    return TemplateError(_sentence(message), source=place, hint=hint_of(message))


def _culprit(failure: BaseException, message: str, resources: Mapping[str, Any], record: Record | None) -> str | None:
    """The SAM resource that a failure is about; with `record`, the one that was being translated."""
    if record is not None:
        return record.current if record.current in resources else None
    named = getattr(failure, "_logical_id", None)
    for name in named if isinstance(named, list) else [named]:
        if isinstance(name, str):
            return name if name in resources else closest(resources, name)
    event = _EVENT.search(message)
    return next(
        (
            logical_id
            for logical_id, resource in resources.items()
            if event and is_sam(resource) and event[1] in _events(resource)
        ),
        None,
    )


def _events(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = resource.get("Properties")
    events = properties.get("Events") if isinstance(properties, Mapping) else None
    return events if isinstance(events, Mapping) else {}


def _parts(
    message: str, failure: BaseException, culprit: str, resources: Mapping[str, Any]
) -> Iterator[tuple[Edit, Source]]:
    """What to take out, the smallest part first, each with its place."""
    resource: Any = resources[culprit]
    place = key_source(resources, culprit)
    if isinstance(resource, Mapping):
        properties: Any = resource.get("Properties")
        properties = properties if isinstance(properties, Mapping) else {}
        taken = _TAKEN_ROLE.search(message)
        if taken and "Role" not in properties:
            yield Edit(EditKind.ROLE, culprit, taken[1]), place
        name = _UNKNOWN_PROPERTY.search(message)
        if name and name[1] in properties:
            yield Edit(EditKind.PROPERTY, culprit, name[1]), key_source(properties, name[1], place)
        event = _event_of(message, failure, culprit, resource)
        if event is not None:
            if _OTHER_API.search(message):
                yield Edit(EditKind.API, culprit, event), key_source(_events(resource), event, place)
            if "'Path'" in message:
                yield Edit(EditKind.PATH, culprit, event), key_source(_events(resource), event, place)
            yield Edit(EditKind.EVENT, culprit, event), key_source(_events(resource), event, place)
        else:
            yield from _named(message, culprit, resource, properties)
        if resource.get("Type") == "AWS::Serverless::Function":
            yield Edit(EditKind.REST, culprit), place
            for part in ("Events", "Policies"):
                if part in properties:
                    yield Edit(EditKind.PROPERTY, culprit, part), key_source(properties, part, place)
    yield Edit(EditKind.RESOURCE, culprit), place


def _named(
    message: str, culprit: str, resource: Mapping[str, Any], properties: Mapping[str, Any]
) -> Iterator[tuple[Edit, Source]]:
    """The policies, properties and attributes that a complaint names."""
    for index, where in _policies(message, properties):
        yield Edit(EditKind.POLICY, culprit, str(index)), where
    for word in dict.fromkeys(_WORD.findall(message)):
        if word in properties:
            yield Edit(EditKind.PROPERTY, culprit, word), key_source(properties, word)
        elif word in resource and word not in ("Type", "Properties"):
            yield Edit(EditKind.ATTRIBUTE, culprit, word), key_source(resource, word)


def _event_of(message: str, failure: BaseException, culprit: str, resource: Mapping[str, Any]) -> str | None:
    """The event that a complaint names, or whose resources it names: `FnTimer` is event `Timer` of `Fn`."""
    events = _events(resource)
    found = _EVENT.search(message)
    if found and found[1] in events:
        return found[1]
    named = getattr(failure, "_logical_id", None)
    rest = named.removeprefix(culprit) if isinstance(named, str) and named != culprit else ""
    return max((str(event) for event in events if rest.startswith(str(event))), key=len, default=None)


def _policies(message: str, properties: Mapping[str, Any]) -> Iterator[tuple[int, Source]]:
    """The entries of `Policies` that a complaint is about."""
    held = properties.get("Policies")
    entries = held if isinstance(held, list) else [held]
    around = key_source(properties, "Policies")
    numbered = _POLICY.search(message)
    if numbered and held is not None and int(numbered[1]) < len(entries):
        yield int(numbered[1]), source_of(entries[int(numbered[1])], around)
    template = _TEMPLATE.search(message)
    name = next((group for group in template.groups() if group), None) if template else None
    for index, entry in enumerate(entries):
        if name and isinstance(entry, Mapping) and name in entry:
            yield index, key_source(entry, name, around)


def _sentence(message: str) -> str:
    text = " ".join(message.split()).rstrip(".").replace("[", "`").replace("]", "`")
    return f"SAM: {text[:1].lower()}{text[1:]}"
