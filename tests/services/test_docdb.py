"""Document databases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import Resource

Read = Callable[..., list[Any]]
HERE = "${AWS::Region}:${AWS::AccountId}"
ARN = "arn:${AWS::Partition}"


def test_a_cluster_knows_its_key(read: Read) -> None:
    """Its ARN is of the service `rds`."""
    facts = read("""
Resources:
  D:
    Type: AWS::DocDB::DBCluster
    Properties: {DBClusterIdentifier: docs, StorageEncrypted: true, KmsKeyId: 1234, MasterUserPassword: hush-hush}
""")
    (cluster,) = [fact for fact in facts if isinstance(fact, Resource)]
    assert cluster.id == f"{ARN}:rds:{HERE}:cluster:docs"
    assert cluster.attributes["kms_key_arn"] == f"{ARN}:kms:{HERE}:key/1234"
    assert "hush-hush" not in repr(facts)
