"""Backup vaults and roles."""

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
            "AWS::Backup::BackupVault",
            "BackupVaultName: v, AccessPolicy: DOCUMENT",
            f"{ARN}:backup:{HERE}:backup-vault:v",
        ),
        (
            "AWS::Backup::LogicallyAirGappedBackupVault",
            "BackupVaultName: v, AccessPolicy: DOCUMENT",
            "AWS::Backup::LogicallyAirGappedBackupVault/X",
        ),
    ],
)
def test_its_policy_protects_it(read: Read, resource: str, properties: str, protected: str) -> None:
    """What the policy is on is the resource's own ARN, or what it names."""
    text = properties.replace("DOCUMENT", DOCUMENT)
    (found,) = read(f"Resources: {{X: {{Type: {resource}, Properties: {{{text}}}}}}}", ResourcePolicy)
    assert found.resource_arn == protected
    assert [statement.effect for statement in found.policy.statements] == ["Allow"]


def test_backups_are_made_with_a_role(read: Read) -> None:
    """https://docs.aws.amazon.com/aws-backup/latest/devguide/iam-service-roles.html ."""
    role = "arn:aws:iam::111122223333:role/backup"
    (use,) = read(
        f"Resources: {{X: {{Type: AWS::Backup::BackupSelection, Properties: {{BackupPlanId: p, BackupSelection: "
        f"{{SelectionName: s, IamRoleArn: '{role}'}}}}}}}}",
        RoleUse,
    )
    assert (use.role_arn, use.service, use.exact) == (role, "backup.amazonaws.com", False)
