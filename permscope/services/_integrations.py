"""What the service integrations of Step Functions ask of a state machine's role.

https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html and the pages below it; the actions of
`.sync` are those of https://docs.aws.amazon.com/step-functions/latest/dg/service-integration-iam-templates.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from permscope.inventory.arn import split_arn
from permscope.inventory.facts import Need
from permscope.inventory.located import LocatedStr, as_text, source_of
from permscope.inventory.tokens import unknown_token
from permscope.lazy import regex
from permscope.services._calls import Arguments, Call, sdk_call
from permscope.services._targets import resource_behind, run_task
from permscope.services.interface import Stack
from permscope.services.sqs import queue_arn


class Sync(NamedTuple):
    """What waiting for a job takes besides starting it.

    Attributes:
        actions: to look after and stop the job.
        rule: the EventBridge rule that Step Functions keeps to learn of its end; None where it polls.
    """

    actions: tuple[str, ...]
    rule: str | None


SYNC: Mapping[str, Sync] = {
    "states:startExecution": Sync(
        ("states:DescribeExecution", "states:StopExecution"), "StepFunctionsGetEventsForStepFunctionsExecutionRule"
    ),
    "ecs:runTask": Sync(("ecs:StopTask", "ecs:DescribeTasks"), "StepFunctionsGetEventsForECSTaskRule"),
    "batch:submitJob": Sync(("batch:DescribeJobs", "batch:TerminateJob"), "StepFunctionsGetEventsForBatchJobsRule"),
    "glue:startJobRun": Sync(("glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"), None),
    "databrew:startJobRun": Sync(("databrew:ListJobRuns", "databrew:StopJobRun"), None),
    "codebuild:startBuild": Sync(
        ("codebuild:StopBuild", "codebuild:BatchGetBuilds"), "StepFunctionsGetEventForCodeBuildStartBuildRule"
    ),
    "codebuild:startBuildBatch": Sync(
        ("codebuild:StopBuildBatch", "codebuild:BatchGetBuildBatches"),
        "StepFunctionsGetEventForCodeBuildStartBuildBatchRule",
    ),
    "sagemaker:createTrainingJob": Sync(
        ("sagemaker:DescribeTrainingJob", "sagemaker:StopTrainingJob"),
        "StepFunctionsGetEventsForSageMakerTrainingJobsRule",
    ),
    "sagemaker:createTransformJob": Sync(
        ("sagemaker:DescribeTransformJob", "sagemaker:StopTransformJob"),
        "StepFunctionsGetEventsForSageMakerTransformJobsRule",
    ),
    "sagemaker:createProcessingJob": Sync(
        ("sagemaker:DescribeProcessingJob", "sagemaker:StopProcessingJob"),
        "StepFunctionsGetEventsForSageMakerProcessingJobsRule",
    ),
    "sagemaker:createHyperParameterTuningJob": Sync(
        ("sagemaker:DescribeHyperParameterTuningJob", "sagemaker:StopHyperParameterTuningJob"),
        "StepFunctionsGetEventsForSageMakerTuningJobsRule",
    ),
    "sagemaker:createLabelingJob": Sync(
        ("sagemaker:DescribeLabelingJob", "sagemaker:StopLabelingJob"),
        "StepFunctionsGetEventsForSageMakerLabelingJobsRule",
    ),
    "athena:startQueryExecution": Sync(("athena:StopQueryExecution", "athena:GetQueryExecution"), None),
    "elasticmapreduce:createCluster": Sync(
        ("elasticmapreduce:DescribeCluster", "elasticmapreduce:TerminateJobFlows"),
        "StepFunctionsGetEventForEMRRunJobFlowRule",
    ),
    "elasticmapreduce:addStep": Sync(
        ("elasticmapreduce:DescribeStep", "elasticmapreduce:CancelSteps"),
        "StepFunctionsGetEventForEMRAddJobFlowStepsRule",
    ),
    "bedrock:createModelCustomizationJob": Sync(
        ("bedrock:GetModelCustomizationJob", "bedrock:StopModelCustomizationJob"), None
    ),
    "mediaconvert:createJob": Sync(
        ("mediaconvert:GetJob", "mediaconvert:CancelJob"), "StepFunctionsGetEventsForMediaConvertJobRule"
    ),
}

_PROFILE = regex(r"(global|us|us-gov|eu|apac|jp|au|ca|sa)\.")
_RENAMED: Mapping[str, tuple[str, str]] = {
    "elasticmapreduce:createCluster": ("emr", "runJobFlow"),
    "elasticmapreduce:terminateCluster": ("emr", "terminateJobFlows"),
    "elasticmapreduce:addStep": ("emr", "addJobFlowSteps"),
    "elasticmapreduce:cancelStep": ("emr", "cancelSteps"),
}
_SDK_NAMES: Mapping[str, str] = {
    "elasticmapreduce": "emr",
    "emr-containers": "emrcontainers",
    "emr-serverless": "emrserverless",
    "states": "sfn",
    "events": "eventbridge",
    "bedrock": "bedrock",
}


def optimized(stack: Stack, service: str, operation: str, arguments: Arguments, why: str) -> Call:
    """What an optimised integration (`arn:aws:states:::sqs:sendMessage`) needs."""
    special = _SPECIAL.get(f"{service}:{operation}")
    if special is not None:
        return special(stack, arguments, why)
    sdk_service, sdk_operation = _RENAMED.get(f"{service}:{operation}", (_SDK_NAMES.get(service, service), operation))
    call = sdk_call(stack, sdk_service, sdk_operation, arguments, why)
    return Call(needs=(*call.needs, *_passed_roles(arguments)), unknown=call.unknown)


def api_call(stack: Stack, service: str, operation: str, arguments: Arguments, why: str) -> Call:
    """What calling any API needs (`aws-sdk:sqs:sendMessage`), given as the SDK names service and operation."""
    from permscope.catalog.calls import iam_prefix

    prefix = iam_prefix(service) or service
    special = _SPECIAL.get(f"{prefix}:{operation[:1].lower()}{operation[1:]}")
    if special is not None and prefix not in ("apigateway", "athena"):
        return special(stack, arguments, why)
    if (prefix, operation.lower()) == ("s3", "copyobject"):
        return _copy_object(stack, arguments, why)
    return sdk_call(stack, service, operation, arguments, why)


def _copy_object(stack: Stack, arguments: Arguments, why: str) -> Call:
    """A copy reads the object named in `CopySource` and writes the other."""
    written = sdk_call(stack, "s3", "putObject", arguments, why)
    source = arguments.text("CopySource") or unknown_token("Unknown", "CopySource")
    arn = stack.arn("s3", source.lstrip("/").partition("?")[0], region="", account="")
    read = Need(actions=("s3:GetObject",), resource_arn=LocatedStr(arn, arguments.place("CopySource")), why=why)
    return Call(needs=(read, *written.needs), unknown=written.unknown)


def waiting(stack: Stack, integration: str, state_machine: str | None, why: str) -> tuple[Need, ...]:
    """What `.sync` adds: looking after the job, and the rule by which Step Functions learns of its end."""
    sync = SYNC.get(integration)
    if sync is None:
        return ()
    resource = "*"
    if integration == "states:startExecution" and state_machine and ":stateMachine:" in state_machine:
        resource = LocatedStr(f"{executions(state_machine)}:*", source_of(state_machine))
    needs = [Need(actions=sync.actions, resource_arn=resource, why=f"{why} to its end")]
    if sync.rule:
        needs.append(
            Need(
                actions=("events:PutTargets", "events:PutRule", "events:DescribeRule"),
                resource_arn=stack.arn("events", f"rule/{sync.rule}"),
                why=f"{why} to its end",
            )
        )
    return tuple(needs)


def executions(state_machine: str) -> str:
    """The ARN that the executions of a state machine begin with."""
    return state_machine.replace(":stateMachine:", ":execution:", 1)


def _passed_roles(arguments: Arguments) -> Iterator[Need]:
    for name in ("RoleArn", "Role", "ServiceRole", "JobFlowRole", "ExecutionRoleArn", "TaskRoleArn"):
        role = arguments.text(name)
        parts = split_arn(role) if role else None
        if role is not None and parts is not None and parts.service == "iam":
            yield Need(actions=("iam:PassRole",), resource_arn=role, why=f"to pass `{name}`")


def _send_message(stack: Stack, arguments: Arguments, why: str) -> Call:
    url = arguments.text("QueueUrl")
    arn = queue_arn(stack, url) if url else None
    return _one(("sqs:SendMessage",), arn, arguments, ("QueueUrl",), why)


def _publish(_stack: Stack, arguments: Arguments, why: str) -> Call:
    arn = arguments.text("TopicArn", "TargetArn")
    if arn is None and not arguments.is_dynamic("TopicArn", "TargetArn"):
        arn = "*"  # an SMS to a `PhoneNumber` has no resource
    return _one(("sns:Publish",), arn, arguments, ("TopicArn", "TargetArn"), why)


def _put_events(stack: Stack, arguments: Arguments, why: str) -> Call:
    buses: dict[str, str] = {}
    dynamic = arguments.is_dynamic("Entries")
    for entry in arguments.items("Entries"):
        name = entry.text("EventBusName")
        if name is None and entry.is_dynamic("EventBusName"):
            dynamic = True
            continue
        name = name or "default"
        found = stack.find(name, "AWS::Events::EventBus")
        arn = found.arn if found is not None and found.arn else name
        full = arn if arn.startswith("arn:") else stack.arn("events", f"event-bus/{arn}")
        buses.setdefault(full, LocatedStr(full, entry.place("EventBusName")))
    if dynamic:
        bus = LocatedStr(stack.arn("events", f"event-bus/{unknown_token('Unknown', 'EventBusName')}"), arguments.source)
        buses.setdefault(bus, bus)
    needs = tuple(Need(actions=("events:PutEvents",), resource_arn=bus, why=why) for bus in buses.values())
    return Call(needs=needs, unknown="the event bus is chosen at run time" if dynamic else None)


def _start_execution(_stack: Stack, arguments: Arguments, why: str) -> Call:
    arn = arguments.text("StateMachineArn")
    return _one(("states:StartExecution",), arn, arguments, ("StateMachineArn",), why)


def _run_task(stack: Stack, arguments: Arguments, why: str) -> Call:
    definition = arguments.text("TaskDefinition")
    needs = run_task(stack, arguments.text("Cluster") or "", definition)
    place = arguments.place("TaskDefinition")
    named = tuple(
        Need(actions=need.actions, resource_arn=LocatedStr(need.resource_arn, place), why=why)
        if need.actions == ("ecs:RunTask",)
        else need
        for need in needs
    )
    return Call(needs=named, unknown=None if definition else "the task definition is chosen at run time")


def _submit_job(stack: Stack, arguments: Arguments, why: str) -> Call:
    needs = []
    for name, kind in (("JobQueue", "job-queue"), ("JobDefinition", "job-definition")):
        text = arguments.text(name)
        found = resource_behind(stack, text, f"AWS::Batch::{name}") if text else None
        arn = found.arn if found is not None and found.arn else text
        if arn is None:
            arn = stack.arn("batch", f"{kind}/{unknown_token('Unknown', name)}")
        elif not arn.startswith(("arn:", "${")):
            arn = stack.arn("batch", f"{kind}/{arn}")
        needs.append(Need(actions=("batch:SubmitJob",), resource_arn=LocatedStr(arn, arguments.place(name)), why=why))
    dynamic = arguments.is_dynamic("JobQueue", "JobDefinition")
    return Call(needs=tuple(needs), unknown="the job is chosen at run time" if dynamic else None)


def _invoke_api(stack: Stack, arguments: Arguments, why: str) -> Call:
    """https://docs.aws.amazon.com/step-functions/latest/dg/connect-api-gateway.html ."""
    unsigned = arguments.text("AuthType") in (None, "NO_AUTH") and not arguments.is_dynamic("AuthType")
    endpoint = arguments.text("ApiEndpoint")
    if unsigned and not endpoint:
        return Call()
    api = endpoint.removeprefix("https://").partition(".execute-api.")[0] if endpoint else None
    parts = [api or unknown_token("Unknown", "ApiEndpoint")]
    for name, default in (("Stage", "*"), ("Method", "*"), ("Path", "")):
        value = arguments.text(name)
        if value is None:
            value = unknown_token("Unknown", name) if arguments.is_dynamic(name) else default
        parts.append(value.lstrip("/"))
    arn = LocatedStr(stack.arn("execute-api", "/".join(parts)), arguments.place("ApiEndpoint"))
    if unsigned:
        return Call(unsigned=arn)
    need = Need(actions=("execute-api:Invoke",), resource_arn=arn, why=why)
    return Call(needs=(need,), unknown=None if endpoint else "the API is chosen at run time")


def _invoke_http(stack: Stack, arguments: Arguments, why: str) -> Call:
    """https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html ."""
    authentication = next(arguments.items("Authentication"), Arguments({}, arguments.source))
    authentication = next(arguments.items("InvocationConfig"), authentication)
    connection = authentication.text("ConnectionArn")
    place = authentication.place("ConnectionArn")
    needs = [
        Need(
            actions=("states:InvokeHTTPEndpoint",),
            resource_arn=LocatedStr(unknown_token("Unknown", "this state machine"), arguments.source),
            why=why,
        ),
        Need(
            actions=("events:RetrieveConnectionCredentials",),
            resource_arn=LocatedStr(connection or unknown_token("Unknown", "ConnectionArn"), place),
            why=why,
        ),
        Need(
            actions=("secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"),
            resource_arn=LocatedStr(_connection_secret(stack, connection), place),
            why=why,
        ),
    ]
    return Call(needs=tuple(needs), unknown=None if connection else "the connection is chosen at run time")


def _connection_secret(stack: Stack, connection: str | None) -> str:
    """The secret EventBridge keeps for a connection: `events!connection/NAME/ID`."""
    parts = split_arn(connection) if connection else None
    found = resource_behind(stack, connection, "AWS::Events::Connection") if connection else None
    name = found.name if found is not None and found.name else None
    if name is None and parts is not None:
        name = parts.resource.split("/")[1] if parts.resource.count("/") else None
    name = name or unknown_token("Unknown", "connection")
    return stack.arn("secretsmanager", f"secret:events!connection/{name}/{unknown_token('Unknown', 'secret id')}")


def invoke_model(stack: Stack, arguments: Arguments, why: str) -> Call:
    """A foundation model belongs to no account; an inference profile (`eu.anthropic...`) to the caller's.

    https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-prereq.html
    """
    model = arguments.text("ModelId")
    if model is not None and not model.startswith(("arn:", "${")):
        profile = _PROFILE.match(model)
        kind, account = ("inference-profile", stack.account) if profile else ("foundation-model", "")
        model = stack.arn("bedrock", f"{kind}/{model}", account=account)
    return _one(("bedrock:InvokeModel",), model, arguments, ("ModelId",), why)


def _query(stack: Stack, arguments: Arguments, why: str) -> Call:
    """Athena reads the catalogue and the result bucket with the caller's permissions; which ones SQL tells."""
    call = sdk_call(stack, "athena", "startQueryExecution", arguments, why)
    return Call(needs=call.needs, unknown="which tables and buckets a query reads stands in its SQL")


def _one(actions: tuple[str, ...], arn: str | None, arguments: Arguments, names: tuple[str, ...], why: str) -> Call:
    """One need on a resource that one argument names."""
    place = arguments.place(*names)
    if arn is not None:
        return Call(needs=(Need(actions=actions, resource_arn=LocatedStr(arn, place), why=why),))
    token = LocatedStr(unknown_token("Unknown", names[0]), place)
    return Call(
        needs=(Need(actions=actions, resource_arn=token, why=why),), unknown=f"`{names[0]}` is chosen at run time"
    )


_SPECIAL: Mapping[str, Callable[[Stack, Arguments, str], Call]] = {
    "sqs:sendMessage": _send_message,
    "sns:publish": _publish,
    "events:putEvents": _put_events,
    "states:startExecution": _start_execution,
    "ecs:runTask": _run_task,
    "batch:submitJob": _submit_job,
    "apigateway:invoke": _invoke_api,
    "bedrock:invokeModel": invoke_model,
    "http:invoke": _invoke_http,
    "athena:startQueryExecution": _query,
}


def reading_items(stack: Stack, resource: str, arguments: Arguments, why: str) -> Call:
    """What the `ItemReader` or `ResultWriter` of a Distributed Map needs (`arn:aws:states:::s3:getObject`).

    https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
    """
    operation = resource.rpartition(":")[2]
    actions = {
        "getObject": ("s3:GetObject",),
        "listObjectsV2": ("s3:ListBucket",),
        "putObject": ("s3:PutObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"),
    }.get(operation)
    if actions is None:
        return Call(unknown=f"`{as_text(resource)}` is not understood")
    bucket = arguments.text("Bucket")
    if bucket is None:
        bucket = unknown_token("Unknown", "Bucket")
    name = bucket.rpartition(":::")[2] or bucket
    path = ""
    if operation == "getObject":
        path = f"/{arguments.text('Key') or unknown_token('Unknown', 'Key')}"
    elif operation == "putObject":
        prefix = arguments.text("Prefix")
        if prefix is None and arguments.is_dynamic("Prefix"):
            prefix = unknown_token("Unknown", "Prefix")
        path = f"/{prefix.strip('/')}/*" if prefix else "/*"
    arn = LocatedStr(stack.arn("s3", f"{name}{path}", region="", account=""), arguments.place("Bucket"))
    dynamic = arguments.text("Bucket") is None
    return Call(
        needs=(Need(actions=actions, resource_arn=arn, why=why),),
        unknown="the bucket is chosen at run time" if dynamic else None,
    )
