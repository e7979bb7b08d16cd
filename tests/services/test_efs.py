"""File systems."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from permscope.inventory.facts import Resource, ResourcePolicy

Read = Callable[..., list[Any]]
HERE = "${AWS::Region}:${AWS::AccountId}"
ARN = "arn:${AWS::Partition}"
DOCUMENT = "{Statement: [{Effect: Allow, Principal: '*', Action: 's3:*', Resource: '*'}]}"


@pytest.mark.parametrize(
    ("resource", "properties", "protected"),
    [
        ("AWS::EFS::FileSystem", "FileSystemPolicy: DOCUMENT", f"{ARN}:elasticfilesystem:{HERE}:file-system/${{X}}"),
    ],
)
def test_its_policy_protects_it(read: Read, resource: str, properties: str, protected: str) -> None:
    """What the policy is on is the resource's own ARN, or what it names."""
    text = properties.replace("DOCUMENT", DOCUMENT)
    (found,) = read(f"Resources: {{X: {{Type: {resource}, Properties: {{{text}}}}}}}", ResourcePolicy)
    assert found.resource_arn == protected
    assert [statement.effect for statement in found.policy.statements] == ["Allow"]


def test_an_access_point_knows_its_file_system(read: Read) -> None:
    """Functions name the access point; the policy is on the file system."""
    found = read(
        """
Resources:
  X: {Type: AWS::EFS::FileSystem}
  P: {Type: AWS::EFS::AccessPoint, Properties: {FileSystemId: !Ref X}}
""",
        Resource,
    )
    (point,) = [fact for fact in found if fact.logical_id == "P"]
    assert point.attributes["file_system_arn"] == f"{ARN}:elasticfilesystem:{HERE}:file-system/${{X}}"
