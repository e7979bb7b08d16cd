"""What no longer holds back access that resource policies give."""

from __future__ import annotations

from collections.abc import Callable

from permscope.graph.diff.change import ChangeKind
from permscope.graph.diff.limits import limit_changes
from permscope.graph.diff.matching import Matching

Versions = Callable[[str, str], Matching]

WORLD = """
Role:
  Type: AWS::IAM::Role
  Properties:
    AssumeRolePolicyDocument:
      Statement: [{{Effect: Allow, Principal: {{Service: lambda.amazonaws.com}}, Action: "sts:AssumeRole"}}]
    {boundary}
    Policies: [{policies}]
Fn: {{Type: AWS::Lambda::Function, Properties: {{Role: !GetAtt Role.Arn, Code: {{}}}}}}
Boundary:
  Type: AWS::IAM::ManagedPolicy
  Properties:
    PolicyDocument: {{Statement: [{{Effect: Allow, Action: "logs:*", Resource: "*"}}]}}
Jobs: {{Type: AWS::SQS::Queue}}
JobsPolicy:
  Type: AWS::SQS::QueuePolicy
  Properties:
    Queues: [!Ref Jobs]
    PolicyDocument:
      Statement:
        - Effect: Allow
          Principal: {{AWS: !GetAtt Role.Arn}}
          Action: sqs:SendMessage
          Resource: !GetAtt Jobs.Arn
"""
DENY = '{PolicyName: no, PolicyDocument: {Statement: [{Effect: Deny, Action: "sqs:*", Resource: "*"}]}}'


def world(*, boundary: str = "", policies: str = "") -> str:
    """A role that a queue's policy lets send, and what holds the role back."""
    return WORLD.format(boundary=boundary, policies=policies)


def test_a_deny_that_goes_opens_what_a_resource_grants(versions: Versions) -> None:
    """No Allow has changed, and the role can send all the same."""
    (change,) = limit_changes(versions(world(policies=DENY), world()))
    assert (change.kind, change.weakened) == (ChangeKind.WEAKENED, "deny")
    assert change.message == (
        "`Role` is held back less: the policy of `Jobs` lets it call sqs:SendMessage,"
        " which a Deny or boundary of its own took away"
    )
    assert (change.actor, change.target, change.severity) == ("Fn", "Jobs", "medium")
    assert change.old_source.file is not None
    assert change.old_source.file.endswith("old/template.yaml")


def test_a_deny_that_stays_opens_nothing(versions: Versions) -> None:
    """Written once more or another way, it holds back the same."""
    split = DENY.replace('"sqs:*"', '["sqs:SendMessage", "sqs:*"]')
    assert list(limit_changes(versions(world(policies=DENY), world(policies=split)))) == []


def test_a_deny_that_comes_opens_nothing(versions: Versions) -> None:
    """The other way round nothing can happen that could not."""
    assert list(limit_changes(versions(world(), world(policies=DENY)))) == []
