"""Amazon RDS and Aurora: databases act with associated roles, and may call functions with one.

Which function is decided by SQL at run time
(https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Integrating.Lambda.html).
"""

from __future__ import annotations

from collections.abc import Iterable

from permscope.inventory.facts import AnyFact
from permscope.services._holders import roles_of
from permscope.services._values import root
from permscope.services._wiring import role_uses
from permscope.services.interface import TemplateResource
from permscope.services.kms import encryption_key

SERVICE = "rds.amazonaws.com"


def read_database(resource: TemplateResource) -> Iterable[AnyFact]:
    """A cluster or instance; its master password is never looked at."""
    features = [item.text("FeatureName") or "" for item in root(resource).items("AssociatedRoles")]
    yield resource.resource(
        kms_key_arn=encryption_key(resource),
        publicly_accessible=resource.flag("PubliclyAccessible"),
        iam_authentication=resource.flag("EnableIAMDatabaseAuthentication"),
        role_features=tuple(feature for feature in features if feature),
    )
    yield from role_uses(resource, roles_of(resource, "AssociatedRoles[].RoleArn"), SERVICE, exact=False)
    monitoring = roles_of(resource, "MonitoringRoleArn")
    yield from role_uses(resource, monitoring, "monitoring.rds.amazonaws.com", exact=False)


def read_proxy(resource: TemplateResource) -> Iterable[AnyFact]:
    """A proxy, which reads the databases' secrets with its role."""
    yield resource.resource(
        secret_arns=tuple(arn for item in root(resource).items("Auth") if (arn := item.text("SecretArn"))),
        iam_authentication=any(item.text("IAMAuth") == "REQUIRED" for item in root(resource).items("Auth")),
    )
    yield from role_uses(resource, roles_of(resource), SERVICE, exact=False)


TEMPLATE = {
    "AWS::RDS::DBCluster": read_database,
    "AWS::RDS::DBInstance": read_database,
    "AWS::RDS::DBProxy": read_proxy,
}
SERVICE_PRINCIPALS = (SERVICE, "monitoring.rds.amazonaws.com")
