"""Where functions send results and failures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from permscope.inventory.facts import Delivery, Unknown
from permscope.services.lambda_destinations import needs_to_send

Read = Callable[..., list[Any]]


ACCOUNT = "eu-west-1:111122223333"


@pytest.mark.parametrize(
    ("target", "actions"),
    [
        (f"arn:aws:sqs:{ACCOUNT}:q", ["sqs:SendMessage"]),
        (f"arn:aws:sns:{ACCOUNT}:t", ["sns:Publish"]),
        (f"arn:aws:events:{ACCOUNT}:event-bus/b", ["events:PutEvents"]),
        (f"arn:aws:lambda:{ACCOUNT}:function:f", ["lambda:InvokeFunction"]),
        ("arn:aws:s3:::b", ["s3:PutObject", "s3:ListBucket"]),
        ("kafka://topic", []),
    ],
)
def test_each_kind_of_target_has_its_action(target: str, actions: list[str]) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html ."""
    needs = needs_to_send(target)
    assert needs is not None
    assert [action for need in needs for action in need.actions] == actions


@pytest.mark.parametrize("target", ["${Param::Target}", "arn:aws:ec2:eu-west-1:111122223333:instance/i-1", "q"])
def test_a_target_of_no_known_kind_is_not_guessed(target: str) -> None:
    """None is not the empty tuple."""
    assert needs_to_send(target) is None


def test_a_destination_nobody_gave_is_said_and_kept(read: Read) -> None:
    """The delivery is there, and so is the unknown."""
    facts = read("""
Parameters: {Target: {Type: String}}
Resources:
  E:
    Type: AWS::Lambda::EventInvokeConfig
    Properties: {FunctionName: f, Qualifier: live, DestinationConfig: {OnFailure: {Destination: !Ref Target}}}
""")
    (delivery,) = [fact for fact in facts if isinstance(fact, Delivery)]
    assert (delivery.target_arn, delivery.required, delivery.exact) == ("${Param::Target}", (), False)
    assert "target" in [fact.kind for fact in facts if isinstance(fact, Unknown)]
