"""Transfer Family: custom identity providers, workflows, and the roles that sessions get.

https://docs.aws.amazon.com/transfer/latest/userguide/custom-lambda-idp.html and
https://docs.aws.amazon.com/transfer/latest/userguide/workflows-role.html
"""

from __future__ import annotations

from collections.abc import Iterator

from permscope.inventory.facts import AnyFact, Need
from permscope.inventory.located import LocatedStr
from permscope.services._values import Text, mappings
from permscope.services._wiring import properties, role_triggers, role_uses, triggers
from permscope.services.interface import TemplateResource

SERVICE = "transfer.amazonaws.com"
SERVICE_PRINCIPALS = (SERVICE,)


def read_server(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Transfer::Server`: who decides logins, and with which roles logs are written and workflows run."""
    kind = resource.text("IdentityProviderType")
    yield resource.resource(identity_provider_type=kind, endpoint_type=resource.text("EndpointType"))
    found = properties(resource, "IdentityProviderDetails", "Function")
    yield from triggers(resource, found, event="transfer-identity-provider", service=SERVICE)
    yield from role_uses(
        resource, properties(resource, "IdentityProviderDetails", "InvocationRole"), SERVICE, exact=False
    )
    yield from role_uses(resource, properties(resource, "LoggingRole"), SERVICE, _logging(resource))
    for text, _ in _workflow_roles(resource):
        yield from role_uses(resource, [text], SERVICE, exact=False)


def _logging(resource: TemplateResource) -> tuple[Need, ...]:
    arn = LocatedStr(resource.stack.arn("logs", "log-group:/aws/transfer/*"), resource.place("LoggingRole"))
    actions = ("logs:CreateLogStream", "logs:CreateLogGroup", "logs:PutLogEvents")
    return (Need(actions=actions, resource_arn=arn, why="to write logs"),)


def _workflow_roles(server: TemplateResource) -> Iterator[tuple[Text, str | None]]:
    """Each role a server runs a workflow with, and the id of the workflow."""
    for details in mappings(server.get("WorkflowDetails")):
        for kind in ("OnUpload", "OnPartialUpload"):
            for item in details.items(kind):
                for role in item.texts("ExecutionRole"):
                    yield role, item.text("WorkflowId")


def read_workflow(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Transfer::Workflow`: functions its custom steps call, with the role of the server that runs it."""
    yield resource.resource()
    roles = [
        role
        for server in resource.stack.of_type("AWS::Transfer::Server")
        for role, workflow in _workflow_roles(server)
        if workflow is not None and workflow == resource.ref
    ]
    for name in ("Steps", "OnExceptionSteps"):
        for step in mappings(resource.get(name)):
            found = step.texts("CustomStepDetails", "Target")
            yield from role_triggers(resource, found, roles, event="transfer-workflow-step", service=SERVICE)


def read_user(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Transfer::User`: the role that the user's sessions get."""
    yield resource.resource()
    yield from role_uses(resource, properties(resource, "Role"), SERVICE, exact=False)


def read_connection(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Transfer::Agreement` and `Connector`: roles that read and write exchanged files."""
    yield resource.resource()
    for name in ("AccessRole", "LoggingRole"):
        yield from role_uses(resource, properties(resource, name), SERVICE, exact=False)


TEMPLATE = {
    "AWS::Transfer::Server": read_server,
    "AWS::Transfer::Workflow": read_workflow,
    "AWS::Transfer::User": read_user,
    "AWS::Transfer::Agreement": read_connection,
    "AWS::Transfer::Connector": read_connection,
}
