"""AWS Batch: the roles of jobs and of the machines they run on.

https://docs.aws.amazon.com/batch/latest/userguide/IAM_policies.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from permscope.inventory.facts import AnyFact
from permscope.services._answers import capitalised, picked
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._values import Item, mappings, root, walk
from permscope.services._wiring import properties, role_uses
from permscope.services.ecs import TASKS, agent_needs, container_answer
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


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every active job definition and compute environment; environment variables of containers are not kept."""
    for item in session.pages("batch", "describe_job_definitions", "jobDefinitions", status="ACTIVE"):
        nodes = (item.get("nodeProperties") or {}).get("nodeRangeProperties") or ()
        properties = {
            "Type": item.get("type"),
            "ContainerProperties": _live_container(item.get("containerProperties")),
            "EcsProperties": _live_tasks(item.get("ecsProperties")),
            "NodeProperties": {
                "NodeRangeProperties": [
                    {
                        "Container": _live_container(node.get("container")),
                        "EcsProperties": _live_tasks(node.get("ecsProperties")),
                    }
                    for node in nodes
                ]
            }
            if nodes
            else None,
        }
        yield session.resource(
            "AWS::Batch::JobDefinition",
            properties,
            name=item["jobDefinitionName"],
            arn=item["jobDefinitionArn"],
            call="batch.describe_job_definitions",
        )
    for item in session.pages("batch", "describe_compute_environments", "computeEnvironments"):
        resources = picked(item.get("computeResources") or {}, "instanceRole", "spotIamFleetRole")
        yield session.resource(
            "AWS::Batch::ComputeEnvironment",
            capitalised({**picked(item, "serviceRole"), "computeResources": resources}),
            name=item["computeEnvironmentName"],
            arn=item["computeEnvironmentArn"],
            call="batch.describe_compute_environments",
        )


def _live_container(answer: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if not answer:
        return None
    return {**container_answer(answer), **capitalised(picked(answer, "jobRoleArn", "executionRoleArn"))}


def _live_tasks(answer: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if not answer:
        return None
    tasks = [
        {
            **capitalised(picked(task, "taskRoleArn", "executionRoleArn")),
            "Containers": [container_answer(container) for container in task.get("containers") or ()],
        }
        for task in answer.get("taskProperties") or ()
    ]
    return {"TaskProperties": tasks}


LIVE = (
    LiveReader(
        read=read_live,
        client="batch",
        operations={
            "batch.describe_job_definitions": "which roles jobs have",
            "batch.describe_compute_environments": "which roles start machines for jobs",
        },
    ),
)
