"""What each service integration of Step Functions asks of the machine's role."""

from __future__ import annotations

from typing import Any

import pytest

from permscope.services._calls import Arguments
from permscope.services._integrations import SYNC, api_call, executions, optimized, reading_items, waiting
from permscope.services.interface import Stack

HERE = "${AWS::Region}:${AWS::AccountId}"
P = "arn:${AWS::Partition}"
MACHINE = f"{P}:states:{HERE}:stateMachine:child"


def needed(call: Any) -> set[tuple[str, str]]:
    """Each action that a call needs with its resource."""
    return {(action, str(need.resource_arn)) for need in call.needs for action in need.actions}


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "expected"),
    [
        ("states", "startExecution", {"StateMachineArn": MACHINE}, {("states:StartExecution", MACHINE)}),
        ("batch", "submitJob", {"JobQueue": "q", "JobDefinition": "d"},
         {("batch:SubmitJob", f"{P}:batch:{HERE}:job-queue/q"),
          ("batch:SubmitJob", f"{P}:batch:{HERE}:job-definition/d")}),
        ("bedrock", "invokeModel", {"ModelId": "eu.anthropic.claude-3"},
         {("bedrock:InvokeModel", f"{P}:bedrock:{HERE}:inference-profile/eu.anthropic.claude-3")}),
        ("apigateway", "invoke", {"ApiEndpoint": "https://a.execute-api.r.amazonaws.com", "AuthType": "IAM_ROLE"},
         {("execute-api:Invoke", f"{P}:execute-api:{HERE}:a/*/*/")}),
        ("apigateway", "invoke", {"ApiEndpoint": "a.execute-api.r.amazonaws.com", "AuthType": "NO_AUTH"}, set()),
        ("elasticmapreduce", "terminateCluster", {}, {("elasticmapreduce:TerminateJobFlows", None)}),
        ("ecs", "runTask", {"TaskDefinition": "t"}, {("ecs:RunTask", f"{P}:ecs:{HERE}:task-definition/t")}),
    ],
)  # fmt: skip
def test_an_optimised_integration_needs_what_its_page_lists(
    service: str, operation: str, arguments: dict[str, Any], expected: set[tuple[str, str | None]]
) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html and the pages below it."""
    found = needed(optimized(Stack(), service, operation, Arguments(arguments), "to try"))
    if any(resource is None for _, resource in expected):
        assert {action for action, _ in found} == {action for action, _ in expected}
    else:
        assert found == expected


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("sqs", "sendMessage", {"QueueUrl.$": "$.q"}),
        ("states", "startExecution", {}),
        ("events", "putEvents", {"Entries.$": "$.e"}),
        ("ecs", "runTask", {}),
        ("batch", "submitJob", {"JobQueue.$": "$.q", "JobDefinition": "d"}),
        ("http", "invoke", {}),
        ("athena", "startQueryExecution", {"QueryString": "select 1"}),
    ],
)
def test_what_is_chosen_at_run_time_is_said(service: str, operation: str, arguments: dict[str, Any]) -> None:
    """The role's needs are then not all known."""
    call = optimized(Stack(), service, operation, Arguments(arguments), "to try")
    assert call.unknown


def test_a_role_that_is_handed_on_must_be_passed() -> None:
    """A crawler, job or cluster runs with a role of its own (IAM User Guide, id_roles_use_passrole.html)."""
    role = f"{P}:iam::${{AWS::AccountId}}:role/train"
    call = optimized(
        Stack(), "sagemaker", "createTrainingJob", Arguments({"RoleArn": role, "TrainingJobName": "t"}), "x"
    )
    assert ("iam:PassRole", role) in needed(call)


@pytest.mark.parametrize("integration", sorted(SYNC))
def test_waiting_watches_and_stops_what_was_started(integration: str) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/service-integration-iam-templates.html lists both."""
    needs = waiting(Stack(), integration, MACHINE, "to wait")
    assert needs[0].actions == SYNC[integration].actions
    rules = [need.resource_arn for need in needs if "events:PutRule" in need.actions]
    assert rules == ([f"{P}:events:{HERE}:rule/{SYNC[integration].rule}"] if SYNC[integration].rule else [])


def test_waiting_for_an_execution_is_about_those_of_the_machine() -> None:
    """An execution's ARN begins like that of its machine."""
    assert executions(MACHINE) == f"{P}:states:{HERE}:execution:child"
    assert waiting(Stack(), "states:startExecution", MACHINE, "x")[0].resource_arn == f"{executions(MACHINE)}:*"
    assert waiting(Stack(), "sqs:sendMessage", None, "x") == ()


def test_a_copy_reads_one_object_and_writes_another() -> None:
    """`CopySource` is `bucket/key` (https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html)."""
    arguments = Arguments({"Bucket": "b", "Key": "k", "CopySource": "/a/x?versionId=1"})
    call = api_call(Stack(), "s3", "copyObject", arguments, "x")
    assert needed(call) >= {("s3:GetObject", f"{P}:s3:::a/x"), ("s3:PutObject", f"{P}:s3:::b/k")}


@pytest.mark.parametrize(
    ("resource", "arguments", "expected"),
    [
        ("arn:aws:states:::s3:getObject", {"Bucket": "b", "Key": "k"}, {("s3:GetObject", f"{P}:s3:::b/k")}),
        ("arn:aws:states:::s3:listObjectsV2", {"Bucket": "b"}, {("s3:ListBucket", f"{P}:s3:::b")}),
        ("arn:aws:states:::sqs:receive", {}, set()),
    ],
)
def test_the_items_of_a_distributed_map_are_read(
    resource: str, arguments: dict[str, Any], expected: set[tuple[str, str]]
) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html ."""
    call = reading_items(Stack(), resource, Arguments(arguments), "x")
    assert (needed(call), call.unknown is None) == (expected, bool(expected))


def test_the_results_of_a_distributed_map_are_written_below_their_prefix() -> None:
    """A result writer also finishes its uploads in parts."""
    call = reading_items(Stack(), "arn:aws:states:::s3:putObject", Arguments({"Bucket": "b", "Prefix": "out/"}), "x")
    assert ("s3:AbortMultipartUpload", f"{P}:s3:::b/out/*") in needed(call)
