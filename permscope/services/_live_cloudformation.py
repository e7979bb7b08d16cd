"""CloudFormation of a live account: the roles stacks are deployed with, and the functions behind custom resources.

A `ServiceToken` stands in templates only. Of a template nothing is kept but that token.
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_GetTemplate.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from permscope.inventory.source import NOWHERE
from permscope.services._answers import each
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._values import Text
from permscope.services._wiring import role_uses
from permscope.services.cloudformation import SERVICE

_GONE = ("ValidationError",)
_CUSTOM = ("Custom::", "AWS::CloudFormation::CustomResource")


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every stack with its role and its custom resources."""
    stacks = session.pages("cloudformation", "describe_stacks", "Stacks")
    yield from each(session, _stack, [stack for stack in stacks if stack.get("StackStatus") != "DELETE_COMPLETE"])


def _stack(session: Session, stack: Mapping[str, Any]) -> Iterator[LiveFact]:
    name, arn = stack["StackName"], stack.get("StackId") or stack["StackName"]
    found = session.resource(
        "AWS::CloudFormation::Stack", {}, name=name, arn=arn, ref=arn, call="cloudformation.describe_stacks"
    )
    yield found
    if stack.get("RoleARN"):
        yield from role_uses(found, [Text(stack["RoleARN"], NOWHERE, None)], SERVICE, exact=False)
    physical: dict[str, tuple[str, str]] = {}
    for item in session.pages(
        "cloudformation", "list_stack_resources", "StackResourceSummaries", none=_GONE, StackName=arn
    ):
        kept = (item["ResourceType"], item.get("PhysicalResourceId") or "")
        physical[item["LogicalResourceId"]] = kept
    if any(kind.startswith(_CUSTOM) for kind, _ in physical.values()):
        yield from _custom_resources(session, stack, arn, physical)


def _custom_resources(
    session: Session, stack: Mapping[str, Any], arn: str, physical: Mapping[str, tuple[str, str]]
) -> Iterator[LiveFact]:
    call = "cloudformation.get_template"
    answer = session.call("cloudformation", "get_template", none=_GONE, StackName=arn, TemplateStage="Processed")
    if not answer:
        return
    resources = _resources(answer.get("TemplateBody"))
    parameters = {
        item["ParameterKey"]: item.get("ResolvedValue") or item.get("ParameterValue")
        for item in stack.get("Parameters") or ()
    }
    for logical_id, (kind, _) in physical.items():
        if not kind.startswith(_CUSTOM):
            continue
        name = f"{stack['StackName']}/{logical_id}"
        token = _token((resources.get(logical_id) or {}).get("Properties"), physical, parameters)
        if token is None:
            why = "its `ServiceToken` is not a name, a parameter or a resource of its stack"
            yield session.unknown(f"function behind custom resource `{name}`", why, "target", call=call)
        elif ":" not in token:  # the physical id of a function is its name
            token = session.stack.arn("lambda", f"function:{token}")
        yield session.resource(kind, {"ServiceToken": token}, name=name, call=call)


def _resources(body: object) -> Mapping[str, Any]:
    """The resources of a template, JSON or YAML; short forms (`!GetAtt`) are read as what they stand for."""
    import yaml

    class Loader(yaml.SafeLoader):
        """Reads the short forms of CloudFormation's functions."""

    def short(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Any:
        name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
        if isinstance(node, yaml.ScalarNode):
            return {name: loader.construct_scalar(node)}
        if isinstance(node, yaml.SequenceNode):
            return {name: loader.construct_sequence(node, deep=True)}
        return {name: loader.construct_mapping(node, deep=True) if isinstance(node, yaml.MappingNode) else None}

    Loader.add_multi_constructor("!", short)
    document: Any = body
    if isinstance(body, str):
        try:
            document = json.loads(body) if body.lstrip().startswith("{") else yaml.load(body, Loader)  # noqa: S506
        except (ValueError, yaml.YAMLError, RecursionError):
            return {}
    found = document.get("Resources") if isinstance(document, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _token(
    properties: object, physical: Mapping[str, tuple[str, str]], parameters: Mapping[str, str | None]
) -> str | None:
    """What a `ServiceToken` comes to: text, a parameter, or the resource of the stack that it names."""
    value = properties.get("ServiceToken") if isinstance(properties, Mapping) else None
    if isinstance(value, str):
        return value
    if not isinstance(value, Mapping):
        return None
    named = value.get("Ref") or value.get("Fn::GetAtt")
    name = named[0] if isinstance(named, list) and named else named
    if not isinstance(name, str):
        return None
    name = name.removesuffix(".Arn")
    if name in parameters:
        return parameters[name]
    return physical.get(name, ("", ""))[1] or None


LIVE = (
    LiveReader(
        read=read_live,
        client="cloudformation",
        operations={
            "cloudformation.describe_stacks": "which roles stacks are deployed with",
            "cloudformation.list_stack_resources": "which stacks have custom resources",
            "cloudformation.get_template": "which functions are behind custom resources",
        },
    ),
)
