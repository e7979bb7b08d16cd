"""Amazon Connect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import AnyFact, Trigger

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


def test_an_associated_function_may_be_called_by_contact_flows(read: Read) -> None:
    """The source is the instance."""
    instance = "arn:aws:connect:eu-west-1:111122223333:instance/i"
    resource = (
        "{Type: AWS::Connect::IntegrationAssociation, Properties: "
        f"{{InstanceId: '{instance}', IntegrationType: LAMBDA_FUNCTION, IntegrationArn: !GetAtt Fn.Arn}}}}"
    )
    (trigger,) = facts_of(read, resource, Trigger)
    assert (trigger.function_arn, trigger.source_arn, trigger.source_id) == (FN, instance, instance)


def test_a_permission_alone_shows_the_entry(read: Read) -> None:
    """The association may have been made by hand."""
    resource = (
        "{Type: AWS::Lambda::Permission, Properties: {FunctionName: !Ref Fn, Action: 'lambda:InvokeFunction', "
        "Principal: connect.amazonaws.com, SourceAccount: !Ref AWS::AccountId}}"
    )
    (trigger,) = facts_of(read, resource, Trigger)
    assert (trigger.event, trigger.source_account) == ("connect-flow", "${AWS::AccountId}")
