"""Lex."""

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


HOOK = (
    "[{LocaleId: en_US, BotAliasLocaleSetting: {Enabled: true, CodeHookSpecification: "
    "{LambdaCodeHook: {CodeHookInterfaceVersion: '1.0', LambdaArn: !GetAtt Fn.Arn}}}}]"
)


def test_a_bot_alias_calls_its_function(read: Read) -> None:
    """https://docs.aws.amazon.com/lexv2/latest/dg/lambda-attach.html names principal and source."""
    resource = (
        f"{{Type: AWS::Lex::BotAlias, Properties: {{BotAliasName: a, BotId: B1, BotAliasLocaleSettings: {HOOK}}}}}"
    )
    (trigger,) = facts_of(read, resource, Trigger)
    assert (trigger.function_arn, trigger.service) == (FN, "lexv2.amazonaws.com")


def test_the_test_alias_of_a_bot_is_wired_too(read: Read) -> None:
    """Its id is always `TSTALIASID`."""
    resource = (
        "{Type: AWS::Lex::Bot, Properties: {Name: b, RoleArn: !GetAtt Role.Arn, DataPrivacy: {ChildDirected: false}, "
        f"IdleSessionTTLInSeconds: 300, TestBotAliasSettings: {{BotAliasLocaleSettings: {HOOK}}}}}}}"
    )
    (trigger,) = facts_of(read, resource, Trigger)
    assert str(trigger.source_arn).endswith("/TSTALIASID")


def test_of_the_first_version_only_permissions_are_left(read: Read) -> None:
    """No template describes a V1 bot."""
    resource = (
        "{Type: AWS::Lambda::Permission, Properties: {FunctionName: !Ref Fn, Action: 'lambda:InvokeFunction', "
        "Principal: lex.amazonaws.com, SourceArn: 'arn:aws:lex:eu-west-1:111122223333:intent:Order:*'}}"
    )
    (trigger,) = facts_of(read, resource, Trigger)
    assert (trigger.function_arn, trigger.event, trigger.source_id) == (FN, "lex-v1-bot", None)
