"""Callers that only a permission shows, such as a skill of Alexa."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from permscope.inventory.facts import Trigger

HEAD = """\
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Handler: a.b, Runtime: python3.13, Role: 'arn:aws:iam::1:role/r'}}
  Allowed:
    Type: AWS::Lambda::Permission
    Properties: {FunctionName: !Ref Fn, Action: '%s', Principal: %s%s}
"""


@pytest.mark.parametrize(
    ("action", "principal", "found"),
    [
        ("lambda:InvokeFunction", "alexa-appkit.amazon.com", 1),
        ("lambda:*", "alexa-appkit.amazon.com", 1),
        ("lambda:GetFunction", "alexa-appkit.amazon.com", 0),
        ("lambda:InvokeFunction", "nobody.amazonaws.com", 0),
        ("lambda:InvokeFunction", "connect.amazonaws.com", 1),
        ("lambda:InvokeFunction", "!Sub 'connect.${AWS::URLSuffix}'", 1),
    ],
)
def test_only_a_permission_to_invoke_is_an_entry(
    read: Callable[..., list[Any]], action: str, principal: str, found: int
) -> None:
    """Of a service whose own side stands in no template, whatever its suffix is."""
    assert len(read(HEAD % (action, principal, ""), Trigger)) == found


def test_the_skill_that_a_permission_names_is_kept(read: Callable[..., list[Any]]) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/services-alexa.html: any skill may call where none is named."""
    token = ", EventSourceToken: amzn1.ask.skill.x"
    (trigger,) = read(HEAD % ("lambda:InvokeFunction", "alexa-appkit.amazon.com", token), Trigger)
    assert trigger.context == {"lambda:EventSourceToken": ("amzn1.ask.skill.x",)}
