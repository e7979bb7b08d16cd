"""Amazon EFS: file systems and their policies.

Without a policy every client that reaches a mount target may mount and write
(https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html).
"""

from __future__ import annotations

from collections.abc import Iterable

from permscope.inventory.facts import AnyFact
from permscope.services._holders import holder
from permscope.services.interface import TemplateResource


def read_access_point(resource: TemplateResource) -> Iterable[AnyFact]:
    """An access point, through which functions mount a file system."""
    named = resource.text("FileSystemId")
    known = resource.stack.find(named, "AWS::EFS::FileSystem")
    if known is not None:
        arn = known.arn
    else:
        arn = resource.stack.arn("elasticfilesystem", f"file-system/{named}") if named else None
    yield resource.resource(file_system_arn=arn)


TEMPLATE = {
    "AWS::EFS::FileSystem": holder("FileSystemPolicy", service="elasticfilesystem.amazonaws.com"),
    "AWS::EFS::AccessPoint": read_access_point,
}
SERVICE_PRINCIPALS = ("elasticfilesystem.amazonaws.com",)
