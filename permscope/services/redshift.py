"""Amazon Redshift: clusters and namespaces, their policies, and the roles SQL may act with.

External functions call Lambda with one of those roles
(https://docs.aws.amazon.com/redshift/latest/dg/udf-creating-a-lambda-sql-udf.html).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from permscope.services._answers import each, picked
from permscope.services._holders import holder
from permscope.services._live import LiveFact, LiveReader, Session

TEMPLATE = {
    "AWS::Redshift::Cluster": holder("NamespaceResourcePolicy", service="redshift.amazonaws.com"),
    "AWS::RedshiftServerless::Namespace": holder(
        "NamespaceResourcePolicy", service="redshift-serverless.amazonaws.com"
    ),
    "AWS::Redshift::ScheduledAction": holder(service="scheduler.redshift.amazonaws.com"),
}
SERVICE_PRINCIPALS = (
    "redshift.amazonaws.com",
    "redshift-serverless.amazonaws.com",
    "scheduler.redshift.amazonaws.com",
)


_NONE = ("ResourceNotFoundFault", "ResourceNotFoundException", "UnsupportedOperation")


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every cluster with its roles and the policy of its namespace."""
    yield from each(session, _live_cluster, session.pages("redshift", "describe_clusters", "Clusters"))


def _live_cluster(session: Session, item: Mapping[str, Any]) -> Iterator[LiveFact]:
    namespace, name = item.get("ClusterNamespaceArn"), item["ClusterIdentifier"]
    answer: Mapping[str, Any] = {}
    if namespace:
        answer = session.call("redshift", "get_resource_policy", none=_NONE, ResourceArn=namespace) or {}
    roles = [role["IamRoleArn"] for role in item.get("IamRoles") or () if role.get("IamRoleArn")]
    properties = {
        **picked(item, "KmsKeyId"),
        "IamRoles": roles or None,
        "NamespaceResourcePolicy": (answer.get("ResourcePolicy") or {}).get("Policy"),
    }
    yield session.resource("AWS::Redshift::Cluster", properties, name=name, call="redshift.describe_clusters")


def read_live_serverless(session: Session) -> Iterator[LiveFact]:
    """Every namespace with its roles and policy."""
    yield from each(session, _live_namespace, session.pages("redshift-serverless", "list_namespaces", "namespaces"))


def _live_namespace(session: Session, item: Mapping[str, Any]) -> Iterator[LiveFact]:
    arn = item["namespaceArn"]
    answer = session.call("redshift-serverless", "get_resource_policy", none=_NONE, resourceArn=arn) or {}
    properties = {
        "IamRoles": [_role_in(role) for role in item.get("iamRoles") or ()] or None,
        "NamespaceResourcePolicy": (answer.get("resourcePolicy") or {}).get("policy"),
    }
    yield session.resource(
        "AWS::RedshiftServerless::Namespace",
        properties,
        name=item["namespaceName"],
        arn=arn,
        call="redshift-serverless.list_namespaces",
    )


def _role_in(text: str) -> str:
    """The ARN in `IamRole(applyStatus=in-sync, iamRoleArn=arn:...)`, as the service may write a role."""
    return text.partition("iamRoleArn=")[2].rstrip(")") if "iamRoleArn=" in text else text


LIVE = (
    LiveReader(
        read=read_live,
        client="redshift",
        operations={
            "redshift.describe_clusters": "which roles warehouses act with",
            "redshift.get_resource_policy": "who may write into a warehouse",
        },
    ),
    LiveReader(
        read=read_live_serverless,
        client="redshift-serverless",
        operations={
            "redshift-serverless.list_namespaces": "which roles warehouses act with",
            "redshift-serverless.get_resource_policy": "who may write into a warehouse",
        },
    ),
)
