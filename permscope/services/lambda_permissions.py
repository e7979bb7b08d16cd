"""Who may use a function, version, alias or layer: AWS Lambda's resource-based policies.

`AWS::Lambda::Permission` is kept as the statement that Lambda stores for it
(https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html).
"""

from __future__ import annotations

from collections.abc import Iterable

from permscope.inventory.facts import AnyFact, ResourcePolicy
from permscope.inventory.located import LocatedStr, source_of
from permscope.inventory.policies import ConditionEntry, Policy, PolicyKind, Principal, Statement
from permscope.inventory.tokens import ACCOUNT, UNKNOWN_TOKEN, URL_SUFFIX
from permscope.lazy import regex
from permscope.services.interface import Stack, TemplateResource

# property of a permission -> the condition Lambda stores for it
_CONDITIONS = {
    "SourceArn": ("ArnLike", "AWS:SourceArn"),
    "SourceAccount": ("StringEquals", "AWS:SourceAccount"),
    "PrincipalOrgID": ("StringEquals", "aws:PrincipalOrgID"),
    "EventSourceToken": ("StringEquals", "lambda:EventSourceToken"),
    "FunctionUrlAuthType": ("StringEquals", "lambda:FunctionUrlAuthType"),
    "InvokedViaFunctionUrl": ("Bool", "lambda:InvokedViaFunctionUrl"),
}
_ACCOUNT_ID = regex(r"\d{12}")
_SERVICE = regex(r"\.(amazonaws\.com(\.cn)?|amazon\.com|amazonaws\.eu)$")


def stored_principals(stack: Stack, text: str) -> tuple[Principal, ...]:
    """How Lambda stores the `Principal` of a permission.

    A value nobody gave may turn out to be an account, a principal or a service, and is kept as each.
    """
    source = source_of(text)
    if text == "*":
        return (Principal("*", text),)
    if _ACCOUNT_ID.fullmatch(text) or text in (stack.account, ACCOUNT):
        return (Principal("AWS", LocatedStr(stack.arn("iam", "root", region="", account=text), source)),)
    service = text.replace(URL_SUFFIX, "amazonaws.com")
    if _SERVICE.search(service):
        return (Principal("Service", LocatedStr(service, source)),)
    if UNKNOWN_TOKEN.fullmatch(text):
        return (Principal("AWS", text), Principal("Service", text))
    return (Principal("AWS", text),)


def read_permission(resource: TemplateResource) -> Iterable[AnyFact]:
    """One statement of the policy of a function, version or alias, as Lambda stores it."""
    for variant in resource.variants("FunctionName", "Action", "Principal", *_CONDITIONS):
        arn = resource.stack.function_arn(variant.text("FunctionName"))
        action, principal = variant.text("Action"), variant.text("Principal")
        if not arn or not action or not principal:
            missing = "FunctionName" if not arn else "Action" if not action else "Principal"
            yield variant.unknown("the permission", f"its `{missing}` is missing", "shape")
            continue
        conditions = []
        for name, (operator, key) in _CONDITIONS.items():
            value = variant.text(name)
            if value is not None and not (name == "InvokedViaFunctionUrl" and value.lower() == "false"):
                value = LocatedStr(value.lower(), source_of(value)) if operator == "Bool" else value
                conditions.append(ConditionEntry(operator, key, (value,), variant.place(name)))
        yield stored_permission(variant, arn, action, stored_principals(resource.stack, principal), tuple(conditions))


def stored_permission(
    resource: TemplateResource,
    arn: str,
    action: str,
    principals: tuple[Principal, ...],
    conditions: tuple[ConditionEntry, ...],
) -> ResourcePolicy:
    """A permission as the statement that Lambda keeps, in a policy of its own."""
    statement = Statement(
        effect="Allow",
        sid=resource.logical_id,
        actions=(action,),
        resources=(arn,),
        principals=principals,
        conditions=conditions,
        only_if=resource.only_if,
        source=resource.source,
    )
    policy = Policy(
        name=resource.logical_id,
        kind=PolicyKind.RESOURCE,
        statements=(statement,),
        version="2012-10-17",
        logical_id=resource.origin,
        source=resource.source,
    )
    return ResourcePolicy(resource_arn=arn, policy=policy, type=resource.type, **resource.facts_about())


def read_resource_policy(resource: TemplateResource) -> Iterable[AnyFact]:
    """A whole policy document on a function, version or alias."""
    for variant in resource.variants("ResourceArn"):
        arn = resource.stack.function_arn(variant.text("ResourceArn"))
        yield from variant.protects(arn, "PolicyDocument")


def read_layer_permission(resource: TemplateResource) -> Iterable[AnyFact]:
    """Who may use a layer version.

    https://docs.aws.amazon.com/lambda/latest/api/API_AddLayerVersionPermission.html
    """
    for variant in resource.variants("LayerVersionArn", "Principal", "OrganizationId"):
        arn, principal = variant.text("LayerVersionArn"), variant.text("Principal")
        if not arn or not principal:
            missing = "LayerVersionArn" if not arn else "Principal"
            yield variant.unknown("the layer permission", f"its `{missing}` is missing", "shape")
            continue
        organization = variant.text("OrganizationId")
        conditions: tuple[ConditionEntry, ...] = ()
        if organization:
            place = variant.place("OrganizationId")
            conditions = (ConditionEntry("StringEquals", "aws:PrincipalOrgID", (organization,), place),)
        action = variant.text("Action") or "lambda:GetLayerVersion"
        yield stored_permission(variant, arn, action, stored_principals(resource.stack, principal), conditions)


TEMPLATE = {
    "AWS::Lambda::Permission": read_permission,
    "AWS::Lambda::ResourcePolicy": read_resource_policy,
    "AWS::Lambda::LayerVersionPermission": read_layer_permission,
}
