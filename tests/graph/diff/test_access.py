"""What functions, roles and users can do now that they could not do before."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from permscope.graph.diff.access import access_changes
from permscope.graph.diff.change import ChangeKind
from permscope.graph.diff.matching import Matching

Versions = Callable[[str, str], Matching]

FUNCTION = """
Fn:
  Type: AWS::Serverless::Function
  Properties: {{Handler: a.b, Runtime: python3.13, InlineCode: x, Policies: [{policies}]}}
Orders:
  Type: AWS::DynamoDB::Table
  Properties:
    AttributeDefinitions: [{{AttributeName: id, AttributeType: S}}]
    KeySchema: [{{AttributeName: id, KeyType: HASH}}]
"""


def function(*statements: str) -> str:
    """A function whose role has one policy of these statements, and a table."""
    body = ", ".join(statements)
    return FUNCTION.format(policies=f"{{Statement: [{body}]}}" if statements else "")


def allow(action: str, resource: str = "!GetAtt Orders.Arn", more: str = "") -> str:
    """An Allow statement."""
    return f"{{Effect: Allow, Action: {action}, Resource: {resource}{more}}}"


READ = allow("'dynamodb:GetItem'")
WRITE = allow("'dynamodb:PutItem'")


def test_a_new_action_is_new_access_with_its_level_and_line(versions: Versions) -> None:
    """Who, what, on what, at which level, and the statement of the new version."""
    (change,) = access_changes(versions(function(READ), function(READ, WRITE)))
    assert (change.kind, change.severity) == (ChangeKind.NEW_ACCESS, "medium")
    assert change.message == ("`Fn` can now call dynamodb:PutItem on `Orders` (Write); until now Read only")
    assert (change.levels, change.before, change.risen) == (("Write",), ("Read",), True)
    assert change.source.file is not None
    assert change.source.file.endswith("new/template.yaml")


def test_what_is_only_written_differently_is_no_change(versions: Versions) -> None:
    """One statement of two actions is two statements of one each; a wildcard that adds nothing adds nothing."""
    both = allow("['dynamodb:GetItem', 'dynamodb:PutItem']")
    assert list(access_changes(versions(function(READ, WRITE), function(both, READ)))) == []


def test_what_is_gone_is_access_removed(versions: Versions) -> None:
    """The other way round it lets nothing happen, and is told all the same."""
    (change,) = access_changes(versions(function(READ, WRITE), function(READ)))
    assert (change.kind, change.is_risk) == (ChangeKind.ACCESS_REMOVED, False)
    assert change.message == "`Fn` can no longer call dynamodb:PutItem on `Orders`"


def test_a_dropped_condition_weakens(versions: Versions) -> None:
    """The action was granted before under a condition, and is now without it."""
    asked = allow("'dynamodb:GetItem'", more=", Condition: {StringEquals: {'aws:SourceVpc': vpc-1}}")
    (change,) = access_changes(versions(function(asked), function(READ)))
    assert (change.kind, change.weakened) == (ChangeKind.WEAKENED, "condition")
    assert "aws:SourceVpc" in change.message
    assert change.old_source.file is not None


def test_a_dropped_deny_weakens(versions: Versions) -> None:
    """A Deny that goes opens what was granted all the time."""
    deny = "{Effect: Deny, Action: 'dynamodb:PutItem', Resource: '*', Sid: NoWrites}"
    (change,) = access_changes(versions(function(WRITE, deny), function(WRITE)))
    assert (change.kind, change.weakened, change.severity) == (ChangeKind.WEAKENED, "deny", "high")
    assert "`NoWrites` no longer denies it" in change.message


def test_everything_on_everything_is_an_escalation_too(versions: Versions) -> None:
    """Who can do nearly anything can become anybody."""
    (change,) = access_changes(versions(function(READ), function(allow("'*'", "'*'"))))
    assert change.severity == "critical"
    assert ChangeKind.NEW_ESCALATION_PATH in change.kinds


@pytest.mark.parametrize(
    ("actions", "said"),
    [
        ("'logs:DescribeLogGroups'", "write its logs"),
        ("['logs:DescribeLogGroups', 'xray:PutTraceSegments']", "write its logs and send traces"),
        ("['ec2:CreateNetworkInterface', 'ec2:DeleteNetworkInterface']", "make VPC network interfaces"),
    ],
)
def test_the_routine_is_said_in_few_words_and_is_no_risk(actions: str, said: str, versions: Versions) -> None:
    """What nearly every function may do on `*` is said as the graph says it."""
    (change,) = access_changes(versions(function(READ), function(READ, allow(actions, "'*'"))))
    assert (change.severity, change.message) == ("info", f"`Fn` can now {said} (routine)")


def test_routine_actions_on_one_thing_are_said_in_full(versions: Versions) -> None:
    """Another function's log group is not one's own."""
    group = "!Sub 'arn:aws:logs:eu-west-1:111122223333:log-group:audit:*'"
    (change,) = access_changes(versions(function(READ), function(READ, allow("'logs:DescribeLogStreams'", group))))
    assert "logs:DescribeLogStreams" in change.message
    assert "routine" not in change.message


def test_a_managed_policy_that_nobody_can_read_is_not_known(versions: Versions) -> None:
    """What it allows may be anything, so it is said, and is not called safe."""
    new = FUNCTION.format(policies="'arn:aws:iam::111122223333:policy/theirs'")
    (change,) = access_changes(versions(function(), new))
    assert (change.sure, change.conditions) == (False, "not known")
    assert "whose document is in no input" in change.message
