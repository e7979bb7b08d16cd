"""Who acts in each version, and whose rights are the very same in both."""

from __future__ import annotations

import pytest

from permscope.graph.diff.access import access_changes
from permscope.graph.diff.matching import Matching
from permscope.graph.diff.sides import Side
from tests.graph.diff.conftest import Versions

ROLE = """
Role:
  Type: AWS::IAM::Role
  Properties:
    RoleName: app
    AssumeRolePolicyDocument:
      Statement: {Effect: Allow, Action: "sts:AssumeRole", Principal: {Service: lambda.amazonaws.com}}
    Policies:
      - PolicyName: own
        PolicyDocument:
          Statement: {Effect: Allow, Action: "%s", Resource: "*"}
"""
BOUNDARY = '    PermissionsBoundary: "arn:aws:iam::111122223333:policy/edge"\n'


def of_both(matching: Matching) -> tuple[Side, Side]:
    """Both versions."""
    return Side(matching.old, None), Side(matching.new, matching)


def role_arn(side: Side) -> str:
    """The role of a version."""
    return next(iter(side.decisions.inventory.roles))


def test_a_principal_with_the_same_policies_is_the_same(versions: Versions) -> None:
    """Nothing is compared of whom nothing changed."""
    old, new = of_both(versions(ROLE % "s3:GetObject", ROLE % "s3:GetObject"))
    old_role, new_role = (role_arn(side) for side in (old, new))
    assert old_role == new_role
    # Files differ in their folders here, so that equal policies stand in different places.
    assert new.is_same(new_role, new)


@pytest.mark.parametrize("after", [ROLE % "s3:PutObject", (ROLE % "s3:GetObject") + BOUNDARY])
def test_another_policy_or_boundary_makes_another_principal(versions: Versions, after: str) -> None:
    """What was gained and lost by it is worked out."""
    old, new = of_both(versions(ROLE % "s3:GetObject", after))
    assert not new.is_same(role_arn(new), old)


def test_a_principal_that_one_version_lacks_is_not_the_same(versions: Versions) -> None:
    """Somebody new has everything new."""
    old, new = of_both(versions("\nTopic: {Type: AWS::SNS::Topic}\n", ROLE % "s3:GetObject"))
    assert not new.is_same(role_arn(new), old)


def test_rights_that_did_not_change_are_news_to_nobody(versions: Versions) -> None:
    """Both ways of finding that out agree: by the policies, and by what they allow."""
    matching = versions(ROLE % "s3:*", ROLE % "s3:*")
    assert list(access_changes(matching)) == []
    unmoved = Matching(matching.new, matching.new, {node: node for node in matching.new.nodes})
    assert list(access_changes(unmoved)) == []
