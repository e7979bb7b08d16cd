"""Amazon RDS and Aurora: databases act with associated roles, and may call functions with one.

Which function is decided by SQL at run time
(https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Integrating.Lambda.html).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from permscope.inventory.facts import AnyFact
from permscope.services._answers import picked
from permscope.services._holders import roles_of
from permscope.services._live import LiveFact, LiveReader, Session
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


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every cluster, instance and proxy with its roles; a cluster of DocumentDB is that service's own."""
    for key, operation, kind in (
        ("DBClusters", "describe_db_clusters", "DBCluster"),
        ("DBInstances", "describe_db_instances", "DBInstance"),
    ):
        for item in session.pages("rds", operation, key):
            engine = item.get("Engine")
            if engine == "docdb" or (engine == "neptune" and kind == "DBInstance"):
                continue
            properties = {
                **picked(item, "KmsKeyId", "PubliclyAccessible", "MonitoringRoleArn"),
                "EnableIAMDatabaseAuthentication": item.get("IAMDatabaseAuthenticationEnabled"),
                "AssociatedRoles": [
                    picked(role, "RoleArn", "FeatureName") for role in item.get("AssociatedRoles") or ()
                ]
                or None,
            }
            yield session.resource(
                f"AWS::{'Neptune' if engine == 'neptune' else 'RDS'}::{kind}",
                properties,
                name=item[f"{kind}Identifier"],
                arn=item[f"{kind}Arn"],
                call=f"rds.{operation}",
            )
    for item in session.pages("rds", "describe_db_proxies", "DBProxies"):
        properties = {
            "RoleArn": item.get("RoleArn"),
            "Auth": [picked(auth, "SecretArn", "IAMAuth") for auth in item.get("Auth") or ()],
        }
        yield session.resource(
            "AWS::RDS::DBProxy",
            properties,
            name=item["DBProxyName"],
            arn=item["DBProxyArn"],
            call="rds.describe_db_proxies",
        )


LIVE = (
    LiveReader(
        read=read_live,
        client="rds",
        operations={
            "rds.describe_db_clusters": "which roles databases act with",
            "rds.describe_db_instances": "which roles databases act with",
            "rds.describe_db_proxies": "which role reads the passwords of databases",
        },
    ),
)
