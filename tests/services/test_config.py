"""AWS Config."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import AnyFact, Mechanism, RoleUse, Trigger

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


def test_a_custom_rule_runs_its_function(read: Read) -> None:
    """https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config_develop-rules_lambda-functions.html ."""
    resource = (
        "{Type: AWS::Config::ConfigRule, Properties: "
        "{Source: {Owner: CUSTOM_LAMBDA, SourceIdentifier: !GetAtt Fn.Arn}}}"
    )
    (trigger,) = facts_of(read, resource, Trigger)
    assert (trigger.function_arn, trigger.service) == (FN, "config.amazonaws.com")
    assert (trigger.mechanism, trigger.source_account) == (Mechanism.RESOURCE_POLICY, "${AWS::AccountId}")


def test_a_rule_of_awss_own_runs_no_function(read: Read) -> None:
    """A managed rule is named, not run."""
    resource = "{Type: AWS::Config::ConfigRule, Properties: {Source: {Owner: AWS, SourceIdentifier: ROOT_ACCOUNT_MFA}}}"
    assert facts_of(read, resource, Trigger) == []


def test_an_organization_rule_is_run_for_other_accounts(read: Read) -> None:
    """The source account is that of each member, so it is not known."""
    resource = (
        "{Type: AWS::Config::OrganizationConfigRule, Properties: {OrganizationCustomRuleMetadata: "
        "{LambdaFunctionArn: !GetAtt Fn.Arn, OrganizationConfigRuleTriggerTypes: [ScheduledNotification]}}}"
    )
    assert [(found.function_arn, found.source_account) for found in facts_of(read, resource, Trigger)] == [(FN, None)]


def test_a_recorder_reads_with_its_role(read: Read) -> None:
    """What it reads is not in the template."""
    resource = "{Type: AWS::Config::ConfigurationRecorder, Properties: {RoleARN: !GetAtt Role.Arn}}"
    assert [(use.role_arn, use.exact) for use in facts_of(read, resource, RoleUse)] == [(ROLE, False)]
