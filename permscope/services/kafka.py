"""Apache Kafka: Amazon MSK clusters and their policies, and self-managed clusters that Lambda polls.

https://docs.aws.amazon.com/lambda/latest/dg/msk-permissions.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from permscope.inventory.arn import split_arn
from permscope.inventory.facts import AnyFact, Need
from permscope.inventory.located import LocatedStr
from permscope.services._answers import each, picked
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._values import root
from permscope.services.interface import TemplateResource
from permscope.services.kms import encryption_key

VPC_ACTIONS = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeVpcs",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeSubnets",
    "ec2:DescribeSecurityGroups",
)
_CLUSTER_ACTIONS = ("kafka:DescribeCluster", "kafka:DescribeClusterV2", "kafka:GetBootstrapBrokers")
_CONNECT_ACTIONS = ("kafka-cluster:Connect", "kafka-cluster:DescribeClusterDynamicConfiguration")


def needs_of_vpc() -> tuple[Need, ...]:
    """What a role needs for the network interfaces through which Lambda reaches a broker in a VPC."""
    return (Need(actions=VPC_ACTIONS, resource_arn="*", why="to reach the broker in its VPC"),)


def needs_to_poll(
    cluster_arn: str, topics: Iterable[str] = (), *, group: str | None = None, iam: bool = False
) -> tuple[Need, ...]:
    """What an execution role needs to read topics of an MSK cluster.

    Args:
        cluster_arn: of the cluster, or of a VPC connection to it.
        topics: names.
        group: consumer group id; Lambda makes one up where none is given.
        iam: whether the cluster authenticates by IAM.
    """
    needs = [Need(actions=_CLUSTER_ACTIONS, resource_arn=cluster_arn, why="to find the brokers")]
    parts = split_arn(cluster_arn)
    if iam and parts is not None and parts.resource.startswith("cluster/"):
        prefix = cluster_arn[: len(cluster_arn) - len(parts.resource)]
        cluster = parts.resource.removeprefix("cluster/")
        needs.append(Need(actions=_CONNECT_ACTIONS, resource_arn=cluster_arn, why="to connect to the cluster"))
        needs += [
            Need(
                actions=("kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"),
                resource_arn=f"{prefix}topic/{cluster}/{topic}",
                why="to read the topic",
            )
            for topic in topics
        ]
        needs.append(
            Need(
                actions=("kafka-cluster:DescribeGroup", "kafka-cluster:AlterGroup"),
                resource_arn=f"{prefix}group/{cluster}/{group or '${Unknown::ConsumerGroupId}'}",
                why="to join the consumer group",
            )
        )
    return (*needs, *needs_of_vpc())


def authenticates_by_iam(cluster: TemplateResource) -> bool:
    """Whether a cluster lets clients in by IAM alone: a serverless one always does."""
    if cluster.type == "AWS::MSK::ServerlessCluster":
        return True
    by_password = cluster.flag("ClientAuthentication", "Sasl", "Scram", "Enabled")
    by_certificate = cluster.get("ClientAuthentication", "Tls") is not None
    open_to_all = cluster.flag("ClientAuthentication", "Unauthenticated", "Enabled")
    return cluster.flag("ClientAuthentication", "Sasl", "Iam", "Enabled") and not (
        by_password or by_certificate or open_to_all
    )


def read_cluster(resource: TemplateResource) -> Iterable[AnyFact]:
    """An MSK cluster."""
    public = resource.text("BrokerNodeGroupInfo", "ConnectivityInfo", "PublicAccess", "Type")
    yield resource.resource(
        kms_key_arn=encryption_key(resource),
        iam_authentication=authenticates_by_iam(resource),
        unauthenticated=resource.flag("ClientAuthentication", "Unauthenticated", "Enabled"),
        publicly_accessible=public not in (None, "DISABLED"),
    )


def read_cluster_policy(resource: TemplateResource) -> Iterable[AnyFact]:
    """The policy of a cluster."""
    for found in root(resource).texts("ClusterArn"):
        yield from resource.when(found.only_if).protects(LocatedStr(found.text, found.source), "Policy")


TEMPLATE = {
    "AWS::MSK::Cluster": read_cluster,
    "AWS::MSK::ServerlessCluster": read_cluster,
    "AWS::MSK::ClusterPolicy": read_cluster_policy,
}
SERVICE_PRINCIPALS = ("kafka.amazonaws.com",)


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every cluster with its policy."""
    yield from each(session, _live_cluster, session.pages("kafka", "list_clusters_v2", "ClusterInfoList"))


def _live_cluster(session: Session, item: Mapping[str, Any]) -> Iterator[LiveFact]:
    arn = item["ClusterArn"]
    serverless = item.get("ClusterType") == "SERVERLESS"
    held = item.get("Provisioned") or {}
    clients = {
        kind: settings
        for kind, settings in (held.get("ClientAuthentication") or {}).items()
        if kind == "Sasl" or settings.get("Enabled") is not False
    }
    properties = {**picked(held, "EncryptionInfo", "BrokerNodeGroupInfo"), "ClientAuthentication": clients or None}
    yield session.resource(
        "AWS::MSK::ServerlessCluster" if serverless else "AWS::MSK::Cluster",
        {} if serverless else properties,
        name=item["ClusterName"],
        arn=arn,
        call="kafka.list_clusters_v2",
    )
    answer = session.call("kafka", "get_cluster_policy", none=("NotFoundException",), ClusterArn=arn) or {}
    if answer.get("Policy"):
        properties = {"ClusterArn": arn, "Policy": answer["Policy"]}
        yield session.resource("AWS::MSK::ClusterPolicy", properties, name=arn, call="kafka.get_cluster_policy")


LIVE = (
    LiveReader(
        read=read_live,
        client="kafka",
        operations={
            "kafka.list_clusters_v2": "how Kafka clusters let clients in",
            "kafka.get_cluster_policy": "which accounts may use a Kafka cluster",
        },
    ),
)
