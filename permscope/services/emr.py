"""Amazon EMR: clusters, whose service role makes instances and whose nodes act with the role of an instance profile.

https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-iam-roles.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from permscope.inventory.facts import AnyFact
from permscope.services._answers import each, picked
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._wiring import properties, role_uses
from permscope.services.ec2 import live_profile
from permscope.services.interface import TemplateResource

SERVICE = "elasticmapreduce.amazonaws.com"
_NODES = "ec2.amazonaws.com"
_ALIVE = ["STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING"]


def read_cluster(resource: TemplateResource) -> Iterable[AnyFact]:
    """`AWS::EMR::Cluster`: any code may be sent to it, so its roles may do all they allow."""
    yield resource.resource()
    for name in ("ServiceRole", "AutoScalingRole"):
        yield from role_uses(resource, properties(resource, name), SERVICE, exact=False)
    for text in properties(resource, "JobFlowRole"):
        profile = resource.stack.find(text.text, "AWS::IAM::InstanceProfile")
        roles = properties(profile, "Roles") if profile is not None else ()
        yield from role_uses(resource, roles, _NODES, exact=False)


TEMPLATE = {"AWS::EMR::Cluster": read_cluster}
SERVICE_PRINCIPALS = (SERVICE,)


def read_live(session: Session) -> Iterator[LiveFact]:
    """The clusters that run; steps and configurations, which may hold secrets, are not kept.

    https://docs.aws.amazon.com/emr/latest/APIReference/API_DescribeCluster.html
    """
    yield from each(session, _cluster, list(session.pages("emr", "list_clusters", "Clusters", ClusterStates=_ALIVE)))


def _cluster(session: Session, item: Mapping[str, Any]) -> Iterator[LiveFact]:
    answer = session.call("emr", "describe_cluster", none=("InvalidRequestException",), ClusterId=item["Id"])
    cluster = (answer or {}).get("Cluster") or {}
    profile = (cluster.get("Ec2InstanceAttributes") or {}).get("IamInstanceProfile")
    if profile:
        arn = (
            profile
            if profile.startswith("arn:")
            else session.stack.arn("iam", f"instance-profile/{profile}", region="")
        )
        yield from live_profile(session, arn)
    yield session.resource(
        "AWS::EMR::Cluster",
        {**picked(cluster, "ServiceRole", "AutoScalingRole"), "JobFlowRole": profile and profile.rpartition("/")[2]},
        name=item["Id"],
        arn=item.get("ClusterArn"),
        call="emr.describe_cluster",
    )


LIVE = (
    LiveReader(
        read=read_live,
        client="emr",
        operations={
            "emr.list_clusters": "which clusters run",
            "emr.describe_cluster": "with which roles clusters act",
            "iam.get_instance_profile": "with which roles clusters act",
        },
    ),
)
