"""CodeBuild: projects run what their build specification says, with their service role.

https://docs.aws.amazon.com/codebuild/latest/userguide/setting-up-service-role.html
"""

from __future__ import annotations

from collections.abc import Iterator

from permscope.inventory.facts import AnyFact
from permscope.services._wiring import properties, role_uses
from permscope.services.interface import TemplateResource

SERVICE = "codebuild.amazonaws.com"
SERVICE_PRINCIPALS = (SERVICE,)


def read_project(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::CodeBuild::Project`: build commands may use everything its roles allow."""
    yield resource.resource(
        source_type=resource.text("Source", "Type"),
        visibility=resource.text("Visibility"),
        kms_key_arn=resource.text("EncryptionKey"),
    )
    for path in (("ServiceRole",), ("ResourceAccessRole",), ("BuildBatchConfig", "ServiceRole")):
        yield from role_uses(resource, properties(resource, *path), SERVICE, exact=False)


def read_fleet(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::CodeBuild::Fleet`: machines that CodeBuild starts with a role."""
    yield resource.resource()
    yield from role_uses(resource, properties(resource, "FleetServiceRole"), SERVICE, exact=False)


TEMPLATE = {"AWS::CodeBuild::Project": read_project, "AWS::CodeBuild::Fleet": read_fleet}
