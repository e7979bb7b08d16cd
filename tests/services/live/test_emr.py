"""Clusters of EMR in a live account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from permscope.inventory.facts import RoleUse

CLUSTER = "arn:aws:elasticmapreduce:eu-west-1:123456789012:cluster/j-1"
NODES = "arn:aws:iam::123456789012:role/nodes"
PROFILE = "arn:aws:iam::123456789012:instance-profile/nodes"


@pytest.mark.parametrize("profile", ["nodes", PROFILE])
def test_a_cluster_acts_with_its_own_role_and_that_of_its_nodes(
    account: Callable[..., list[Any]], profile: str
) -> None:
    """The service role is told by name, the profile by name or ARN; only clusters that run are asked for."""
    held = {"InstanceProfileName": "nodes", "Path": "/", "Arn": PROFILE, "InstanceProfileId": "AIPA0123456789ABCDEF"}
    role = {
        "RoleName": "nodes",
        "Path": "/",
        "Arn": NODES,
        "RoleId": "AROA0123456789ABCDEF",
        "CreateDate": "2026-01-01T00:00:00Z",
    }
    told = {"InstanceProfile": {**held, "CreateDate": "2026-01-01T00:00:00Z", "Roles": [role]}}
    cluster = {"Id": "j-1", "Name": "n", "ServiceRole": "EMR_DefaultRole"}
    facts = account(
        "emr",
        {
            "emr.list_clusters": {"Clusters": [{"Id": "j-1", "Name": "n", "ClusterArn": CLUSTER}]},
            "emr.describe_cluster": {"Cluster": {**cluster, "Ec2InstanceAttributes": {"IamInstanceProfile": profile}}},
            "iam.get_instance_profile": told,
        },
    )
    uses = {(fact.user_id, fact.role_arn, fact.service) for fact in facts if isinstance(fact, RoleUse)}
    service = "arn:aws:iam::123456789012:role/EMR_DefaultRole"
    assert {(CLUSTER, service, "elasticmapreduce.amazonaws.com"), (CLUSTER, NODES, "ec2.amazonaws.com")} <= uses
    asked = dict(account.asked)  # type: ignore[attr-defined]
    assert "TERMINATED" not in asked["emr.list_clusters"]["ClusterStates"]
