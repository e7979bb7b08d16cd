"""Who may become which role."""

from __future__ import annotations

from typing import Any

import pytest

from permscope.graph.model import Decision, EdgeKind, NodeKind

ROLE = """\
  {name}:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement: [{{Effect: Allow, Principal: {principal}, Action: {action}{more}}}]
"""


def role(principal: str, more: str = "", action: str = "'sts:AssumeRole'", name: str = "Target") -> str:
    """A role that trusts somebody."""
    return ROLE.format(name=name, principal=principal, more=more, action=action)


@pytest.mark.parametrize(
    ("principal", "action", "kind"),
    [
        ("{Service: ec2.amazonaws.com}", "'sts:AssumeRole'", NodeKind.SERVICE),
        ("{AWS: 'arn:aws:iam::111122223333:root'}", "'sts:AssumeRole'", NodeKind.ACCOUNT),
        ("{AWS: 'arn:aws:iam::111122223333:role/x'}", "'sts:AssumeRole'", NodeKind.EXTERNAL),
        ("{AWS: '*'}", "'sts:AssumeRole'", NodeKind.PUBLIC),
        (
            "{Federated: cognito-identity.amazonaws.com}",
            "'sts:AssumeRoleWithWebIdentity'",
            NodeKind.FEDERATED,
        ),
    ],
)
def test_a_trust_policy_lets_its_principals_assume(world: Any, principal: str, action: str, kind: NodeKind) -> None:
    """AWS documents it (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html)."""
    made = world(role(principal, action=action))
    edge = made.edge(EdgeKind.CAN_ASSUME, target="Target")
    assert made.graph.nodes[edge.source].kind is kind
    assert edge.decision is Decision.ALLOW


def test_an_external_id_is_a_condition(world: Any) -> None:
    """Conditions of the trust policy stay on the edge."""
    edge = world(role("{AWS: '111122223333'}", ", Condition: {StringEquals: {'sts:ExternalId': abc}}")).edge(
        EdgeKind.CAN_ASSUME
    )
    assert edge.conditions == {"StringEquals": {"sts:ExternalId": ["abc"]}}
    assert edge.decision is Decision.CONDITIONAL


OWN = "{AWS: !Sub 'arn:aws:iam::${AWS::AccountId}:root'}"
ASSUME = "{Effect: Allow, Action: 'sts:AssumeRole', Resource: !GetAtt Target.Arn}"


def test_trust_in_the_account_needs_an_identity_policy(world: Any, function: Any) -> None:
    """The account's ARN hands over to its IAM policies."""
    assert world(function("Fn", ASSUME), role(OWN)).edge(EdgeKind.CAN_ASSUME, "FnRole", "Target")
    assert not world(function("Fn"), role(OWN)).edges(EdgeKind.CAN_ASSUME, "FnRole", "Target")


def test_an_identity_policy_without_trust_is_nothing(world: Any, function: Any) -> None:
    """A role that trusts EC2 alone is not assumed by a function."""
    made = world(function("Fn", ASSUME), role("{Service: ec2.amazonaws.com}"))
    assert not made.edges(EdgeKind.CAN_ASSUME, "FnRole")


def test_trust_in_the_role_itself_is_enough_inside_an_account(world: Any, function: Any) -> None:
    """AWS documents it (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html)."""
    made = world(function("Fn"), role("{AWS: !GetAtt FnRole.Arn}"))
    assert made.edge(EdgeKind.CAN_ASSUME, "FnRole", "Target").decision is Decision.ALLOW


def test_a_grant_on_every_role_reaches_those_that_trust_the_account(world: Any, function: Any) -> None:
    """And the set, for what is in no input."""
    wide = "{Effect: Allow, Action: 'sts:AssumeRole', Resource: '*'}"
    made = world(function("Fn", wide), role(OWN), role("{Service: ec2.amazonaws.com}", name="Closed"))
    targets = {made.graph.nodes[edge.target].label for edge in made.edges(EdgeKind.CAN_ASSUME, "FnRole")}
    assert targets == {"Target", "*"}


NAMED = "{AWS: !GetAtt FnRole.Arn}"
NO = "{Effect: Deny, Action: 'sts:*', Resource: '*'"


@pytest.mark.parametrize(
    ("statements", "decision"),
    [
        ((), Decision.ALLOW),
        ((f"{NO}}}",), None),
        (("{Effect: Deny, Action: 'sts:AssumeRole', Resource: 'arn:aws:iam::*:role/other'}",), Decision.ALLOW),
        ((f"{NO}, Condition: {{Bool: {{'aws:SecureTransport': 'false'}}}}}}",), Decision.ALLOW),
        ((f"{NO}, Condition: {{StringEquals: {{'aws:RequestedRegion': eu-west-1}}}}}}",), Decision.CONDITIONAL),
    ],
)
def test_a_principal_that_is_named_may_still_be_denied(
    world: Any, function: Any, statements: tuple[str, ...], decision: Decision | None
) -> None:
    """A Deny of its own policies wins over the trust policy, in one account too.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
    """
    edges = world(function("Fn", *statements), role(NAMED)).edges(EdgeKind.CAN_ASSUME, "FnRole", "Target")
    assert [edge.decision for edge in edges] == ([decision] if decision else [])
