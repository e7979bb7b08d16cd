"""Who acts in each version, and whose rights are the very same in both."""

from __future__ import annotations

import pytest

from permscope.catalog.actions import load
from permscope.graph.diff.access import access_changes
from permscope.graph.diff.matching import Matching
from permscope.graph.diff.sides import Side, is_used
from permscope.graph.model import PermissionGraph
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


WORLD = """
{name}:
  Type: AWS::IAM::Role
  Properties:
    AssumeRolePolicyDocument:
      Statement: [{{Effect: Allow, Principal: {{Service: lambda.amazonaws.com}}, Action: "sts:AssumeRole"}}]
    Policies:
      - PolicyName: own
        PolicyDocument:
          Statement:
            - {{Effect: Allow, Action: ["sqs:SendMessage", "sqs:PurgeQueue"], Resource: !GetAtt Jobs.Arn}}
            - {{Effect: Deny, Action: "sqs:PurgeQueue", Resource: "*"}}
Idle:
  Type: AWS::IAM::Role
  Properties:
    AssumeRolePolicyDocument:
      Statement: [{{Effect: Allow, Principal: {{Service: ec2.amazonaws.com}}, Action: "sts:AssumeRole"}}]
Fn: {{Type: AWS::Lambda::Function, Properties: {{Role: !GetAtt {name}.Arn, Code: {{}}}}}}
Jobs: {{Type: AWS::SQS::Queue}}
"""
SEND, PURGE = load().expand("sqs:SendMessage"), load().expand("sqs:PurgeQueue")


@pytest.fixture
def matching(versions: Versions) -> Matching:
    """A role that has another name in the new version."""
    return versions(WORLD.format(name="Worker"), WORLD.format(name="QueueWorker"))


def role_of(graph: PermissionGraph, label: str) -> str:
    """The id of a role."""
    return next(node.id for node in graph.nodes.values() if node.label == label)


def test_actors_are_what_runs_with_roles_and_then_the_roles_themselves(matching: Matching) -> None:
    """A function acts with its role; every role acts by itself as well."""
    found = [
        (actor.node.label, [role.label for role in actor.principals]) for actor in Side(matching.old, None).actors()
    ]
    assert found[0] == ("Fn", ["Worker"])
    assert sorted(found[1:]) == [("Idle", ["Idle"]), ("Worker", ["Worker"])]


def test_a_book_has_what_a_principal_may_do_with_deny_taken_off(matching: Matching) -> None:
    """And what its limits took, apart."""
    side = Side(matching.old, None)
    book = side.book(role_of(matching.old, "Worker"))
    assert [claim.actions for claim in book.claims] == [SEND]
    assert [deny.actions for deny in book.limits.denies] == [PURGE]
    plain = side.without_limits(role_of(matching.old, "Worker"))
    assert [claim.actions for claim in plain.claims] == [SEND | PURGE]
    assert side.book(role_of(matching.old, "Worker")) is book


def test_the_new_side_speaks_of_things_by_their_old_names(matching: Matching) -> None:
    """So that the same thing under another name compares as the same."""
    side = Side(matching.new, matching)
    assert side.translate(role_of(matching.new, "QueueWorker")) == role_of(matching.old, "Worker")
    old_texts = {
        text for claim in Side(matching.old, None).book(role_of(matching.old, "Worker")).claims for text in claim.texts
    }
    new_texts = {text for claim in side.book(role_of(matching.new, "QueueWorker")).claims for text in claim.texts}
    assert old_texts <= new_texts


def test_who_is_no_principal_may_do_nothing_of_its_own(matching: Matching) -> None:
    """A function has no policies but its role's."""
    side = Side(matching.old, None)
    fn = next(node.id for node in matching.old.nodes.values() if node.label == "Fn")
    assert list(side.book(fn).claims) == []
    assert list(side.without_limits(fn).claims) == []


def test_a_role_is_used_where_something_acts_as_it(matching: Matching) -> None:
    """What uses a role tells of it; an idle one tells itself."""
    graph = matching.old
    assert is_used(graph, graph.nodes[role_of(graph, "Worker")])
    assert not is_used(graph, graph.nodes[role_of(graph, "Idle")])


def test_a_graph_made_by_hand_has_nothing_to_compare() -> None:
    """It has edges and no policies, and an empty answer would look like a safe one."""
    with pytest.raises(ValueError, match="no policies"):
        _ = Side(PermissionGraph(), None).decisions
