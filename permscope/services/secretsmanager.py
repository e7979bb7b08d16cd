"""AWS Secrets Manager: secrets, their policies, and the functions that rotate them.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets-required-permissions-function.html
"""

from __future__ import annotations

from collections.abc import Iterable

from permscope.inventory.facts import AnyFact
from permscope.services._holders import policy_for, roles_of
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


TEMPLATE = {
    "AWS::SecretsManager::Secret": read_secret,
    "AWS::SecretsManager::RotationSchedule": read_rotation,
    "AWS::SecretsManager::ResourcePolicy": policy_for("SecretId", "ResourcePolicy"),
}
SERVICE_PRINCIPALS = (SERVICE,)
