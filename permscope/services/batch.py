"""AWS Batch: the roles of jobs and of the machines they run on.

https://docs.aws.amazon.com/batch/latest/userguide/IAM_policies.html
"""

from __future__ import annotations

from collections.abc import Iterator

from permscope.inventory.facts import AnyFact
from permscope.services._values import Item, mappings, root, walk
from permscope.services._wiring import properties, role_uses
from permscope.services.ecs import TASKS, agent_needs
from permscope.services.interface import TemplateResource

SERVICE = "batch.amazonaws.com"
SPOT_FLEET = "spotfleet.amazonaws.com"
SERVICE_PRINCIPALS = (SERVICE,)


def read_job_definition(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Batch::JobDefinition`: job roles run the job's code, execution roles start its containers."""
    yield resource.resource(job_type=resource.text("Type"))
    containers = [*mappings(resource.get("ContainerProperties"))]
    for path in (("EcsProperties", "TaskProperties"), ("NodeProperties", "NodeRangeProperties")):
        for outer in mappings(resource.get(*path)):
            containers.extend(Item(inner, outer.only_if) for inner in walk(outer.value) if _has_role(inner))
    for container in containers:
        for name in ("JobRoleArn", "TaskRoleArn"):
            yield from role_uses(resource, container.texts(name), TASKS, exact=False)
        yield from role_uses(resource, container.texts("ExecutionRoleArn"), TASKS, agent_needs(resource, container))


def _has_role(value: object) -> bool:
    return isinstance(value, dict) and any(name in value for name in ("JobRoleArn", "TaskRoleArn", "ExecutionRoleArn"))


def read_compute_environment(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Batch::ComputeEnvironment`: the roles with which Batch starts machines."""
    yield resource.resource(instance_role=resource.text("ComputeResources", "InstanceRole"))
    yield from role_uses(resource, properties(resource, "ServiceRole"), SERVICE, exact=False)
    found = root(resource).texts("ComputeResources", "SpotIamFleetRole")
    yield from role_uses(resource, found, SPOT_FLEET, exact=False)


TEMPLATE = {
    "AWS::Batch::JobDefinition": read_job_definition,
    "AWS::Batch::ComputeEnvironment": read_compute_environment,
}
