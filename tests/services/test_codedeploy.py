"""CodeDeploy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from permscope.inventory.facts import AnyFact, Mechanism, Resource, RoleUse, Trigger

Read = Callable[..., list[AnyFact]]
HERE = "${AWS::Region}:${AWS::AccountId}"
P = "arn:${AWS::Partition}"
FN = f"{P}:lambda:{HERE}:function:${{Fn}}"
ROLE = f"{P}:iam::${{AWS::AccountId}}:role/${{Role}}"
WORLD = """
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.13}}
  Role: {Type: AWS::IAM::Role, Properties: {Path: /}}
  App: {Type: AWS::CodeDeploy::Application, Properties: {ComputePlatform: Lambda}}
  Group:
    Type: AWS::CodeDeploy::DeploymentGroup
    Properties: {ApplicationName: !Ref App, ServiceRoleArn: !GetAtt Role.Arn}
"""


def facts_of(read: Read, resource: str, kind: type) -> list[Any]:
    """The facts of one kind that one resource gives."""
    return [fact for fact in read(f"{WORLD}  X: {resource}\n") if isinstance(fact, kind) and fact.logical_id == "X"]


def test_a_traffic_hook_is_called_with_the_deployment_groups_role(read: Read) -> None:
    """`UpdatePolicy` of an alias names hooks by function name.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-updatepolicy.html
    """
    resource = (
        "{Type: AWS::Lambda::Alias, Properties: {FunctionName: !Ref Fn, FunctionVersion: '1', Name: live}, "
        "UpdatePolicy: {CodeDeployLambdaAliasUpdate: {ApplicationName: !Ref App, DeploymentGroupName: !Ref Group, "
        "BeforeAllowTrafficHook: !Ref Fn}}}"
    )
    (trigger,) = facts_of(read, resource, Trigger)
    assert (trigger.function_arn, trigger.role_arn, trigger.mechanism) == (FN, ROLE, Mechanism.SERVICE_ROLE)
    assert (trigger.event, trigger.service) == ("before-allow-traffic-hook", "codedeploy.amazonaws.com")


def test_an_alias_without_hooks_gives_no_trigger(read: Read) -> None:
    """An alias alone runs nothing."""
    resource = "{Type: AWS::Lambda::Alias, Properties: {FunctionName: !Ref Fn, FunctionVersion: '1', Name: live}}"
    assert facts_of(read, resource, Trigger) == []


def test_a_deployment_group_tells_topics_with_its_role(read: Read) -> None:
    """https://docs.aws.amazon.com/codedeploy/latest/userguide/monitoring-sns-event-notifications.html ."""
    resource = (
        "{Type: AWS::CodeDeploy::DeploymentGroup, Properties: {ApplicationName: !Ref App, "
        "ServiceRoleArn: !GetAtt Role.Arn, TriggerConfigurations: [{TriggerTargetArn: 'arn:aws:sns:eu-west-1:1:t'}]}}"
    )
    (use,) = facts_of(read, resource, RoleUse)
    assert [need.actions for need in use.required] == [("sns:Publish",)]


INSTANCES = """
  Web: {Type: AWS::EC2::Instance, Properties: {IamInstanceProfile: !Ref One, Tags: [TAGS]}}
  One: {Type: AWS::IAM::InstanceProfile, Properties: {Roles: [!Ref Role]}}
  Launch:
    Type: AWS::EC2::LaunchTemplate
    Properties: {LaunchTemplateData: {IamInstanceProfile: {Arn: !GetAtt One.Arn}}}
  Old: {Type: AWS::AutoScaling::LaunchConfiguration, Properties: {ImageId: a, IamInstanceProfile: !Ref One}}
  Fleet: {Type: AWS::AutoScaling::AutoScalingGroup, Properties: {MinSize: '1', MaxSize: '1', LAUNCH}}
"""
BY_ID = "LaunchTemplate: {LaunchTemplateId: !Ref Launch, Version: '1'}"
MIXED = "MixedInstancesPolicy: {LaunchTemplate: {LaunchTemplateSpecification: {LaunchTemplateId: !Ref Launch}}}"
BOTH = (
    "Ec2TagSet: {Ec2TagSetList: [{Ec2TagGroup: [{Key: app, Type: KEY_ONLY}]}, "
    "{Ec2TagGroup: [{Key: team, Type: KEY_ONLY}]}]}"
)
WEB, TEAM = "{Key: app, Value: web}", "{Key: team, Value: a}"


@pytest.mark.parametrize(
    ("group", "tags", "launch", "found"),
    [
        ("AutoScalingGroups: [!Ref Fleet]", "", BY_ID, True),
        ("AutoScalingGroups: [!Ref Fleet]", "", MIXED, True),
        ("AutoScalingGroups: [!Ref Fleet]", "", "LaunchConfigurationName: !Ref Old", True),
        ("AutoScalingGroups: [elsewhere]", "", BY_ID, False),
        ("Ec2TagFilters: [{Key: app, Value: web, Type: KEY_AND_VALUE}]", WEB, BY_ID, True),
        ("Ec2TagFilters: [{Key: app, Value: db, Type: KEY_AND_VALUE}]", WEB, BY_ID, False),
        ("Ec2TagFilters: [{Key: app, Type: KEY_ONLY}]", WEB, BY_ID, True),
        ("Ec2TagFilters: [{Value: web, Type: VALUE_ONLY}]", WEB, BY_ID, True),
        ("Ec2TagFilters: [{Key: app, Value: web}]", "", BY_ID, False),
        (
            BOTH,
            f"{WEB}, {TEAM}",
            BY_ID,
            True,
        ),
        (
            BOTH,
            WEB,
            BY_ID,
            False,
        ),
        ("Ec2TagFilters: nonsense", WEB, BY_ID, False),
    ],
)
def test_a_group_knows_the_roles_of_the_instances_it_deploys_to(
    read: Read, group: str, tags: str, launch: str, found: bool
) -> None:
    """One tag of each group of tags has to fit: https://docs.aws.amazon.com/codedeploy/latest/userguide/instances-tagging.html."""
    text = WORLD + INSTANCES.replace("TAGS", tags).replace("LAUNCH", launch)
    text += f"  X: {{Type: AWS::CodeDeploy::DeploymentGroup, Properties: {{ServiceRoleArn: x, {group}}}}}\n"
    (fact,) = [fact for fact in read(text) if isinstance(fact, Resource) and fact.logical_id == "X"]
    assert fact.attributes.get("instance_role_arns") == ((ROLE,) if found else None)
