"""CodeDeploy: lifecycle hooks of function deployments, and the role that moves aliases.

A hook is called with the role of the deployment group; AWS's own policy for it allows only functions whose name begins
with `CodeDeployHook_`.
https://docs.aws.amazon.com/codedeploy/latest/userguide/getting-started-create-service-role.html
"""

from __future__ import annotations

from collections.abc import Iterator

from permscope.inventory.facts import AnyFact
from permscope.services._values import Text, mappings
from permscope.services._wiring import needs_to_send, properties, role_triggers, role_uses
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
    yield resource.resource(application_name=resource.text("ApplicationName"))
    topics = [
        text for item in mappings(resource.get("TriggerConfigurations")) for text in item.texts("TriggerTargetArn")
    ]
    needs = needs_to_send(resource, topics)
    yield from role_uses(resource, properties(resource, "ServiceRoleArn"), SERVICE, needs, exact=False)


TEMPLATE = {
    "AWS::Lambda::Alias": read_alias,
    "AWS::CodeDeploy::DeploymentGroup": read_deployment_group,
}
