"""EC2 Auto Scaling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import AnyFact, RoleUse, Trigger

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


def test_a_termination_policy_may_be_a_function(read: Read) -> None:
    """It is called by the service-linked role.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/lambda-custom-termination-policy.html
    """
    resource = (
        "{Type: AWS::AutoScaling::AutoScalingGroup, Properties: {MinSize: '0', MaxSize: '1', "
        "TerminationPolicies: [!GetAtt Fn.Arn, OldestInstance]}}"
    )
    (trigger,) = facts_of(read, resource, Trigger)
    assert (trigger.function_arn, trigger.event) == (FN, "termination-policy")
    assert str(trigger.role_arn).endswith("/AWSServiceRoleForAutoScaling")


def test_a_lifecycle_hook_tells_with_its_role(read: Read) -> None:
    """https://docs.aws.amazon.com/autoscaling/ec2/userguide/prepare-for-lifecycle-notifications.html ."""
    resource = (
        "{Type: AWS::AutoScaling::LifecycleHook, Properties: {AutoScalingGroupName: g, RoleARN: !GetAtt Role.Arn, "
        "LifecycleTransition: t, NotificationTargetARN: 'arn:aws:sns:eu-west-1:111122223333:t'}}"
    )
    (use,) = facts_of(read, resource, RoleUse)
    assert [need.actions for need in use.required] == [("sns:Publish",)]
    assert use.role_arn == ROLE
