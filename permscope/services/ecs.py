"""ECS: containers act with the task role; the agent pulls images and secrets with the execution role.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security-ecs-iam-role-overview.html
"""

from __future__ import annotations

from collections.abc import Iterator

from permscope.inventory.arn import split_arn
from permscope.inventory.facts import AnyFact, Need
from permscope.inventory.located import LocatedStr
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
