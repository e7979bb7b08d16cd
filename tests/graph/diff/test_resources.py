"""Whom resource policies and trust policies let in now."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from permscope.graph.diff.change import ChangeKind
from permscope.graph.diff.matching import Matching
from permscope.graph.diff.resources import doors_of, node_of, resource_policy_changes

Versions = Callable[[str, str], Matching]

QUEUE = """
Jobs: {{Type: AWS::SQS::Queue}}
JobsPolicy:
  Type: AWS::SQS::QueuePolicy
  Properties:
    Queues: [!Ref Jobs]
    PolicyDocument: {{Statement: [{statements}]}}
"""
ROLE = """
Deploy:
  Type: AWS::IAM::Role
  Properties: {{AssumeRolePolicyDocument: {{Statement: [{statements}]}}}}
"""
LAMBDA = '{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}'


def queue(*statements: str) -> str:
    """A queue with a policy."""
    return QUEUE.format(statements=", ".join(statements))


def allow(principal: str, action: str = "sqs:SendMessage", more: str = "") -> str:
    """A statement about the queue."""
    return f'{{Effect: Allow, Principal: {principal}, Action: "{action}", Resource: !GetAtt Jobs.Arn{more}}}'


OWN = allow("{AWS: 111122223333}")
PARTNER = allow("{AWS: 999988887777}")
TOPIC = ', Condition: {ArnLike: {"aws:SourceArn": "arn:aws:sns:eu-west-1:111122223333:orders"}}'


@pytest.mark.parametrize(
    ("added", "kind", "severity", "said"),
    [
        (PARTNER, ChangeKind.NEW_EXTERNAL_PRINCIPAL, "high", "account 999988887777 can now"),
        (allow('"*"'), ChangeKind.NEW_PUBLIC_ENTRY, "high", "anyone can now"),
        (
            allow("{Service: sns.amazonaws.com}", more=TOPIC),
            ChangeKind.NEW_ACCESS,
            "low",
            "`sns.amazonaws.com` can now",
        ),
    ],
)
def test_a_new_principal_is_told_by_who_it_is(
    added: str, kind: ChangeKind, severity: str, said: str, versions: Versions
) -> None:
    """A partner, the public, a service for one source."""
    (change,) = resource_policy_changes(versions(queue(OWN), queue(OWN, added)))
    assert (change.kind, change.severity) == (kind, severity)
    assert change.message.startswith(said)
    assert "`Jobs`" in change.message
    assert change.source.line is not None


def test_more_actions_for_the_same_principal_are_told(versions: Versions) -> None:
    """Only those that are new."""
    (change,) = resource_policy_changes(versions(queue(PARTNER), queue(PARTNER, allow("{AWS: 999988887777}", "sqs:*"))))
    assert "account 999988887777" in change.message
    assert change.actions.services() == ("sqs",)
    assert "sqs:SendMessage" not in change.actions.patterns()


def test_a_dropped_condition_is_told_with_what_was_asked(versions: Versions) -> None:
    """The same principal, for any source now."""
    asked, free = allow("{Service: sns.amazonaws.com}", more=TOPIC), allow("{Service: sns.amazonaws.com}")
    (change,) = resource_policy_changes(versions(queue(asked), queue(free)))
    assert change.kind is ChangeKind.WEAKENED
    assert change.weakened == "condition"
    assert "aws:SourceArn" in change.message


def test_a_dropped_deny_is_told(versions: Versions) -> None:
    """What it kept out may come in."""
    plain = ', Condition: {Bool: {"aws:SecureTransport": "false"}}'
    deny = allow('"*"', "sqs:*", plain).replace("Allow", "Deny")
    (change,) = resource_policy_changes(versions(queue(OWN, deny), queue(OWN)))
    assert (change.kind, change.weakened) == (ChangeKind.WEAKENED, "deny")


def test_what_is_only_written_differently_is_no_change(versions: Versions) -> None:
    """Root and account are the same principal; order, splits and names of the queue are no change."""
    old = queue(allow("{AWS: 111122223333}", "sqs:SendMessage"), PARTNER)
    new = queue(PARTNER, allow('{AWS: "arn:aws:iam::111122223333:root"}', "sqs:SendMessage")).replace("Jobs", "Work")
    assert list(resource_policy_changes(versions(old, new))) == []


def test_whom_a_trust_policy_names_may_become_the_role(versions: Versions) -> None:
    """That is graver than access to one thing."""
    partner = '{Effect: Allow, Principal: {AWS: 999988887777}, Action: "sts:AssumeRole"}'
    old, new = ROLE.format(statements=LAMBDA), ROLE.format(statements=f"{LAMBDA}, {partner}")
    (change,) = resource_policy_changes(versions(old, new))
    assert (change.kind, change.severity) == (ChangeKind.NEW_EXTERNAL_PRINCIPAL, "high")
    assert "`Deploy`" in change.message


def test_a_policy_that_is_gone_is_access_removed(versions: Versions) -> None:
    """It lets nothing happen."""
    (change,) = resource_policy_changes(versions(queue(PARTNER), "Jobs: {Type: AWS::SQS::Queue}\n"))
    assert (change.kind, change.is_risk) == (ChangeKind.ACCESS_REMOVED, False)


def test_whom_a_policy_names_no_more_is_access_removed(versions: Versions) -> None:
    """With what they could do; who is still let in by another statement is not."""
    (change,) = resource_policy_changes(versions(queue(OWN, PARTNER), queue(OWN)))
    assert (change.kind, change.severity) == (ChangeKind.ACCESS_REMOVED, "info")
    assert change.message == "account 999988887777 can no longer call sqs:SendMessage on `Jobs`"
    assert change.source.file is not None
    assert change.source.file.endswith("old/template.yaml")
    assert list(resource_policy_changes(versions(queue(PARTNER, PARTNER), queue(PARTNER)))) == []


def test_who_stays_in_a_policy_and_may_do_less_in_it_is_access_removed(versions: Versions) -> None:
    """Only of what no other statement still lets it do, under whatever conditions."""
    both = allow("{AWS: 999988887777}", "sqs:*Message")
    old, new = queue(both), queue(allow("{AWS: 999988887777}", "sqs:ReceiveMessage"))
    (change,) = resource_policy_changes(versions(old, new))
    assert (change.kind, change.is_risk) == (ChangeKind.ACCESS_REMOVED, False)
    assert change.message == "account 999988887777 can no longer call sqs:DeleteMessage, sqs:SendMessage on `Jobs`"
    everyone = queue(allow('"*"', "sqs:SendMessage", ', Condition: {StringEquals: {"aws:PrincipalOrgID": o-a}}'))
    removed = [each for each in resource_policy_changes(versions(old, everyone)) if not each.is_risk]
    assert [each.message for each in removed] == [
        "account 999988887777 can no longer call sqs:DeleteMessage, sqs:ReceiveMessage on `Jobs`"
    ]


def test_what_a_role_may_do_by_its_own_policies_is_not_removed_from_a_resources_policy(versions: Versions) -> None:
    """Within an account one of the two is enough.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
    """
    role = """
Worker:
  Type: AWS::IAM::Role
  Properties:
    AssumeRolePolicyDocument: {Statement: [%s]}
    Policies:
      - PolicyName: send
        PolicyDocument: {Statement: [{Effect: Allow, Action: "sqs:SendMessage", Resource: "%s"}]}
"""
    both = allow("{AWS: !GetAtt Worker.Arn}", "sqs:*Message")
    less = allow("{AWS: !GetAtt Worker.Arn}", "sqs:ReceiveMessage")
    for own in ("*", "arn:aws:sqs:*:*:*"):
        worker = role % (LAMBDA, own)
        changes = resource_policy_changes(versions(queue(both) + worker, queue(less) + worker))
        assert ["SendMessage" in change.message for change in changes] == [False]


def test_every_policy_is_a_door_on_a_node(versions: Versions) -> None:
    """Of resources and of roles."""
    graph = versions(queue(OWN) + ROLE.format(statements=LAMBDA), queue(OWN)).old
    assert graph.decisions is not None
    found = [node_of(graph, door) for door in doors_of(graph.decisions)]
    assert sorted(node.label for node in found if node is not None) == ["Deploy", "Jobs"]


def test_a_policy_put_on_a_role_by_mistake_is_not_its_trust_policy(versions: Versions) -> None:
    """The same template twice is no change, whatever stands on one ARN."""
    mistaken = """
Bus: {Type: AWS::Events::EventBusPolicy, Properties: {EventBusName: !GetAtt Deploy.Arn, StatementId: one}}
"""
    text = ROLE.format(statements='{Effect: Allow, Principal: "*", Action: "sts:AssumeRole"}') + mistaken
    assert list(resource_policy_changes(versions(text, text))) == []
