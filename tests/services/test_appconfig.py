"""AppConfig."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import AnyFact, Mechanism, Trigger

Read = Callable[..., list[AnyFact]]
HERE = "${AWS::Region}:${AWS::AccountId}"
P = "arn:${AWS::Partition}"
FN = f"{P}:lambda:{HERE}:function:${{Fn}}"
ROLE = f"{P}:iam::${{AWS::AccountId}}:role/${{Role}}"
WORLD = """
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.13}}
  Role: {Type: AWS::IAM::Role, Properties: {Path: /}}
"""


def facts_of(read: Read, resource: str, kind: type) -> list[Any]:
    """The facts of one kind that one resource gives."""
    return [fact for fact in read(f"{WORLD}  X: {resource}\n") if isinstance(fact, kind) and fact.logical_id == "X"]


def test_an_extension_calls_a_function_with_its_role(read: Read) -> None:
    """Each action of an extension has a role.

    https://docs.aws.amazon.com/appconfig/latest/userguide/working-with-appconfig-extensions-creating-custom.html
    """
    resource = (
        "{Type: AWS::AppConfig::Extension, Properties: {Name: e, Actions: {ON_DEPLOYMENT_COMPLETE: "
        "[{Name: a, Uri: !GetAtt Fn.Arn, RoleArn: !GetAtt Role.Arn}]}}}"
    )
    (trigger,) = facts_of(read, resource, Trigger)
    assert (trigger.function_arn, trigger.role_arn, trigger.mechanism) == (FN, ROLE, Mechanism.SERVICE_ROLE)


def test_a_validator_is_a_function_that_lets_the_service_in(read: Read) -> None:
    """AppConfig calls it before a configuration is deployed.

    https://docs.aws.amazon.com/appconfig/latest/userguide/appconfig-creating-configuration-profile.html
    """
    resource = (
        "{Type: AWS::AppConfig::ConfigurationProfile, Properties: {ApplicationId: a, Name: p, LocationUri: hosted, "
        "Validators: [{Type: LAMBDA, Content: !GetAtt Fn.Arn}, {Type: JSON_SCHEMA, Content: '{}'}]}}"
    )
    (trigger,) = facts_of(read, resource, Trigger)
    assert (trigger.function_arn, trigger.mechanism) == (FN, Mechanism.RESOURCE_POLICY)
    assert trigger.service == "appconfig.amazonaws.com"
