"""CodeBuild: projects run what their build specification says, with their service role.

https://docs.aws.amazon.com/codebuild/latest/userguide/setting-up-service-role.html
"""

from __future__ import annotations

from collections.abc import Iterator

from permscope.inventory.facts import AnyFact
from permscope.services._answers import capitalised, differing, picked, protecting
from permscope.services._live import LiveFact, LiveReader, Session
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


_MOST_PROJECTS = 100
"""How many projects one call may ask for."""
_NONE = ("ResourceNotFoundException",)


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every project with its roles and with whom it is shared; environment variables are not kept."""
    names = [*session.pages("codebuild", "list_projects", "projects")]
    for start in range(0, len(names), _MOST_PROJECTS):
        answer = session.call("codebuild", "batch_get_projects", names=names[start : start + _MOST_PROJECTS])
        for item in (answer or {}).get("projects") or ():
            batch = (item.get("buildBatchConfig") or {}).get("serviceRole")
            properties = {
                **capitalised(picked(item, "serviceRole", "resourceAccessRole")),
                **capitalised(differing(item, encryptionKey=session.stack.arn("kms", "alias/aws/s3"))),
                "Source": capitalised(picked(item.get("source") or {}, "type")),
                "Visibility": item.get("projectVisibility"),
                "BuildBatchConfig": {"ServiceRole": batch} if batch else None,
            }
            name, arn = item["name"], item["arn"]
            if properties["Visibility"] == "PRIVATE":
                del properties["Visibility"]  # what CodeBuild does where nothing is said
            yield session.resource(
                "AWS::CodeBuild::Project", properties, name=name, arn=arn, call="codebuild.batch_get_projects"
            )
            shared = session.call("codebuild", "get_resource_policy", none=_NONE, resourceArn=arn) or {}
            yield from protecting(session, arn, shared.get("policy"), name=name, call="codebuild.get_resource_policy")


LIVE = (
    LiveReader(
        read=read_live,
        client="codebuild",
        operations={
            "codebuild.list_projects": "which builds there are",
            "codebuild.batch_get_projects": "which roles builds act with",
            "codebuild.get_resource_policy": "to which accounts builds are shared",
        },
    ),
)
