"""AWS Systems Manager: parameters, documents, and the tasks and automations that call functions.

https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-action-lamb.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from permscope.inventory.facts import AnyFact
from permscope.services._holders import policy_for, roles_of
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
