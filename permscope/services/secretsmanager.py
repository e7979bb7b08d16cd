"""AWS Secrets Manager: secrets, their policies, and the functions that rotate them.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets-required-permissions-function.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from permscope.inventory.facts import AnyFact
from permscope.services._holders import policy_for, roles_of
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._values import root
from permscope.services._wiring import role_uses, triggers
from permscope.services.interface import TemplateResource
from permscope.services.kms import encryption_key

SERVICE = "secretsmanager.amazonaws.com"


def read_secret(resource: TemplateResource) -> Iterable[AnyFact]:
    """A secret; its value is never looked at."""
    regions = tuple(region for item in root(resource).items("ReplicaRegions") if (region := item.text("Region")))
    yield resource.resource(kms_key_arn=encryption_key(resource), replica_regions=regions)


def read_rotation(resource: TemplateResource) -> Iterable[AnyFact]:
    """The function that rotates a secret; one that AWS hosts is made by a nested stack at deployment."""
    named = resource.text("SecretId")
    secret = resource.stack.find(named, "AWS::SecretsManager::Secret")
    source = secret.id if secret is not None else named
    yield from triggers(
        resource,
        root(resource).texts("RotationLambdaARN"),
        event="secret-rotation",
        service=SERVICE,
        by_name=True,
        source_id=source,
        source_arn=source,
    )
    if resource.get("HostedRotationLambda") is not None:
        why = "a transform of AWS makes it at deployment, with a role of its own"
        yield resource.unknown("the hosted rotation function", why, "transform", resource.place("HostedRotationLambda"))
    roles = roles_of(resource, "ExternalSecretRotationRoleArn")
    yield from role_uses(resource, roles, SERVICE, exact=False)


def _named(resource: TemplateResource, name: str) -> str:
    """The ARN of a secret of that name: it ends in a hyphen and six characters that AWS chooses.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
    """
    return resource.stack.arn("secretsmanager", f"secret:{name}-??????")


TEMPLATE = {
    "AWS::SecretsManager::Secret": read_secret,
    "AWS::SecretsManager::RotationSchedule": read_rotation,
    "AWS::SecretsManager::ResourcePolicy": policy_for("SecretId", "ResourcePolicy", arn=_named),
}
SERVICE_PRINCIPALS = (SERVICE,)


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every secret with its policy and the function that rotates it; values are never asked for."""
    secrets = list(session.pages("secretsmanager", "list_secrets", "SecretList"))
    for found in session.map(lambda secret: list(_live_secret(session, secret)), secrets):
        yield from found


def _live_secret(session: Session, secret: Mapping[str, Any]) -> Iterator[LiveFact]:
    arn, name = secret["ARN"], secret["Name"]
    call = "secretsmanager.list_secrets"
    yield session.resource(
        "AWS::SecretsManager::Secret", {"KmsKeyId": secret.get("KmsKeyId")}, name=name, arn=arn, ref=arn, call=call
    )
    if secret.get("RotationEnabled"):
        properties = {
            "SecretId": arn,
            "RotationLambdaARN": secret.get("RotationLambdaARN"),
            "ExternalSecretRotationRoleArn": secret.get("ExternalSecretRotationRoleArn"),
        }
        yield session.resource("AWS::SecretsManager::RotationSchedule", properties, name=name, call=call)
    answer = session.call("secretsmanager", "get_resource_policy", none=("ResourceNotFoundException",), SecretId=arn)
    if answer and answer.get("ResourcePolicy"):
        properties = {"SecretId": arn, "ResourcePolicy": answer["ResourcePolicy"]}
        yield session.resource(
            "AWS::SecretsManager::ResourcePolicy", properties, name=name, call="secretsmanager.get_resource_policy"
        )


LIVE = (
    LiveReader(
        read=read_live,
        client="secretsmanager",
        operations={
            "secretsmanager.list_secrets": "which secrets there are, their keys and what rotates them",
            "secretsmanager.get_resource_policy": "who may read a secret",
        },
    ),
)
