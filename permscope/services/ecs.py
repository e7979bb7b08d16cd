"""ECS: containers act with the task role; the agent pulls images and secrets with the execution role.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security-ecs-iam-role-overview.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from permscope.inventory.arn import split_arn
from permscope.inventory.facts import AnyFact, Need
from permscope.inventory.located import LocatedStr
from permscope.services._answers import capitalised, differing, picked
from permscope.services._live import LiveFact, LiveReader, LiveResource, Session
from permscope.services._values import Item, Text, mappings
from permscope.services._wiring import properties, role_uses
from permscope.services.interface import TemplateResource

TASKS = "ecs-tasks.amazonaws.com"
SERVICE = "ecs.amazonaws.com"
SERVICE_PRINCIPALS = (TASKS, SERVICE)


def read_task_definition(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::ECS::TaskDefinition`: both of its roles."""
    yield resource.resource(network_mode=resource.text("NetworkMode"))
    yield from role_uses(resource, properties(resource, "TaskRoleArn"), TASKS, exact=False)
    needs = [
        need
        for container in mappings(resource.get("ContainerDefinitions"))
        for need in agent_needs(resource, container)
    ]
    yield from role_uses(resource, properties(resource, "ExecutionRoleArn"), TASKS, needs)


def agent_needs(resource: TemplateResource, container: Item) -> Iterator[Need]:
    """What starting a container takes: its image, its log group, its secrets."""
    for image in container.texts("Image"):
        repository = _repository(resource, image)
        if repository:
            yield Need(actions=("ecr:GetAuthorizationToken",), resource_arn="*", why="to pull the image")
            yield Need(
                actions=("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
                resource_arn=repository,
                why="to pull the image",
            )
    if container.text("LogConfiguration", "LogDriver") == "awslogs":
        for group in container.texts("LogConfiguration", "Options", "awslogs-group"):
            arn = LocatedStr(resource.stack.arn("logs", f"log-group:{group.text}:*"), group.source)
            yield Need(actions=("logs:CreateLogStream", "logs:PutLogEvents"), resource_arn=arn, why="to write logs")
    for secret in container.items("Secrets"):
        for text in secret.texts("ValueFrom"):
            yield _secret(resource, text)
    for text in container.texts("RepositoryCredentials", "CredentialsParameter"):
        yield _secret(resource, text)


def _repository(resource: TemplateResource, image: Text) -> str | None:
    """The ARN of the private repository an image comes from: `ACCOUNT.dkr.ecr.REGION.SUFFIX/NAME:TAG`."""
    host, _, rest = image.text.partition("/")
    account, marker, region = host.partition(".dkr.ecr.")
    if not marker or not rest:
        return None
    region = region.removesuffix(f".{resource.stack.url_suffix}").removesuffix(".amazonaws.com")
    name = rest.partition("@")[0].partition(":")[0] if "${" not in rest else rest.partition("@")[0].rsplit(":", 1)[0]
    return LocatedStr(resource.stack.arn("ecr", f"repository/{name}", region=region, account=account), image.source)


def _secret(resource: TemplateResource, text: Text) -> Need:
    """A secret or parameter given by ARN, or a parameter of the same Region given by name."""
    parts = split_arn(text.text)
    if parts is not None and parts.service == "secretsmanager":
        # `secret:name:json-key:stage:version` names one field of the secret
        name = ":".join(parts.resource.split(":")[:2]) if "${" not in parts.resource else parts.resource
        arn = f"{text.text.removesuffix(parts.resource)}{name}"
        actions: tuple[str, ...] = ("secretsmanager:GetSecretValue",)
        return Need(actions=actions, resource_arn=LocatedStr(arn, text.source), why="to read a secret")
    arn = text.text
    if parts is None and not arn.startswith("${"):
        arn = resource.stack.arn("ssm", f"parameter/{arn.lstrip('/')}")
    return Need(actions=("ssm:GetParameters",), resource_arn=LocatedStr(arn, text.source), why="to read a secret")


def read_service(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::ECS::Service`: the role with which ECS registers tasks at a load balancer, and infrastructure roles."""
    yield resource.resource(cluster=resource.text("Cluster"), task_definition=resource.text("TaskDefinition"))
    yield from role_uses(resource, properties(resource, "Role"), SERVICE, exact=False)
    for item in mappings(resource.get("VolumeConfigurations")):
        yield from role_uses(resource, item.texts("ManagedEBSVolume", "RoleArn"), SERVICE, exact=False)


def read_cluster(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::ECS::Cluster`: a cluster."""
    yield resource.resource()


TEMPLATE = {
    "AWS::ECS::TaskDefinition": read_task_definition,
    "AWS::ECS::Service": read_service,
    "AWS::ECS::Cluster": read_cluster,
}


_MOST_SERVICES = 10
"""How many services one call may ask for."""


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every cluster and service, and the task definitions that run: the newest of each family and those of services.

    Environment variables of containers are not kept.
    """
    used: dict[str, None] = {}
    for cluster in session.pages("ecs", "list_clusters", "clusterArns"):
        name = cluster.rpartition("/")[2]
        yield session.resource("AWS::ECS::Cluster", {}, name=name, arn=cluster, call="ecs.list_clusters")
        for service in _live_services(session, cluster):
            used[service.properties["TaskDefinition"]] = None
            yield service
    families = [*session.pages("ecs", "list_task_definition_families", "families", status="ACTIVE")]
    seen: set[str] = set()
    for answer in session.map(lambda named: _live_task(session, named), [*families, *used]):
        for found in answer:
            if found.id not in seen:
                seen.add(found.id)
                yield found


def _live_services(session: Session, cluster: str) -> Iterator[LiveResource]:
    gone = ("ClusterNotFoundException",)
    arns = [*session.pages("ecs", "list_services", "serviceArns", none=gone, cluster=cluster)]
    for start in range(0, len(arns), _MOST_SERVICES):
        some = arns[start : start + _MOST_SERVICES]
        answer = session.call("ecs", "describe_services", none=gone, cluster=cluster, services=some) or {}
        for item in answer.get("services") or ():
            properties = {
                "Cluster": cluster,
                "TaskDefinition": item.get("taskDefinition") or "",
                "Role": item.get("roleArn"),
            }
            yield session.resource(
                "AWS::ECS::Service",
                properties,
                name=item["serviceName"],
                arn=item["serviceArn"],
                call="ecs.describe_services",
            )


def _live_task(session: Session, named: str) -> list[LiveResource]:
    if not named:
        return []  # a service that another deployment controller runs has none of its own
    answer = session.call("ecs", "describe_task_definition", none=("ClientException",), taskDefinition=named) or {}
    task = answer.get("taskDefinition")
    if not task:
        return []
    properties = {
        **capitalised(picked(task, "taskRoleArn", "executionRoleArn")),
        **capitalised(differing(task, networkMode="bridge")),
        "ContainerDefinitions": [container_answer(found) for found in task.get("containerDefinitions") or ()],
    }
    arn = task["taskDefinitionArn"]
    return [
        session.resource(
            "AWS::ECS::TaskDefinition",
            properties,
            name=task.get("family") or named,
            arn=arn,
            call="ecs.describe_task_definition",
        )
    ]


def container_answer(answer: Mapping[str, Any]) -> dict[str, Any]:
    """What of a container matters to roles, as ECS and Batch answer it."""
    log = answer.get("logConfiguration") or {}
    return {
        **capitalised(picked(answer, "image", "secrets", "repositoryCredentials")),
        "LogConfiguration": {
            "LogDriver": log.get("logDriver"),
            "Options": picked(log.get("options") or {}, "awslogs-group"),
        },
    }


LIVE = (
    LiveReader(
        read=read_live,
        client="ecs",
        operations={
            "ecs.list_clusters": "which clusters there are",
            "ecs.list_services": "which services run",
            "ecs.describe_services": "which tasks run, and with which role they are registered",
            "ecs.list_task_definition_families": "which tasks can run",
            "ecs.describe_task_definition": "which roles tasks have",
        },
    ),
)
