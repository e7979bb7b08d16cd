"""Instances and what they act with; VPC endpoints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from permscope.inventory.facts import Resource, ResourcePolicy, RoleUse

Read = Callable[..., list[Any]]
HERE = "${AWS::Region}:${AWS::AccountId}"
ARN = "arn:${AWS::Partition}"
DOCUMENT = "{Statement: [{Effect: Allow, Principal: '*', Action: 's3:*', Resource: '*'}]}"


@pytest.mark.parametrize(
    ("resource", "properties", "protected"),
    [
        (
            "AWS::EC2::VPCEndpoint",
            "ServiceName: s, VpcId: v, PolicyDocument: DOCUMENT",
            f"{ARN}:ec2:{HERE}:vpc-endpoint/${{X}}",
        ),
    ],
)
def test_its_policy_protects_it(read: Read, resource: str, properties: str, protected: str) -> None:
    """What the policy is on is the resource's own ARN, or what it names."""
    text = properties.replace("DOCUMENT", DOCUMENT)
    (found,) = read(f"Resources: {{X: {{Type: {resource}, Properties: {{{text}}}}}}}", ResourcePolicy)
    assert found.resource_arn == protected
    assert [statement.effect for statement in found.policy.statements] == ["Allow"]


def test_an_endpoint_without_policy_says_so(read: Read) -> None:
    """It lets everything through (https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html)."""
    (found,) = read(
        "Resources: {X: {Type: AWS::EC2::VPCEndpoint, Properties: {ServiceName: s, VpcId: vpc-1}}}", Resource
    )
    assert (found.attributes["has_policy"], found.attributes["vpc_id"]) == (False, "vpc-1")


def test_an_endpoint_service_names_who_may_connect(read: Read) -> None:
    """`*` is everyone."""
    (found,) = read(
        "Resources: {X: {Type: AWS::EC2::VPCEndpointServicePermissions, Properties: "
        "{ServiceId: vpce-svc-1, AllowedPrincipals: ['*']}}}",
        Resource,
    )
    assert found.attributes["allowed_principals"] == ("*",)


@pytest.mark.parametrize(
    "machine",
    [
        "{Type: AWS::EC2::Instance, Properties: {ImageId: ami-1, IamInstanceProfile: !Ref Profile}}",
        (
            "{Type: AWS::EC2::LaunchTemplate, Properties: {LaunchTemplateData: {IamInstanceProfile: "
            "{Arn: !GetAtt Profile.Arn}}}}"
        ),
        (
            "{Type: AWS::EC2::LaunchTemplate, Properties: {LaunchTemplateData: "
            "{IamInstanceProfile: {Name: !Ref Profile}}}}"
        ),
    ],
)
def test_an_instance_acts_with_the_role_of_its_profile(read: Read, machine: str) -> None:
    """The profile is what the instance names, and the role is in the profile.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2_instance-profiles.html
    """
    profile = "{Type: AWS::IAM::InstanceProfile, Properties: {Roles: [!Ref Worker]}}"
    role = "{Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Statement: []}}}"
    found = read(f"Resources:\n  X: {machine}\n  Profile: {profile}\n  Worker: {role}\n", RoleUse)
    (use,) = [use for use in found if "Profile" not in use.user_id]
    assert use.role_arn == f"{ARN}:iam::${{AWS::AccountId}}:role/${{Worker}}"
