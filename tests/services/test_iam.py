"""Roles, users, groups and what is attached to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest

from permscope.inventory.facts import (
    AnyFact,
    Group,
    GroupMembership,
    IdentityProvider,
    ManagedPolicy,
    PolicyAttachment,
    Resource,
    Role,
    RoleUse,
    Unknown,
    User,
)
from permscope.inventory.policies import PolicyKind

Read = Callable[..., list[AnyFact]]
F = TypeVar("F")
IAM = "arn:${AWS::Partition}:iam::${AWS::AccountId}"
ALLOW = "{Version: '2012-10-17', Statement: [{Effect: Allow, Action: 's3:GetObject', Resource: '*'}]}"
TRUST = "{Statement: [{Effect: Allow, Action: 'sts:AssumeRole', Principal: {Service: lambda.amazonaws.com}}]}"
UNDECIDED = "Parameters: {Stage: {Type: String}}\nConditions: {IsProd: !Equals [!Ref Stage, prod]}\n"


def of(facts: list[AnyFact], kind: type[F]) -> list[F]:
    """The facts of one class."""
    return [fact for fact in facts if isinstance(fact, kind)]


def test_a_role_carries_everything_it_attaches_to_itself(read: Read) -> None:
    """Trust, inline policies in file order, managed policies, boundary and tags."""
    facts = read(f"""
Resources:
  R:
    Type: AWS::IAM::Role
    Properties:
      RoleName: app
      Path: /team/
      AssumeRolePolicyDocument: {TRUST}
      Policies:
        - {{PolicyName: first, PolicyDocument: {ALLOW}}}
        - {{PolicyDocument: {ALLOW}}}
      ManagedPolicyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess', !Ref M]
      PermissionsBoundary: arn:aws:iam::111122223333:policy/edge
      Tags: [{{Key: team, Value: shop}}]
  M:
    Type: AWS::IAM::ManagedPolicy
    Properties: {{PolicyDocument: {ALLOW}}}
""")
    (role,) = of(facts, Role)
    assert role.arn == f"{IAM}:role/team/app"
    assert [policy.name for policy in role.inline_policies] == ["first", "R/Policies[1]"]
    assert role.managed_policy_arns == ("arn:aws:iam::aws:policy/ReadOnlyAccess", f"{IAM}:policy/${{M}}")
    assert role.boundary_arn == "arn:aws:iam::111122223333:policy/edge"
    assert role.trust.kind is PolicyKind.TRUST
    assert role.trust.statements[0].principals == (("Service", "lambda.amazonaws.com"),)
    assert role.tags == {"team": "shop"}
    assert of(facts, ManagedPolicy)[0].arn == f"{IAM}:policy/${{M}}"


def test_a_conditional_policy_is_attached_under_its_condition(read: Read) -> None:
    """What may or may not be attached is neither dropped nor certain."""
    facts = read(
        UNDECIDED
        + f"""
Resources:
  R:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {TRUST}
      Policies: [!If [IsProd, {{PolicyName: prod, PolicyDocument: {ALLOW}}}, !Ref AWS::NoValue]]
      ManagedPolicyArns:
        - !If [IsProd, 'arn:aws:iam::aws:policy/ReadOnlyAccess', 'arn:aws:iam::aws:policy/PowerUserAccess']
"""
    )
    (role,) = of(facts, Role)
    found = of(facts, PolicyAttachment)
    assert (role.inline_policies, role.managed_policy_arns) == ((), ())
    assert [fact.policy.name for fact in found if fact.policy] == ["prod"]
    assert [fact.policy_arn for fact in found if fact.policy_arn] == [
        "arn:aws:iam::aws:policy/ReadOnlyAccess",
        "arn:aws:iam::aws:policy/PowerUserAccess",
    ]
    assert [fact.only_if for fact in found] == ["IsProd", "IsProd", "not IsProd"]
    assert {fact.principal_arn for fact in found} == {role.arn}


@pytest.mark.parametrize("kind", ["AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"])
def test_a_policy_finds_its_principals_by_name(read: Read, kind: str) -> None:
    """`Roles` holds names; a role of the template keeps its path, another is taken to have none."""
    facts = read(f"""
Resources:
  R: {{Type: AWS::IAM::Role, Properties: {{Path: /team/, AssumeRolePolicyDocument: {TRUST}}}}}
  U: {{Type: AWS::IAM::User}}
  G: {{Type: AWS::IAM::Group, Properties: {{GroupName: devs}}}}
  P:
    Type: {kind}
    Properties:
      PolicyName: p
      PolicyDocument: {ALLOW}
      Roles: [!Ref R, elsewhere]
      Users: [!Ref U]
      Groups: [devs]
""")
    assert [fact.principal_arn for fact in of(facts, PolicyAttachment)] == [
        f"{IAM}:role/team/${{R}}",
        f"{IAM}:role/elsewhere",
        f"{IAM}:user/${{U}}",
        f"{IAM}:group/devs",
    ]
    inline = kind == "AWS::IAM::Policy"
    for fact in of(facts, PolicyAttachment):
        assert (fact.policy is not None, fact.policy_arn is None) == (inline, inline)


@pytest.mark.parametrize(("kind", "of_kind"), [("Role", "role"), ("User", "user"), ("Group", "group")])
def test_a_policy_of_one_principal_is_attached_to_it(read: Read, kind: str, of_kind: str) -> None:
    """`AWS::IAM::RolePolicy` and its siblings."""
    facts = read(f"""
Resources:
  P:
    Type: AWS::IAM::{kind}Policy
    Properties: {{{kind}Name: someone, PolicyName: own, PolicyDocument: {ALLOW}}}
""")
    (fact,) = of(facts, PolicyAttachment)
    assert fact.principal_arn == f"{IAM}:{of_kind}/someone"
    assert fact.policy is not None
    assert (fact.policy.name, fact.policy.kind) == ("own", PolicyKind.INLINE)


def test_a_policy_of_nobody_is_unknown(read: Read) -> None:
    """CloudFormation refuses it, and the report says so."""
    facts = read(
        f"Resources: {{P: {{Type: AWS::IAM::Policy, Properties: {{PolicyName: p, PolicyDocument: {ALLOW}}}}}}}"
    )
    assert [fact.kind for fact in of(facts, Unknown)] == ["target"]


def test_users_are_in_groups_either_way(read: Read) -> None:
    """By the user's own property, and by an addition; names become ARNs."""
    facts = read("""
Resources:
  U: {Type: AWS::IAM::User, Properties: {Path: /people/, Groups: [!Ref G], LoginProfile: {Password: hush-hush}}}
  G: {Type: AWS::IAM::Group}
  A: {Type: AWS::IAM::UserToGroupAddition, Properties: {GroupName: !Ref G, Users: [!Ref U, other]}}
""")
    assert of(facts, User)[0].group_arns == (f"{IAM}:group/${{G}}",)
    assert [fact.arn for fact in of(facts, Group)] == [f"{IAM}:group/${{G}}"]
    assert [fact.user_arn for fact in of(facts, GroupMembership)] == [f"{IAM}:user/people/${{U}}", f"{IAM}:user/other"]
    assert "hush-hush" not in repr(facts)


def test_instances_act_with_the_role_of_their_profile(read: Read) -> None:
    """An instance profile hands its role to EC2."""
    facts = read("Resources: {P: {Type: AWS::IAM::InstanceProfile, Properties: {Roles: [web]}}}")
    (use,) = of(facts, RoleUse)
    assert (use.role_arn, use.service) == (f"{IAM}:role/web", "ec2.amazonaws.com")


def test_a_service_linked_role_is_assumed_by_its_service_alone(read: Read) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html ."""
    facts = read(
        "Resources: {L: {Type: AWS::IAM::ServiceLinkedRole, Properties: {AWSServiceName: autoscaling.amazonaws.com}}}"
    )
    (role,) = of(facts, Role)
    assert role.trust.statements[0].principals == (("Service", "autoscaling.amazonaws.com"),)


def test_identity_providers_are_what_roles_trust(read: Read) -> None:
    """An OIDC provider is named by its URL without the scheme, as in its ARN."""
    facts = read("""
Resources:
  O: {Type: AWS::IAM::OIDCProvider, Properties: {Url: 'https://token.actions.githubusercontent.com'}}
  S: {Type: AWS::IAM::SAMLProvider, Properties: {Name: corp}}
""")
    assert [(fact.kind, fact.name, fact.arn) for fact in of(facts, IdentityProvider)] == [
        (
            "oidc",
            "token.actions.githubusercontent.com",
            f"{IAM}:oidc-provider/token.actions.githubusercontent.com",
        ),
        ("saml", "corp", f"{IAM}:saml-provider/corp"),
    ]


def test_an_access_key_knows_its_user(read: Read) -> None:
    """A long-lived key is a resource of its user."""
    facts = read("Resources: {K: {Type: AWS::IAM::AccessKey, Properties: {UserName: bot}}}")
    (found,) = of(facts, Resource)
    assert found.attributes["user_arn"] == f"{IAM}:user/bot"


@pytest.mark.parametrize("properties", ["Policies: text", "ManagedPolicyArns: [{a: b}]"])
def test_what_is_attached_in_a_strange_shape_is_unknown(read: Read, properties: str) -> None:
    """It is never taken for nothing."""
    role = f"{{AssumeRolePolicyDocument: {TRUST}, {properties}}}"
    facts = read(f"Resources: {{R: {{Type: AWS::IAM::Role, Properties: {role}}}}}")
    assert [fact.kind for fact in of(facts, Unknown)] == ["shape"]


def test_a_policy_that_names_nobody_is_read_and_attached_to_nobody(read: Read) -> None:
    """CloudFormation asks for one of `Roles`, `Users` and `Groups`; what the policy says is there all the same.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-policy.html
    """
    facts = read(
        f"Resources: {{P: {{Type: AWS::IAM::Policy, Properties: {{PolicyName: p, PolicyDocument: {ALLOW}}}}}}}"
    )
    (attachment,) = of(facts, PolicyAttachment)
    assert (attachment.principal_arn, attachment.policy and attachment.policy.name) == ("", "p")
    assert [fact.why for fact in of(facts, Unknown)] == ["it names no role, user or group"]
