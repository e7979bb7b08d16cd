"""The grants that nearly every function has."""

from __future__ import annotations

import pytest

from permscope.catalog.actions import load
from permscope.catalog.managed_policies import document
from permscope.graph.routine import ROUTINE, routine_of, routine_words

FEEDING = frozenset({"sqs", "kinesis", "dynamodb", "kafka"})


@pytest.mark.parametrize(
    "name",
    [
        "AWSLambdaBasicExecutionRole",
        "AWSLambdaVPCAccessExecutionRole",
        "AWSLambdaSQSQueueExecutionRole",
        "AWSLambdaKinesisExecutionRole",
        "AWSLambdaDynamoDBExecutionRole",
        "AWSLambdaMSKExecutionRole",
        "AWSXRayDaemonWriteAccess",
    ],
)
def test_what_lambdas_own_managed_policies_grant_is_routine(name: str) -> None:
    """Each of them is attached by the hundred, by SAM itself among others: all are folded alike."""
    folder = "" if name.startswith("AWSXRay") else "service-role/"
    policy = document(f"arn:aws:iam::aws:policy/{folder}{name}")
    assert policy is not None
    names = [each for statement in policy.document["Statement"] for each in statement["Action"]]
    actions = load().action_set(names)
    assert routine_words(actions, FEEDING)


def test_every_routine_action_is_one_that_aws_has() -> None:
    """A misspelt action would never be folded."""
    for service, routine in ROUTINE.items():
        assert len(load().action_set(routine.actions)) == len(routine.actions)
        assert load().action_set(routine.actions).services() == (service,)


def test_polling_is_routine_only_for_what_is_fed_by_that_service() -> None:
    """Reading every queue of the account is no routine for a function that no queue feeds."""
    actions = load().action_set(["sqs:ReceiveMessage", "sqs:DeleteMessage"])
    assert routine_of(actions, "sqs") is None
    assert routine_of(actions, "sqs", frozenset({"kinesis"})) is None
    found = routine_of(actions, "sqs", frozenset({"sqs"}))
    assert found is not None
    assert found.does == "polls queues"


def test_one_action_more_is_no_routine() -> None:
    """Deleting log groups is not writing one's own logs."""
    assert routine_words(load().action_set(["logs:PutLogEvents", "xray:PutTraceSegments"])) == (
        "write its logs and send traces"
    )
    assert routine_words(load().action_set(["logs:PutLogEvents", "logs:DeleteLogGroup"])) == ""
    assert routine_words(load().action_set(["logs:PutLogEvents", "s3:GetObject"])) == ""
    assert routine_words(load().action_set([])) == ""
