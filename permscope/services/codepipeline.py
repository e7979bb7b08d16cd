"""CodePipeline: what each action of a pipeline does, and with which role.

https://docs.aws.amazon.com/codepipeline/latest/userguide/how-to-custom-role.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from permscope.inventory.facts import AnyFact, Need
from permscope.inventory.located import LocatedStr
from permscope.services._answers import capitalised, each, picked
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._values import Item, Text, located, mappings
from permscope.services._wiring import bucket_text, first, need, properties, role_triggers, role_uses
from permscope.services.interface import TemplateResource

SERVICE = "codepipeline.amazonaws.com"
SERVICE_PRINCIPALS = (SERVICE,)


class _Provider(NamedTuple):
    """What an action of one provider needs.

    Attributes:
        actions: IAM actions.
        key: of the configuration that names the resource.
        arn: service and resource prefix of its ARN.
    """

    actions: tuple[str, ...]
    key: str
    arn: tuple[str, str]


_PROVIDERS: Mapping[str, _Provider] = {
    "CodeBuild": _Provider(
        ("codebuild:BatchGetBuilds", "codebuild:StartBuild"), "ProjectName", ("codebuild", "project/")
    ),
    "CodeCommit": _Provider(
        (
            "codecommit:GetBranch",
            "codecommit:GetCommit",
            "codecommit:UploadArchive",
            "codecommit:GetUploadArchiveStatus",
        ),
        "RepositoryName",
        ("codecommit", ""),
    ),
    "CodeStarSourceConnection": _Provider(("codestar-connections:UseConnection",), "ConnectionArn", ("", "")),
    "StepFunctions": _Provider(("states:StartExecution", "states:DescribeStateMachine"), "StateMachineArn", ("", "")),
    "ECR": _Provider(("ecr:DescribeImages",), "RepositoryName", ("ecr", "repository/")),
    "Manual": _Provider(("sns:Publish",), "NotificationArn", ("", "")),
}
_CLOUDFORMATION = (
    "cloudformation:CreateStack",
    "cloudformation:DescribeStacks",
    "cloudformation:DeleteStack",
    "cloudformation:UpdateStack",
)
_CHANGE_SETS = (
    "cloudformation:CreateChangeSet",
    "cloudformation:DescribeChangeSet",
    "cloudformation:DeleteChangeSet",
    "cloudformation:DescribeStacks",
)


def read_pipeline(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::CodePipeline::Pipeline`: functions its actions run, and what its roles are used for."""
    yield resource.resource()
    pipeline_roles = [*properties(resource, "RoleArn")]
    own: list[Need] = [*_artifacts(resource)]
    exact = True
    for stage in mappings(resource.get("Stages")):
        for action in stage.items("Actions"):
            roles = [*action.texts("RoleArn")]
            needs, known = _action_needs(resource, action)
            exact = exact and known
            for role in roles:
                own.extend(need(role, "sts:AssumeRole", why="to run an action"))
            if roles:
                yield from role_uses(resource, roles, _assumer(pipeline_roles), needs, exact=known)
            else:
                own.extend(needs)
            if _provider(action) == "Lambda":
                found = action.texts("Configuration", "FunctionName")
                yield from role_triggers(
                    resource,
                    found,
                    roles or pipeline_roles,
                    event="pipeline-action",
                    service=_assumer(pipeline_roles) if roles else SERVICE,
                    by_name=True,
                )
            deployer = action.texts("Configuration", "RoleArn")
            if _provider(action) in ("CloudFormation", "CloudFormationStackSet"):
                yield from role_uses(resource, deployer, "cloudformation.amazonaws.com", exact=False)
    yield from role_uses(resource, pipeline_roles, SERVICE, own, exact=exact)


def _assumer(roles: list[Text]) -> str:
    """Who assumes the role of an action: the pipeline's own role."""
    return roles[0].text if roles else SERVICE


def _provider(action: Item) -> str:
    return action.text("ActionTypeId", "Provider") or ""


def _action_needs(resource: TemplateResource, action: Item) -> tuple[tuple[Need, ...], bool]:
    """What one action needs of the role it runs with, and whether that is all."""
    provider = _provider(action)
    why = f"to run the action `{action.text('Name') or provider}`"
    if provider == "Lambda":
        return (), True
    if provider in ("CloudFormation", "CloudFormationStackSet"):
        return _deployment(resource, action, why), provider == "CloudFormation"
    known = _PROVIDERS.get(provider)
    if known is None:
        return (), provider in ("Manual", "GitHub")
    name = first(action, "Configuration", known.key)
    if name is None:
        return (), provider == "Manual"
    service, prefix = known.arn
    found = resource.stack.find(name.text)
    own = found.arn if found is not None else None
    arn = own if own and (not service or f":{service}:" in own) else name.text
    full = arn if not service or arn.startswith("arn:") else resource.stack.arn(service, f"{prefix}{arn}")
    return (Need(actions=known.actions, resource_arn=LocatedStr(full, name.source), why=why),), True


def _deployment(resource: TemplateResource, action: Item, why: str) -> tuple[Need, ...]:
    """What deploying a stack takes: the stack, and passing the role it is deployed with."""
    mode = action.text("Configuration", "ActionMode") or ""
    stack = first(action, "Configuration", "StackName")
    needs: list[Need] = []
    if stack is not None:
        arn = LocatedStr(resource.stack.arn("cloudformation", f"stack/{stack.text}/*"), stack.source)
        actions = {
            "CHANGE_SET_REPLACE": _CHANGE_SETS,
            "CHANGE_SET_EXECUTE": ("cloudformation:DescribeChangeSet", "cloudformation:ExecuteChangeSet"),
        }.get(mode, _CLOUDFORMATION)
        needs.append(Need(actions=actions, resource_arn=arn, why=why))
    for role in action.texts("Configuration", "RoleArn"):
        needs.extend(need(role, "iam:PassRole", why="to pass the role the stack is deployed with"))
    return tuple(needs)


def _artifacts(resource: TemplateResource) -> Iterator[Need]:
    """Reading and writing the buckets in which artifacts are kept."""
    stores = [*mappings(resource.get("ArtifactStore"))]
    for item in mappings(resource.get("ArtifactStores")):
        stores.extend(item.items("ArtifactStore"))
    for store in stores:
        for bucket in store.texts("Location"):
            objects = bucket_text(resource, bucket, "/*")
            yield Need(actions=("s3:GetObject", "s3:PutObject"), resource_arn=located(objects), why="to keep artifacts")
        for key in store.texts("EncryptionKey", "Id"):
            yield Need(
                actions=("kms:Decrypt", "kms:GenerateDataKey"), resource_arn=located(key), why="to encrypt artifacts"
            )


TEMPLATE = {"AWS::CodePipeline::Pipeline": read_pipeline}


_SECRET = ("EnvironmentVariables", "OAuthToken", "ParameterOverrides")
"""Keys of an action's configuration whose values are nobody's business here."""


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every pipeline with its actions."""
    names = [item["name"] for item in session.pages("codepipeline", "list_pipelines", "pipelines")]
    yield from each(session, _live_pipeline, names)


def _live_pipeline(session: Session, name: str) -> Iterator[LiveFact]:
    answer = session.call("codepipeline", "get_pipeline", none=("PipelineNotFoundException",), name=name)
    pipeline = (answer or {}).get("pipeline")
    if not pipeline:
        return
    stores = [{"ArtifactStore": capitalised(store)} for store in (pipeline.get("artifactStores") or {}).values()]
    properties = {
        "RoleArn": pipeline.get("roleArn"),
        "ArtifactStore": capitalised(pipeline.get("artifactStore")),
        "ArtifactStores": stores or None,
        "Stages": [{"Actions": [_live_action(action) for action in stage["actions"]]} for stage in pipeline["stages"]],
    }
    arn = ((answer or {}).get("metadata") or {}).get("pipelineArn")
    yield session.resource(
        "AWS::CodePipeline::Pipeline", properties, name=name, arn=arn, call="codepipeline.get_pipeline"
    )


def _live_action(action: Mapping[str, Any]) -> dict[str, Any]:
    configuration = {key: value for key, value in (action.get("configuration") or {}).items() if key not in _SECRET}
    return {**capitalised(picked(action, "name", "actionTypeId", "roleArn")), "Configuration": configuration}


LIVE = (
    LiveReader(
        read=read_live,
        client="codepipeline",
        operations={
            "codepipeline.list_pipelines": "which pipelines there are",
            "codepipeline.get_pipeline": "what a pipeline runs, and with which roles",
        },
    ),
)
