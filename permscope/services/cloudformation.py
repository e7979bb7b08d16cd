"""CloudFormation: custom resources, macros, hooks and nested stacks.

CloudFormation calls the function behind a custom resource or macro with the permissions of whoever deploys the stack.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-custom-resources-lambda.html
"""

from __future__ import annotations

from collections.abc import Iterator

from permscope.inventory.arn import split_arn
from permscope.inventory.facts import AnyFact, Delivery, Mechanism, Need, RoleUse, Trigger
from permscope.inventory.located import LocatedStr
from permscope.services._targets import target
from permscope.services._values import about, located, root
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
