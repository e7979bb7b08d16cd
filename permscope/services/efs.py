"""Amazon EFS: file systems and their policies.

Without a policy every client that reaches a mount target may mount and write
(https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from permscope.inventory.facts import AnyFact
from permscope.services._answers import picked
from permscope.services._holders import Held, holder
from permscope.services._live import LiveFact, LiveReader, Session
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


_FILE_SYSTEMS = Held(
    client="efs",
    lists="describe_file_systems",
    items="FileSystems",
    name="FileSystemId",
    arn="FileSystemArn",
    asks="describe_file_system_policy",
    by={"FileSystemId": "FileSystemId"},
    document="Policy",
    type_name="AWS::EFS::FileSystem",
    policy="FileSystemPolicy",
    none=("PolicyNotFound", "FileSystemNotFound"),
    same=("KmsKeyId",),
    what="who may mount a file system",
)


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every file system and access point."""
    yield from _FILE_SYSTEMS.read(session)
    for item in session.pages("efs", "describe_access_points", "AccessPoints"):
        yield session.resource(
            "AWS::EFS::AccessPoint",
            picked(item, "FileSystemId"),
            name=item["AccessPointId"],
            arn=item["AccessPointArn"],
            call="efs.describe_access_points",
        )


LIVE = (
    LiveReader(
        read=read_live,
        client="efs",
        operations={
            **_FILE_SYSTEMS.operations,
            "efs.describe_access_points": "which file system a function mounts",
        },
    ),
)
