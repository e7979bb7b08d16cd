"""Warehouses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from permscope.inventory.facts import ResourcePolicy, RoleUse

Read = Callable[..., list[Any]]
HERE = "${AWS::Region}:${AWS::AccountId}"
ARN = "arn:${AWS::Partition}"
DOCUMENT = "{Statement: [{Effect: Allow, Principal: '*', Action: 's3:*', Resource: '*'}]}"


@pytest.mark.parametrize(
    ("resource", "properties", "protected"),
    [
        (
            "AWS::Redshift::Cluster",
            "ClusterIdentifier: c, NamespaceResourcePolicy: DOCUMENT",
            f"{ARN}:redshift:{HERE}:cluster:c",
        ),
    ],
)
def test_its_policy_protects_it(read: Read, resource: str, properties: str, protected: str) -> None:
    """What the policy is on is the resource's own ARN, or what it names."""
    text = properties.replace("DOCUMENT", DOCUMENT)
    (found,) = read(f"Resources: {{X: {{Type: {resource}, Properties: {{{text}}}}}}}", ResourcePolicy)
    assert found.resource_arn == protected
    assert [statement.effect for statement in found.policy.statements] == ["Allow"]


def test_sql_acts_with_the_roles_of_its_cluster(read: Read) -> None:
    """What SQL calls is decided when it is run."""
    roles = ["arn:aws:iam::111122223333:role/a", "arn:aws:iam::111122223333:role/b"]
    found = read(f"Resources: {{X: {{Type: AWS::Redshift::Cluster, Properties: {{IamRoles: {roles}}}}}}}", RoleUse)
    assert [(use.role_arn, use.exact) for use in found] == [(role, False) for role in roles]
