"""Kafka clusters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from permscope.inventory.facts import Resource, ResourcePolicy

Read = Callable[..., list[Any]]
DOCUMENT = "{Statement: [{Effect: Allow, Principal: '*', Action: 's3:*', Resource: '*'}]}"


@pytest.mark.parametrize(
    ("resource", "authentication", "expected"),
    [
        ("AWS::MSK::Cluster", "{Sasl: {Iam: {Enabled: true}}}", True),
        ("AWS::MSK::Cluster", "{Sasl: {Iam: {Enabled: true}, Scram: {Enabled: true}}}", False),
        ("AWS::MSK::Cluster", "{Sasl: {Iam: {Enabled: true}}, Unauthenticated: {Enabled: true}}", False),
        ("AWS::MSK::Cluster", "{Sasl: {Iam: {Enabled: false}}}", False),
        ("AWS::MSK::ServerlessCluster", "{Sasl: {Iam: {Enabled: true}}}", True),
    ],
)
def test_iam_is_certain_where_it_is_the_only_way_in(
    read: Read, resource: str, authentication: str, expected: bool
) -> None:
    """A cluster that knows passwords too may be read without `kafka-cluster` actions."""
    (found,) = read(
        f"Resources: {{K: {{Type: {resource}, Properties: {{ClientAuthentication: {authentication}}}}}}}",
        Resource,
    )
    assert found.attributes["iam_authentication"] is expected


def test_a_cluster_policy_protects_its_cluster(read: Read) -> None:
    """https://docs.aws.amazon.com/msk/latest/developerguide/mvpc-cluster-owner-action-policy.html ."""
    arn = "arn:aws:kafka:eu-west-1:111122223333:cluster/k/1"
    (found,) = read(
        f"Resources: {{P: {{Type: AWS::MSK::ClusterPolicy, Properties: {{ClusterArn: '{arn}', Policy: {DOCUMENT}}}}}}}",
        ResourcePolicy,
    )
    assert found.resource_arn == arn
