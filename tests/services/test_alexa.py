"""Alexa skills."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

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


def permission(more: str = "", principal: str = "alexa-appkit.amazon.com") -> str:
    """A permission for a service."""
    return (
        "{Type: AWS::Lambda::Permission, Properties: {FunctionName: !Ref Fn, Action: 'lambda:InvokeFunction', "
        f"Principal: {principal}{more}}}}}"
    )


@pytest.mark.parametrize(
    ("more", "context"),
    [
        (", EventSourceToken: amzn1.ask.skill.1", {"lambda:EventSourceToken": ("amzn1.ask.skill.1",)}),
        ("", {}),
    ],
)
def test_the_permission_is_the_entry(read: Read, more: str, context: dict[str, Any]) -> None:
    """Skills live outside of AWS; their id is the event source token."""
    (trigger,) = facts_of(read, permission(more), Trigger)
    assert (trigger.function_arn, trigger.service, trigger.source_id) == (FN, "alexa-appkit.amazon.com", None)
    assert trigger.context == context


@pytest.mark.parametrize("principal", ["s3.amazonaws.com", "'*'", "'111122223333'"])
def test_other_principals_are_wired_elsewhere(read: Read, principal: str) -> None:
    """A permission of a service that templates wire is no trigger itself."""
    assert facts_of(read, permission(principal=principal), Trigger) == []
