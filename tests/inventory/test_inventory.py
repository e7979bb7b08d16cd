"""An inventory brings together what different facts say of one principal."""

from __future__ import annotations

from dataclasses import replace

from permscope.inventory.facts import (
    Function,
    Group,
    GroupMembership,
    ManagedPolicy,
    PolicyAttachment,
    Role,
    Unknown,
    User,
)
from permscope.inventory.inventory import Inventory
from permscope.inventory.policies import Policy, PolicyKind, parse_policy
from permscope.inventory.source import Source

ACCOUNT = "arn:aws:iam::111122223333:"


def policy(name: str, kind: PolicyKind = PolicyKind.INLINE) -> Policy:
    """A policy that allows one action."""
    return parse_policy(
        {"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}, name=name, kind=kind
    )


def role(**more: object) -> Role:
    """A role with a trust policy."""
    return Role(arn=f"{ACCOUNT}role/app", name="app", trust=policy("trust", PolicyKind.TRUST), **more)  # type: ignore[arg-type]


def test_policies_come_inline_attached_and_from_the_other_side() -> None:
    """`AWS::IAM::Policy.Roles` and managed policies count as much as the role's own."""
    own = role(inline_policies=(policy("inline"),), managed_policy_arns=(f"{ACCOUNT}policy/mine",))
    inventory = Inventory(
        [
            own,
            ManagedPolicy(arn=f"{ACCOUNT}policy/mine", name="mine", policy=policy("mine", PolicyKind.MANAGED)),
            PolicyAttachment(principal_arn=own.arn, policy=policy("elsewhere")),
        ]
    )
    assert [attached.policy.name for attached in inventory.identity_policies(own)] == ["inline", "mine", "elsewhere"]
    assert inventory.missing_policies(own) == ()


def test_a_user_has_the_policies_of_its_groups() -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_groups.html."""
    group = Group(arn=f"{ACCOUNT}group/g", name="g", inline_policies=(policy("of the group"),))
    user = User(arn=f"{ACCOUNT}user/u", name="u", inline_policies=(policy("own"),))
    inventory = Inventory([user, group, GroupMembership(group_arn=group.arn, user_arn=user.arn)])
    assert [attached.policy.name for attached in inventory.identity_policies(user)] == ["own", "of the group"]


def test_awss_own_policies_are_known_in_every_partition_and_as_tokens() -> None:
    """A template writes `arn:${AWS::Partition}:iam::aws:policy/...`."""
    own = role(managed_policy_arns=("arn:${AWS::Partition}:iam::aws:policy/AdministratorAccess",))
    inventory = Inventory([own])
    (attached,) = inventory.identity_policies(own)
    assert attached.policy.kind is PolicyKind.AWS_MANAGED
    assert attached.policy.statements[0].actions == ("*",)


def test_a_policy_nobody_has_is_an_unknown() -> None:
    """What an unseen policy allows is not silently nothing."""
    own = role(managed_policy_arns=(f"{ACCOUNT}policy/elsewhere",), boundary_arn=f"{ACCOUNT}policy/limit")
    kinds = {
        (unknown.kind, "elsewhere" in unknown.what or "limit" in unknown.what) for unknown in Inventory([own]).unknowns
    }
    assert kinds == {("managed-policy", True)}
    assert len(Inventory([own]).unknowns) == 2


def test_the_first_of_two_facts_about_one_arn_wins() -> None:
    """Several inputs may hold the same thing."""
    one = Function(arn="arn:aws:lambda:r:1:function:f", name="f", runtime="first")
    inventory = Inventory([one, Function(arn=one.arn, name="f", runtime="second")])
    assert inventory.functions[one.arn].runtime == "first"
    assert inventory.function(f"{one.arn}:live") is one


def test_unknowns_are_not_repeated() -> None:
    """One cause is one line."""
    assert len(Inventory([Unknown(what="x", why="y"), Unknown(what="x", why="y")]).unknowns) == 1


def test_a_role_name_that_two_templates_use_is_unknown() -> None:
    """An account has a role name once: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html."""
    first = role(source=Source(file="a.yaml", line=3))
    copy = role(source=Source(file="b.yaml", line=9))
    assert Inventory([first, copy]).shared_roles == frozenset()  # a copy of the template says the same
    second = replace(copy, managed_policy_arns=("arn:aws:iam::aws:policy/ReadOnlyAccess",))
    shared = Inventory([first, second])
    assert shared.shared_roles == {first.arn}
    assert [(unknown.kind, unknown.source) for unknown in shared.unknowns] == [("shared-role", first.source)]
    alone = Inventory([first, role(source=Source(call="iam.get_role", account="111122223333"))])
    assert alone.shared_roles == frozenset()
    assert alone.unknowns == ()
