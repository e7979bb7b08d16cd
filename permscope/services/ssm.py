"""AWS Systems Manager: parameters, documents, and the tasks and automations that call functions.

https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-action-lamb.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from permscope.inventory.facts import AnyFact
from permscope.services._answers import differing, each, picked
from permscope.services._holders import policy_for, roles_of
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._values import Text, json_value, mappings, root, texts
from permscope.services._wiring import role_triggers, role_uses
from permscope.services.interface import TemplateResource

SERVICE = "ssm.amazonaws.com"


def read_parameter(resource: TemplateResource) -> Iterable[AnyFact]:
    """A parameter; its value is never looked at."""
    yield resource.resource(parameter_type=resource.text("Type"), tier=resource.text("Tier"))


def read_document(resource: TemplateResource) -> Iterable[AnyFact]:
    """A document; an automation acts with the role it names and may call functions."""
    yield resource.resource(document_type=resource.text("DocumentType"))
    content = json_value(resource.get("Content"))
    if not isinstance(content, Mapping):
        if resource.text("DocumentType") == "Automation":
            why = "its content is not JSON, or not there"
            yield resource.unknown("the automation", why, "shape", resource.place("Content"))
        return
    roles = list(_named(resource, texts(content.get("assumeRole"), resource.place("Content"))))
    yield from role_uses(resource, roles, SERVICE, exact=False)
    for step in mappings(content.get("mainSteps")):
        if step.text("action") == "aws:invokeLambdaFunction":
            functions = _named(resource, step.texts("inputs", "FunctionName"))
            yield from role_triggers(resource, functions, roles, event="ssm-automation", service=SERVICE, by_name=True)


def _named(resource: TemplateResource, values: Iterable[Text]) -> Iterator[Text]:
    """The values that are decided when the document is written, not when it is run (`{{ Function }}`)."""
    for value in values:
        if "{{" not in value.text:
            yield value
        else:
            unknown = resource.unknown(
                f"`{value.text}`", "whoever runs the document chooses it", "run-time", value.source
            )
            resource.unknowns.append(unknown)


def read_maintenance_task(resource: TemplateResource) -> Iterable[AnyFact]:
    """A task of a maintenance window; one of type `LAMBDA` calls a function with the window's role."""
    yield resource.resource(task_type=resource.text("TaskType"))
    roles = list(roles_of(resource, "ServiceRoleArn"))
    if resource.text("TaskType") == "LAMBDA":
        yield from role_triggers(
            resource,
            root(resource).texts("TaskArn"),
            roles,
            event="ssm-maintenance-window",
            service=SERVICE,
            by_name=True,
        )
    yield from role_uses(resource, roles_of(resource), SERVICE, exact=False)


TEMPLATE = {
    "AWS::SSM::Parameter": read_parameter,
    "AWS::SSM::Document": read_document,
    "AWS::SSM::MaintenanceWindowTask": read_maintenance_task,
    "AWS::SSM::ResourcePolicy": policy_for("ResourceArn", "Policy"),
}
SERVICE_PRINCIPALS = (SERVICE,)


_OWN_AUTOMATIONS = [
    {"Key": "Owner", "Values": ["Self"]},
    {"Key": "DocumentType", "Values": ["Automation"]},
]


def read_live(session: Session) -> Iterator[LiveFact]:
    """Parameters, never their values, and the policies of those that can have one; automations; maintenance tasks."""
    shared = []
    for item in session.pages("ssm", "describe_parameters", "Parameters"):
        arn = item.get("ARN") or session.stack.arn("ssm", f"parameter/{item['Name'].lstrip('/')}")
        yield session.resource(
            "AWS::SSM::Parameter",
            {**picked(item, "Type"), **differing(item, Tier="Standard")},
            name=item["Name"],
            arn=arn,
            call="ssm.describe_parameters",
        )
        if item.get("Tier") == "Advanced":
            shared.append(arn)
    yield from each(session, _live_policies, shared)
    names = [
        item["Name"] for item in session.pages("ssm", "list_documents", "DocumentIdentifiers", Filters=_OWN_AUTOMATIONS)
    ]
    yield from each(session, _live_document, names)
    windows = [item["WindowId"] for item in session.pages("ssm", "describe_maintenance_windows", "WindowIdentities")]
    yield from each(session, _live_tasks, windows)


def _live_policies(session: Session, arn: str) -> Iterator[LiveFact]:
    none = ("ResourceNotFoundException",)
    for item in session.pages("ssm", "get_resource_policies", "Policies", none=none, ResourceArn=arn):
        properties = {"ResourceArn": arn, "Policy": item.get("Policy")}
        name = item.get("PolicyId") or arn
        yield session.resource("AWS::SSM::ResourcePolicy", properties, name=name, call="ssm.get_resource_policies")


def _live_document(session: Session, name: str) -> Iterator[LiveFact]:
    answer = session.call("ssm", "get_document", none=("InvalidDocument",), Name=name, DocumentFormat="JSON")
    if answer:
        properties = {"DocumentType": answer.get("DocumentType"), "Content": answer.get("Content")}
        yield session.resource("AWS::SSM::Document", properties, name=name, call="ssm.get_document")


def _live_tasks(session: Session, window: str) -> Iterator[LiveFact]:
    call = "ssm.describe_maintenance_window_tasks"
    none = ("DoesNotExistException",)
    for item in session.pages("ssm", "describe_maintenance_window_tasks", "Tasks", none=none, WindowId=window):
        properties = {"TaskType": item.get("Type"), **picked(item, "TaskArn", "ServiceRoleArn")}
        name = f"{window}/{item['WindowTaskId']}"
        yield session.resource("AWS::SSM::MaintenanceWindowTask", properties, name=name, call=call)


LIVE = (
    LiveReader(
        read=read_live,
        client="ssm",
        operations={
            "ssm.describe_parameters": "which parameters there are",
            "ssm.get_resource_policies": "to which accounts a parameter is shared",
            "ssm.list_documents": "which automations there are",
            "ssm.get_document": "which functions an automation runs, and with which role",
            "ssm.describe_maintenance_windows": "which maintenance windows there are",
            "ssm.describe_maintenance_window_tasks": "which functions a maintenance window runs",
        },
    ),
)
