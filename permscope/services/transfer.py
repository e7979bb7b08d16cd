"""Transfer Family: custom identity providers, workflows, and the roles that sessions get.

https://docs.aws.amazon.com/transfer/latest/userguide/custom-lambda-idp.html and
https://docs.aws.amazon.com/transfer/latest/userguide/workflows-role.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from permscope.inventory.facts import AnyFact, Need
from permscope.inventory.located import LocatedStr
from permscope.services._answers import each, picked
from permscope.services._live import LiveFact, LiveReader, Session
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


_GONE = ("ResourceNotFoundException",)


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every server with its users and agreements, every workflow and connector."""
    servers = [item["ServerId"] for item in session.pages("transfer", "list_servers", "Servers")]
    yield from each(session, _live_server, servers)
    workflows = [item["WorkflowId"] for item in session.pages("transfer", "list_workflows", "Workflows")]
    yield from each(session, _live_workflow, workflows)
    for item in session.pages("transfer", "list_connectors", "Connectors"):
        name = item["ConnectorId"]
        answer = session.call("transfer", "describe_connector", none=_GONE, ConnectorId=name) or {}
        yield from _live_connection(session, "Connector", name, answer.get("Connector") or {})


def _live_server(session: Session, server_id: str) -> Iterator[LiveFact]:
    answer = session.call("transfer", "describe_server", none=_GONE, ServerId=server_id) or {}
    server = answer.get("Server")
    if not server:
        return
    properties = picked(server, "IdentityProviderType", "EndpointType", "LoggingRole", "WorkflowDetails")
    details = picked(server.get("IdentityProviderDetails") or {}, "Function", "InvocationRole")
    yield session.resource(
        "AWS::Transfer::Server",
        {**properties, "IdentityProviderDetails": details or None},
        name=server_id,
        arn=server["Arn"],
        call="transfer.describe_server",
    )
    for user in session.pages("transfer", "list_users", "Users", none=_GONE, ServerId=server_id):
        yield session.resource(
            "AWS::Transfer::User",
            {"ServerId": server_id, **picked(user, "Role")},
            name=user["UserName"],
            arn=user["Arn"],
            call="transfer.list_users",
        )
    for item in session.pages("transfer", "list_agreements", "Agreements", none=_GONE, ServerId=server_id):
        name = item["AgreementId"]
        found = session.call("transfer", "describe_agreement", none=_GONE, AgreementId=name, ServerId=server_id) or {}
        yield from _live_connection(session, "Agreement", name, found.get("Agreement") or {})


def _live_connection(session: Session, kind: str, name: str, found: Mapping[str, Any]) -> Iterator[LiveFact]:
    if found:
        yield session.resource(
            f"AWS::Transfer::{kind}",
            picked(found, "AccessRole", "LoggingRole"),
            name=name,
            arn=found["Arn"],
            call=f"transfer.describe_{kind.lower()}",
        )


def _live_workflow(session: Session, workflow_id: str) -> Iterator[LiveFact]:
    answer = session.call("transfer", "describe_workflow", none=_GONE, WorkflowId=workflow_id) or {}
    workflow = answer.get("Workflow")
    if workflow:
        properties = {
            key: [{"CustomStepDetails": picked(step.get("CustomStepDetails") or {}, "Target")} for step in steps]
            for key in ("Steps", "OnExceptionSteps")
            for steps in (workflow.get(key) or [],)
        }
        yield session.resource(
            "AWS::Transfer::Workflow",
            properties,
            name=workflow_id,
            arn=workflow["Arn"],
            ref=workflow_id,
            call="transfer.describe_workflow",
        )


LIVE = (
    LiveReader(
        read=read_live,
        client="transfer",
        operations={
            "transfer.list_servers": "which servers there are",
            "transfer.describe_server": "which function decides logins, and which roles a server uses",
            "transfer.list_users": "which roles users get",
            "transfer.list_agreements": "which roles exchange files",
            "transfer.describe_agreement": "which roles exchange files",
            "transfer.list_workflows": "what uploads run",
            "transfer.describe_workflow": "which functions uploads run",
            "transfer.list_connectors": "which roles exchange files",
            "transfer.describe_connector": "which roles exchange files",
        },
    ),
)
