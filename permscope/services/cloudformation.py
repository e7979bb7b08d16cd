"""CloudFormation: custom resources, macros, hooks and nested stacks.

CloudFormation calls the function behind a custom resource or macro with the permissions of whoever deploys the stack.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-custom-resources-lambda.html

In a live account a `ServiceToken` stands in the templates of stacks only, of which nothing else is kept.
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_GetTemplate.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from permscope.inventory.arn import split_arn
from permscope.inventory.facts import AnyFact, Delivery, Mechanism, Need, RoleUse, Trigger
from permscope.inventory.located import LocatedStr
from permscope.inventory.source import NOWHERE
from permscope.services._answers import each
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._targets import target
from permscope.services._values import Text, about, located, root
from permscope.services._wiring import role_uses
from permscope.services.interface import TemplateResource

SERVICE = "cloudformation.amazonaws.com"
HOOKS = "hooks.cloudformation.amazonaws.com"
SERVICE_PRINCIPALS = (SERVICE, HOOKS)


def read_custom_resource(resource: TemplateResource) -> Iterator[AnyFact]:
    """`Custom::*` and `AWS::CloudFormation::CustomResource`: the function or topic behind `ServiceToken`."""
    yield resource.resource()
    for token in root(resource).texts("ServiceToken"):
        where = target(resource.stack, located(token))
        shared = about(resource, token.source, token.only_if)
        if where.is_function:
            yield Trigger(
                function_arn=where.arn,
                event="custom-resource",
                mechanism=Mechanism.CALLER,
                service=SERVICE,
                source_id=resource.id,
                **shared,
            )
        elif where.known:
            yield Delivery(sender_id=resource.id, target_arn=where.arn, event="custom-resource", **shared)
        else:
            why = "only a deployment tells what it is"
            yield resource.unknown(f"`ServiceToken` `{token.text}`", why, "target", token.source)


def read_macro(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::CloudFormation::Macro`: a function that rewrites templates."""
    yield resource.resource()
    for function in root(resource).texts("FunctionName"):
        arn = resource.stack.function_arn(located(function))
        if arn is not None:
            yield Trigger(
                function_arn=arn,
                event="macro",
                mechanism=Mechanism.CALLER,
                service=SERVICE,
                source_id=resource.id,
                **about(resource, function.source, function.only_if),
            )
    for role in root(resource).texts("LogRoleARN"):
        needs = _log_needs(resource, resource.text("LogGroupName"))
        yield RoleUse(
            user_id=resource.id,
            role_arn=located(role),
            service=SERVICE,
            required=needs,
            **about(resource, role.source, role.only_if),
        )


def _log_needs(resource: TemplateResource, group: str | None) -> tuple[Need, ...]:
    if not group:
        return ()
    arn = LocatedStr(resource.stack.arn("logs", f"log-group:{group}:*"), resource.place("LogGroupName"))
    return (Need(actions=("logs:CreateLogStream", "logs:PutLogEvents"), resource_arn=arn, why="to write logs"),)


def read_lambda_hook(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::CloudFormation::LambdaHook`: a function that judges stacks before they are deployed.

    https://docs.aws.amazon.com/cloudformation-cli/latest/hooks-userguide/lambda-hooks.html
    """
    enabled = resource.text("HookStatus") != "DISABLED"
    yield resource.resource(failure_mode=resource.text("FailureMode"))
    roles = [*root(resource).texts("ExecutionRole")]
    for function in root(resource).texts("LambdaFunction"):
        arn = resource.stack.function_arn(located(function))
        if arn is None:
            continue
        need = Need(
            actions=("lambda:GetFunction", "lambda:InvokeFunction"), resource_arn=arn, why="to ask the function"
        )
        for role in roles:
            yield Trigger(
                function_arn=arn,
                event="hook",
                mechanism=Mechanism.SERVICE_ROLE,
                service=HOOKS,
                source_id=resource.id,
                role_arn=located(role),
                required=(need,),
                enabled=enabled,
                **about(resource, function.source, function.only_if or role.only_if),
            )
    for role in roles:
        yield RoleUse(
            user_id=resource.id, role_arn=located(role), service=HOOKS, **about(resource, role.source, role.only_if)
        )


def read_hook(resource: TemplateResource) -> Iterator[AnyFact]:
    """Hooks and extensions that run with a role of their own; what they do with it is not in the template."""
    yield resource.resource(type_name=resource.text("TypeName"))
    for name in ("ExecutionRole", "ExecutionRoleArn"):
        for role in root(resource).texts(name):
            yield RoleUse(
                user_id=resource.id,
                role_arn=located(role),
                service=HOOKS if "Hook" in resource.type else "resources.cloudformation.amazonaws.com",
                exact=False,
                **about(resource, role.source, role.only_if),
            )


def read_stack_set(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::CloudFormation::StackSet`: stacks in other accounts, deployed by way of an administration role."""
    yield resource.resource(permission_model=resource.text("PermissionModel"))
    execution = resource.text("ExecutionRoleName") or "AWSCloudFormationStackSetExecutionRole"
    for role in root(resource).texts("AdministrationRoleARN"):
        parts = split_arn(role.text)
        arn = LocatedStr(f"arn:{parts.partition if parts else 'aws'}:iam::*:role/{execution}", role.source)
        yield RoleUse(
            user_id=resource.id,
            role_arn=located(role),
            service=SERVICE,
            required=(Need(actions=("sts:AssumeRole",), resource_arn=arn, why="to deploy in other accounts"),),
            exact=False,
            **about(resource, role.source, role.only_if),
        )


TEMPLATE = {
    "Custom::*": read_custom_resource,
    "AWS::CloudFormation::CustomResource": read_custom_resource,
    "AWS::CloudFormation::Macro": read_macro,
    "AWS::CloudFormation::LambdaHook": read_lambda_hook,
    "AWS::CloudFormation::GuardHook": read_hook,
    "AWS::CloudFormation::HookVersion": read_hook,
    "AWS::CloudFormation::ResourceVersion": read_hook,
    "AWS::CloudFormation::StackSet": read_stack_set,
}


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
