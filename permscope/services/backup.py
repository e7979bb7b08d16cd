"""AWS Backup: vaults, their policies, and the roles that make backups.

https://docs.aws.amazon.com/aws-backup/latest/devguide/create-a-vault-access-policy.html
"""

from __future__ import annotations

from permscope.services._holders import holder

TEMPLATE = {
    "AWS::Backup::BackupVault": holder("AccessPolicy"),
    "AWS::Backup::LogicallyAirGappedBackupVault": holder("AccessPolicy"),
    "AWS::Backup::BackupSelection": holder(service="backup.amazonaws.com"),
    "AWS::Backup::BackupPlan": holder(service="backup.amazonaws.com"),
    "AWS::Backup::RestoreTestingSelection": holder(service="backup.amazonaws.com"),
}
SERVICE_PRINCIPALS = ("backup.amazonaws.com",)
