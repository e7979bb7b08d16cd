"""CodeDeploy: lifecycle hooks of function deployments, and the role that moves aliases.

A hook is called with the role of the deployment group; AWS's own policy for it allows only functions whose name begins
with `CodeDeployHook_`.
https://docs.aws.amazon.com/codedeploy/latest/userguide/getting-started-create-service-role.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from permscope.inventory.facts import AnyFact
from permscope.inventory.source import NOWHERE
from permscope.services._answers import arn_of, capitalised, each, picked
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._values import Item, Text, mappings
from permscope.services._wiring import needs_to_send, properties, role_triggers, role_uses
from permscope.services.ec2 import instance_roles
from permscope.services.interface import TemplateResource

SERVICE = "codedeploy.amazonaws.com"
SERVICE_PRINCIPALS = (SERVICE,)

_HOOKS = {"BeforeAllowTrafficHook": "before-allow-traffic-hook", "AfterAllowTrafficHook": "after-allow-traffic-hook"}


def read_alias(resource: TemplateResource) -> Iterator[AnyFact]:
    """`UpdatePolicy` of `AWS::Lambda::Alias`: functions that CodeDeploy runs before and after it moves traffic."""
    for update in mappings(resource.update_policy.get("CodeDeployLambdaAliasUpdate")):
        group = _group(resource, update.text("DeploymentGroupName"))
        roles: list[Text] = [*properties(group, "ServiceRoleArn")] if group is not None else []
        for name, event in _HOOKS.items():
            yield from role_triggers(
                resource,
                update.texts(name),
                roles,
                event=event,
                service=SERVICE,
                by_name=True,
                source_id=group.id if group is not None else resource.id,
            )


def _group(resource: TemplateResource, name: str | None) -> TemplateResource | None:
    return resource.stack.find(name, "AWS::CodeDeploy::DeploymentGroup") if name else None


def read_deployment_group(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::CodeDeploy::DeploymentGroup`: what is deployed with which role, and who is told."""
    yield resource.resource(
        application_name=resource.text("ApplicationName"),
        instance_role_arns=tuple(dict.fromkeys(_instance_roles(resource))) or None,
    )
    topics = [
        text for item in mappings(resource.get("TriggerConfigurations")) for text in item.texts("TriggerTargetArn")
    ]
    needs = needs_to_send(resource, topics)
    yield from role_uses(resource, properties(resource, "ServiceRoleArn"), SERVICE, needs, exact=False)


def _instance_roles(group: TemplateResource) -> Iterator[str]:
    """Roles of the instances of the template that a group deploys to: by Auto Scaling group, or by tag.

    https://docs.aws.amazon.com/codedeploy/latest/userguide/instances-tagging.html
    """
    stack = group.stack
    for text in properties(group, "AutoScalingGroups"):
        yield from instance_roles(stack.find(text.text, "AWS::AutoScaling::AutoScalingGroup"))
    alternatives = [list(mappings(group.get("Ec2TagFilters")))]
    sets = [list(mappings(each.get("Ec2TagGroup"))) for each in mappings(group.get("Ec2TagSet", "Ec2TagSetList"))]
    required = [found for found in (*alternatives, *sets) if found]
    for instance in stack.of_type("AWS::EC2::Instance") if required else ():
        tags = {tag.text("Key"): tag.text("Value") for tag in mappings(instance.get("Tags"))}
        if all(any(_is_tagged(tags, asked) for asked in filters) for filters in required):
            yield from instance_roles(instance)


def _is_tagged(tags: Mapping[str | None, str | None], asked: Item) -> bool:
    """Whether tags meet one filter; a filter of another type than those documented meets nothing."""
    key, value = asked.text("Key"), asked.text("Value")
    match asked.text("Type"):
        case "KEY_ONLY":
            return key in tags
        case "VALUE_ONLY":
            return value in tags.values()
        case "KEY_AND_VALUE":
            return key in tags and tags[key] == value
        case _:
            return False


TEMPLATE = {
    "AWS::Lambda::Alias": read_alias,
    "AWS::CodeDeploy::DeploymentGroup": read_deployment_group,
}


_GONE = ("ApplicationDoesNotExistException", "DeploymentGroupDoesNotExistException")


_APPLICATION = "AWS::CodeDeploy::Application"


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every deployment group with its role, and the functions that its last deployment ran as hooks."""
    applications = [*session.pages("codedeploy", "list_applications", "applications")]
    for application in applications:
        yield session.resource(_APPLICATION, {}, name=application, call="codedeploy.list_applications")
    groups = [
        (application, group)
        for application in applications
        for group in session.pages(
            "codedeploy", "list_deployment_groups", "deploymentGroups", none=_GONE, applicationName=application
        )
    ]
    yield from each(session, _live_group, groups)


def _live_group(session: Session, named: tuple[str, str]) -> Iterator[LiveFact]:
    application, name = named
    answer = session.call(
        "codedeploy",
        "get_deployment_group",
        none=_GONE,
        of=f"{application}/{name}",
        applicationName=application,
        deploymentGroupName=name,
    )
    group = (answer or {}).get("deploymentGroupInfo")
    if not group:
        return
    type_name = "AWS::CodeDeploy::DeploymentGroup"
    topics = [capitalised(picked(told, "triggerTargetArn")) for told in group.get("triggerConfigurations") or ()]
    found = session.resource(
        type_name,
        {
            "ApplicationName": application,
            "TriggerConfigurations": topics or None,
            "ServiceRoleArn": group.get("serviceRoleArn"),
        },
        name=name,
        arn=arn_of(session, type_name, ApplicationName=application, name=name),
        call="codedeploy.get_deployment_group",
    )
    yield found
    if group.get("computePlatform") == "Lambda":
        yield from _live_hooks(session, found, application, group)


def _live_hooks(
    session: Session, resource: TemplateResource, application: str, group: Mapping[str, Any]
) -> Iterator[LiveFact]:
    """The functions that the last deployment ran before and after it moved traffic; only its AppSpec names them.

    https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
    """
    revision = group.get("targetRevision") or {}
    if not _app_spec(revision):
        last = (group.get("lastSuccessfulDeployment") or {}).get("deploymentId")
        if not last:
            return
        answer = session.call(
            "codedeploy", "get_deployment", none=("DeploymentDoesNotExistException",), deploymentId=last
        )
        revision = ((answer or {}).get("deploymentInfo") or {}).get("revision") or {}
    if revision and not _app_spec(revision):
        answer = session.call(
            "codedeploy",
            "get_application_revision",
            none=(*_GONE, "RevisionDoesNotExistException"),
            applicationName=application,
            revision=revision,
        )
        revision = (answer or {}).get("revision") or {}
    roles = [*properties(resource, "ServiceRoleArn")]
    for event, function in _hooks_in(_app_spec(revision)):
        yield from role_triggers(
            resource, [Text(function, NOWHERE, None)], roles, event=event, service=SERVICE, by_name=True
        )


def _app_spec(revision: Mapping[str, Any]) -> str | None:
    for kind in ("appSpecContent", "string"):
        content = (revision.get(kind) or {}).get("content")
        if content:
            return str(content)
    return None


def _hooks_in(text: str | None) -> Iterator[tuple[str, str]]:
    """The hooks of an AppSpec, YAML or JSON: an event and a function's name or ARN."""
    import yaml

    try:
        document = yaml.safe_load(text) if text else None
    except (yaml.YAMLError, RecursionError):
        return
    hooks = (
        next((value for key, value in document.items() if str(key).lower() == "hooks"), None)
        if isinstance(document, Mapping)
        else None
    )
    for hook in hooks if isinstance(hooks, list) else ():
        for event, function in hook.items() if isinstance(hook, Mapping) else ():
            kind = _HOOKS.get(f"{event}Hook")
            if kind and isinstance(function, str):
                yield kind, function


LIVE = (
    LiveReader(
        read=read_live,
        client="codedeploy",
        operations={
            "codedeploy.list_applications": "which applications are deployed",
            "codedeploy.list_deployment_groups": "which applications are deployed",
            "codedeploy.get_deployment_group": "with which role an application is deployed",
            "codedeploy.get_deployment": "which functions a deployment runs as hooks",
            "codedeploy.get_application_revision": "which functions a deployment runs as hooks",
        },
    ),
)
