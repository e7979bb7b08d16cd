"""What a role must be allowed to send an event to a target: shared by rules, schedules, pipes and IoT rules.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from permscope.inventory.arn import split_arn
from permscope.inventory.facts import Need
from permscope.inventory.located import LocatedStr, source_of
from permscope.inventory.tokens import TOKEN
from permscope.lazy import regex
from permscope.services._values import root
from permscope.services.interface import Stack, TemplateResource

_GETATT = regex(r"^\$\{(?:[^{}/]+/)?([A-Za-z0-9]+)(?:\.([A-Za-z0-9.]+))?\}$")

_ARGUMENTS = regex(r"\([^()]*\)")
_FIELD = regex(r"\{\s*(?:\w+\s*:\s*)?(\w+)")

SEND: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("lambda", "function"): ("lambda:InvokeFunction",),
    ("states", "stateMachine"): ("states:StartExecution",),
    ("kinesis", "stream"): ("kinesis:PutRecord",),
    ("firehose", "deliverystream"): ("firehose:PutRecord",),
    ("sqs", ""): ("sqs:SendMessage",),
    ("sns", ""): ("sns:Publish",),
    ("logs", "log-group"): ("logs:CreateLogStream", "logs:PutLogEvents"),
    ("events", "event-bus"): ("events:PutEvents",),
    ("events", "api-destination"): ("events:InvokeApiDestination",),
    ("batch", "job-queue"): ("batch:SubmitJob",),
    ("codebuild", "project"): ("codebuild:StartBuild",),
    ("codepipeline", ""): ("codepipeline:StartPipelineExecution",),
    ("execute-api", ""): ("execute-api:Invoke",),
    ("glue", "workflow"): ("glue:NotifyEvent",),
    ("inspector", "target"): ("inspector:StartAssessmentRun",),
    ("sagemaker", "pipeline"): ("sagemaker:StartPipelineExecution",),
    ("ssm", "automation-definition"): ("ssm:StartAutomationExecution",),
    ("ssm", "document"): ("ssm:SendCommand",),
    ("ssm", "opsitem"): ("ssm:CreateOpsItem",),
    ("ssm-incidents", "response-plan"): ("ssm-incidents:StartIncident",),
    ("redshift", "cluster"): ("redshift-data:ExecuteStatement", "redshift:GetClusterCredentials"),
    ("redshift-serverless", "workgroup"): ("redshift-data:ExecuteStatement", "redshift-serverless:GetCredentials"),
    ("timestream", "database"): ("timestream:WriteRecords",),
}
"""ARN service and first word of the ARN's resource -> what sending there takes."""

_EC2_TARGETS: Mapping[str, str] = {
    "create-snapshot": "ec2:CreateSnapshot",
    "reboot-instance": "ec2:RebootInstances",
    "stop-instance": "ec2:StopInstances",
    "terminate-instance": "ec2:TerminateInstances",
}


class Target(NamedTuple):
    """What is known of an ARN that something is sent to."""

    arn: str
    service: str
    kind: str
    known: bool

    @property
    def node(self) -> str:
        """The ARN the thing itself goes by: that of a log group is written with `:*` where it is a target."""
        if self.service == "logs" and self.arn.endswith(":*"):
            return LocatedStr(self.arn.removesuffix(":*"), source_of(self.arn))
        return self.arn

    @property
    def is_function(self) -> bool:
        """Whether it is a Lambda function."""
        return self.service == "lambda" and self.kind == "function"


def target(stack: Stack, text: str) -> Target:
    """Read a target ARN; a generated attribute (`${Api.GraphQLEndpointArn}`) is followed to its resource."""
    parts = split_arn(text)
    if parts is not None:
        resource = parts.resource.removeprefix("/")
        kind = re.split(r"[:/]", resource, maxsplit=1)[0] if re.search(r"^[a-z][A-Za-z-]*[:/]", resource) else ""
        if parts.service in ("sqs", "sns", "codepipeline", "execute-api"):
            kind = ""
        return Target(text, parts.service, kind or _lone_kind(parts.service, resource), known=bool(parts.service))
    named = resource_behind(stack, text)
    if named is not None and named.type == "AWS::AppSync::GraphQLApi" and named.arn:
        arn = LocatedStr(named.arn, source_of(text, named.source))
        return Target(arn, "appsync", "endpoints", known=True)
    if named is not None and named.arn and split_arn(named.arn):
        return target(stack, LocatedStr(named.arn, source_of(text, named.source)))
    return Target(text, "", "", known=False)


def _lone_kind(service: str, resource: str) -> str:
    """The kind of a resource that is a kind and nothing else (`arn:aws:ssm:R:A:opsitem`)."""
    return resource if service == "ssm" and resource == "opsitem" else ""


def resource_behind(stack: Stack, text: str, *types: str) -> TemplateResource | None:
    """The template resource a text names: by ARN, name, or the token of one of its attributes.

    Args:
        stack: where to look.
        text: a resolved value.
        types: only resources of these types; a bare name is no one's without them.
    """
    if types or text.startswith(("arn:", "${")):
        found = stack.find(text, *types)
        if found is not None:
            return found
    token = _GETATT.match(text)
    found = stack.resources.get(token[1]) if token else None
    return found if found is not None and (not types or found.type in types) else None


def sending(
    stack: Stack,
    where: Target,
    parameters: Mapping[str, object] | None = None,
    actions: Mapping[tuple[str, str], tuple[str, ...]] | None = None,
) -> tuple[Need, ...]:
    """What a role needs to send one event to a target; nothing for a kind of target that is not known.

    Args:
        stack: to find the roles that a started task runs with.
        where: the target.
        parameters: the target's own parameters (`EcsParameters`, `BatchParameters`, ...), raw.
        actions: replaces entries of `SEND`, for services that call another API of the target.
    """
    parameters = parameters or {}
    key = (where.service, where.kind)
    if key == ("ecs", "cluster"):
        return run_task(stack, where.arn, parameters.get("TaskDefinitionArn") or _ecs(parameters))
    if where.service == "events" and where.kind == "target":
        action = _EC2_TARGETS.get(where.arn.rsplit("/", 1)[-1])
        return (Need(actions=(action,), resource_arn="*", why="to call the target"),) if action else ()
    if where.service == "appsync":
        api = _mutations(stack, where, parameters)
        return (Need(actions=("appsync:GraphQL",), resource_arn=api, why="to call the API"),)
    found = (actions or {}).get(key) or SEND.get(key)
    if found is None:
        return ()
    arn = where.arn
    if key == ("ssm", "automation-definition") and not _has_version(arn):
        arn = LocatedStr(f"{arn}:$DEFAULT", source_of(arn))  # permissions are checked on a version of the document
    needs = [Need(actions=found, resource_arn=arn, why="to reach the target")]
    if key == ("batch", "job-queue"):
        definition = _batch_definition(stack, parameters)
        if definition:
            needs.append(Need(actions=found, resource_arn=definition, why="to submit the job"))
    return tuple(needs)


def _has_version(arn: str) -> bool:
    parts = split_arn(arn)
    return parts is not None and ":" in TOKEN.sub("", parts.resource)


def _mutations(stack: Stack, where: Target, parameters: Mapping[str, object]) -> str:
    """What `appsync:GraphQL` must be allowed on: the mutation EventBridge sends, or any where that is not known.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/target-appsync.html
    """
    inner = parameters.get("AppSyncParameters")
    operation = inner.get("GraphQLOperation") if isinstance(inner, Mapping) else None
    named_field = _FIELD.search(_ARGUMENTS.sub("", operation)) if isinstance(operation, str) else None
    called = f"types/Mutation/fields/{named_field[1] if named_field else '*'}"
    parts = split_arn(where.arn)
    if parts is not None and parts.resource.startswith("apis/"):
        return LocatedStr(f"{where.arn}/{called}", source_of(where.arn))
    name = parts.resource.rsplit("/", 1)[-1] if parts else ""
    named = resource_behind(stack, name, "AWS::AppSync::GraphQLApi") or next(
        (api for api in stack.of_type("AWS::AppSync::GraphQLApi") if api.logical_id in name), None
    )
    if named is not None and named.arn:
        return LocatedStr(f"{named.arn}/{called}", source_of(where.arn))
    return LocatedStr("${Unknown::GraphQLApi}", source_of(where.arn))


def _ecs(parameters: Mapping[str, object]) -> object:
    for name in ("EcsParameters", "EcsTaskParameters"):
        inner = parameters.get(name)
        if isinstance(inner, Mapping):
            return inner.get("TaskDefinitionArn")
    return None


def run_task(stack: Stack, cluster: str, definition: object) -> tuple[Need, ...]:
    """What starting an ECS task takes: `ecs:RunTask`, and passing the roles of its task definition.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/CWE_IAM_role.html
    """
    source = source_of(definition, source_of(cluster))
    arn = definition if isinstance(definition, str) else "${Unknown::TaskDefinition}"
    task = resource_behind(stack, arn, "AWS::ECS::TaskDefinition")
    if split_arn(arn) is None and task is None and not arn.startswith("${"):
        arn = stack.arn("ecs", f"task-definition/{arn}")
    elif task is not None and task.arn:
        arn = task.arn
    needs = [Need(actions=("ecs:RunTask",), resource_arn=LocatedStr(arn, source), why="to run the task")]
    if task is not None:
        for role in ("TaskRoleArn", "ExecutionRoleArn"):
            role_arn = root(task).text(role)
            if role_arn:
                needs.append(Need(actions=("iam:PassRole",), resource_arn=role_arn, why=f"to pass `{role}`"))
    return tuple(needs)


def _batch_definition(stack: Stack, parameters: Mapping[str, object]) -> str | None:
    for name in ("BatchParameters", "BatchJobParameters"):
        inner = parameters.get(name)
        if isinstance(inner, Mapping):
            text = inner.get("JobDefinition")
            if isinstance(text, str):
                found = resource_behind(stack, text, "AWS::Batch::JobDefinition")
                arn = found.arn if found is not None and found.arn else text
                full = arn if arn.startswith(("arn:", "${")) else stack.arn("batch", f"job-definition/{arn}")
                return LocatedStr(full, source_of(text))
    return None
