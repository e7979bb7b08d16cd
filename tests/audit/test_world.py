"""What rules look at: principals understood, policies once, attachments where they stand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from permscope.audit.world import World, plain_name
from permscope.collect.load import LoadOptions, load
from permscope.graph.build import build_graph
from permscope.graph.trusted import TrustedParties
from permscope.inventory.facts import Account
from permscope.inventory.inventory import Inventory
from permscope.inventory.policies import Principal

OWN, OTHER, FRIEND = "111122223333", "999988887777", "444455556666"
TEMPLATE = """
Resources:
  Held:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: &trust
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
      ManagedPolicyArns: [!Ref Shared, arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess]
      PermissionsBoundary: !Ref Cap
  Twin: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: *trust, ManagedPolicyArns: [!Ref Shared]}}
  Shared: {Type: AWS::IAM::ManagedPolicy, Properties: {PolicyDocument: &document
    {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "s3:*", Resource: "*"}]}}}
  Cap: {Type: AWS::IAM::ManagedPolicy, Properties: {PolicyDocument: *document}}
  Loose: {Type: AWS::IAM::ManagedPolicy, Properties: {PolicyDocument: *document}}
"""


@pytest.fixture
def world(tmp_path: Path) -> World:
    """The world of the template, deployed into an account."""
    path = tmp_path / "template.yaml"
    path.write_text(TEMPLATE, encoding="utf-8")
    inventory = load([str(path)], LoadOptions(account=OWN))
    return World(build_graph(inventory), inventory, TrustedParties(accounts=frozenset([FRIEND])))


@pytest.mark.parametrize(
    ("kind", "value", "who", "trusted"),
    [
        ("*", "*", "public", False),
        ("AWS", "*", "public", False),
        ("AWS", OWN, "own", False),
        ("AWS", f"arn:aws:iam::{OWN}:role/x", "own", False),
        ("AWS", f"arn:aws:iam::{OTHER}:root", "external", False),
        ("AWS", f"arn:aws:iam::{FRIEND}:root", "external", True),
        ("AWS", "arn:aws:iam::*:root", "partial", False),
        ("AWS", f"arn:aws:iam::{OTHER}:role/*", "partial", False),
        ("AWS", "127311923021", "aws", False),
        ("AWS", "AROAEXAMPLE123456789", "deleted", False),
        ("AWS", "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1", "aws", False),
        ("AWS", "${Import::Partner}", "unknown", False),
        ("Service", "sns.amazonaws.com", "service", False),
        ("Service", "${Param::Service}", "unknown", False),
        ("Federated", "accounts.google.com", "federated", False),
        ("CanonicalUser", "abc", "canonical", False),
    ],
)
def test_a_principal_is_understood(world: World, kind: str, value: str, who: str, trusted: bool) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html."""
    found = world.who(Principal(kind, value))
    assert (found.kind, found.trusted) == (who, trusted)


def test_an_account_of_the_input_is_no_other_one() -> None:
    """A snapshot of two accounts has no strangers among them."""
    inventory = Inventory([Account(id=OWN), Account(id=OTHER)])
    world = World(build_graph(inventory), inventory, TrustedParties())
    assert not world.is_external(OTHER)
    assert world.is_external(FRIEND)
    assert not world.is_external(None)


def test_each_policy_is_looked_at_once_and_a_cap_grants_nothing(world: World) -> None:
    """Two roles share a policy; a boundary is no grant, and a policy that nobody holds is judged by itself."""
    held = {view.label: view.held for view in world.principals}
    assert held == {"Held": True, "Twin": True, "Loose": False}
    names = [view.policy.logical_id for view in world.policies if view.kind == "identity"]
    assert sorted(map(str, names)) == ["Cap", "Loose", "Shared"]
    trusts = [view for view in world.statements if view.kind == "trust"]
    assert len(trusts) == 2


def test_an_attachment_stands_where_it_is_written(world: World) -> None:
    """Each with the principal that gets it."""
    found = {(view.principal.label, view.name): view for view in world.attachments}
    assert set(found) == {("Held", "Shared"), ("Held", "AmazonS3ReadOnlyAccess"), ("Twin", "Shared")}
    assert found["Held", "AmazonS3ReadOnlyAccess"].source.line == 9


def test_a_cap_takes_off_what_it_does_not_allow(world: World) -> None:
    """Effective access is asked, not one document."""
    (view,) = (view for view in world.principals if view.label == "Held")
    assert not view.boundary_missing
    assert "s3:PutObject" in view.access.on("arn:aws:s3:::a/b").allowed


@pytest.mark.parametrize(("name", "plain"), [("${Orders}", "Orders"), ("orders", "orders"), ("a-${B}", "a-${B}")])
def test_a_name_that_cloudformation_makes_is_the_logical_id(name: str, plain: str) -> None:
    """That is what people know."""
    assert plain_name(name) == plain


def test_whom_nobody_can_name_has_no_actions(world: World) -> None:
    """An id that is in no input is no node, and asking for it is no error."""
    nothing: Any = world.node("arn:aws:iam::1:role/none")
    assert nothing is None
    assert world.resource_name(None, "x") == "x"
