"""CodeCommit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import AnyFact, Delivery, Trigger

Read = Callable[..., list[AnyFact]]
HERE = "${AWS::Region}:${AWS::AccountId}"
P = "arn:${AWS::Partition}"
FN = f"{P}:lambda:{HERE}:function:${{Fn}}"
WORLD = """
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.13}}
  Role: {Type: AWS::IAM::Role, Properties: {Path: /}}
"""


def facts_of(read: Read, resource: str, kind: type) -> list[Any]:
    """The facts of one kind that one resource gives."""
    return [fact for fact in read(f"{WORLD}  X: {resource}\n") if isinstance(fact, kind) and fact.logical_id == "X"]


def test_a_repository_runs_functions_and_tells_topics(read: Read) -> None:
    """https://docs.aws.amazon.com/codecommit/latest/userguide/how-to-notify-lambda-cc.html ."""
    resource = (
        "{Type: AWS::CodeCommit::Repository, Properties: {RepositoryName: code, Triggers: ["
        "{Name: a, DestinationArn: !GetAtt Fn.Arn, Events: [all]}, "
        "{Name: b, DestinationArn: 'arn:aws:sns:eu-west-1:111122223333:t', Events: [all]}]}}"
    )
    (trigger,) = facts_of(read, resource, Trigger)
    assert (trigger.function_arn, trigger.source_arn) == (FN, f"{P}:codecommit:{HERE}:code")
    assert [delivery.service for delivery in facts_of(read, resource, Delivery)] == ["codecommit.amazonaws.com"]
