"""AWS Backup: vaults, their policies, and the roles that make backups.

https://docs.aws.amazon.com/aws-backup/latest/devguide/create-a-vault-access-policy.html
"""

from __future__ import annotations

from collections.abc import Iterator

from permscope.services._holders import Held, holder
from permscope.services._live import LiveFact, LiveReader, Session

TEMPLATE = {
    "AWS::Backup::BackupVault": holder("AccessPolicy"),
    "AWS::Backup::LogicallyAirGappedBackupVault": holder("AccessPolicy"),
    "AWS::Backup::BackupSelection": holder(service="backup.amazonaws.com"),
    "AWS::Backup::BackupPlan": holder(service="backup.amazonaws.com"),
    "AWS::Backup::RestoreTestingSelection": holder(service="backup.amazonaws.com"),
}
SERVICE_PRINCIPALS = ("backup.amazonaws.com",)


_VAULTS = Held(
    client="backup",
    lists="list_backup_vaults",
    items="BackupVaultList",
    name="BackupVaultName",
    arn="BackupVaultArn",
    asks="get_backup_vault_access_policy",
    by={"BackupVaultName": "BackupVaultName"},
    document="Policy",
    type_name="AWS::Backup::BackupVault",
    policy="AccessPolicy",
    same=("EncryptionKeyArn",),
    what="who may use backups",
)


def read_live_selections(session: Session) -> Iterator[LiveFact]:
    """What each backup plan is applied to, and the role that makes the backups."""
    for plan in session.pages("backup", "list_backup_plans", "BackupPlansList"):
        plan_id = plan["BackupPlanId"]
        for item in session.pages("backup", "list_backup_selections", "BackupSelectionsList", BackupPlanId=plan_id):
            name = item["SelectionId"]
            yield session.resource(
                "AWS::Backup::BackupSelection",
                {"BackupPlanId": plan_id, "BackupSelection": {"IamRoleArn": item.get("IamRoleArn")}},
                name=name,
                call="backup.list_backup_selections",
            )


LIVE = (
    _VAULTS.reader(),
    LiveReader(
        read=read_live_selections,
        client="backup",
        operations={
            "backup.list_backup_plans": "which backups are made",
            "backup.list_backup_selections": "which roles make backups",
        },
    ),
)
