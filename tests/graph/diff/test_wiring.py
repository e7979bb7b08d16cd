"""What runs a function now, what does no longer, and what is wired but not allowed."""

from __future__ import annotations

from collections.abc import Callable

from permscope.graph.diff.change import ChangeKind
from permscope.graph.diff.matching import Matching
from permscope.graph.diff.wiring import wiring_changes

Versions = Callable[[str, str], Matching]

FUNCTION = """
Fn:
  Type: AWS::Serverless::Function
  Properties:
    Handler: a.b
    Runtime: python3.13
    InlineCode: x
    {more}
Jobs: {{Type: AWS::SQS::Queue}}
"""
PLAIN = FUNCTION.format(more="MemorySize: 128")
FED = FUNCTION.format(more="Events: {Job: {Type: SQS, Properties: {Queue: !GetAtt Jobs.Arn}}}")
OWN_ROLE = """
Fn:
  Type: AWS::Lambda::Function
  Properties: {{Role: !GetAtt Role.Arn, Code: {{}}}}
Jobs: {{Type: AWS::SQS::Queue}}
Mapping:
  Type: AWS::Lambda::EventSourceMapping
  Properties: {{FunctionName: !Ref Fn, EventSourceArn: !GetAtt Jobs.Arn, Enabled: {enabled}}}
Role:
  Type: AWS::IAM::Role
  Properties:
    AssumeRolePolicyDocument:
      Statement: [{{Effect: Allow, Principal: {{Service: lambda.amazonaws.com}}, Action: "sts:AssumeRole"}}]
    ManagedPolicyArns: [{managed}]
"""
POLLS = "'arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole'"


def test_a_new_trigger_is_a_new_invoker_with_its_event_and_line(versions: Versions) -> None:
    """The queue now runs the function, surely, because the policy that SAM attaches allows it."""
    (change,) = wiring_changes(versions(PLAIN, FED))
    assert (change.kind, change.severity, change.sure) == (ChangeKind.NEW_INVOKER, "low", True)
    assert change.message == "`Jobs` now runs `Fn` (event source mapping)"
    assert [step.label for step in change.path] == ["Jobs", "Fn"]
    assert change.source.line is not None
    assert change.provenance != ()


def test_a_trigger_that_is_gone_lets_nothing_happen(versions: Versions) -> None:
    """It is told at the old line, and is no risk."""
    (change,) = wiring_changes(versions(FED, PLAIN))
    assert (change.kind, change.severity, change.is_risk) == (ChangeKind.ACCESS_REMOVED, "info", False)
    assert change.message == "`Jobs` no longer runs `Fn`"


def test_a_wiring_that_lost_its_permission_is_broken(versions: Versions) -> None:
    """Messages pile up, and nothing else tells."""
    works, broken = OWN_ROLE.format(enabled="true", managed=POLLS), OWN_ROLE.format(enabled="true", managed="")
    (change,) = wiring_changes(versions(works, broken))
    assert (change.kind, change.severity) == (ChangeKind.WIRING_BROKEN, "medium")
    assert change.message.startswith("`Jobs` is wired to run `Fn`, which is not allowed any more: `Role` lacks")
    assert "sqs:ReceiveMessage" in change.message


def test_what_was_broken_before_is_not_broken_again(versions: Versions) -> None:
    """The change did not do it."""
    broken = OWN_ROLE.format(enabled="true", managed="")
    assert list(wiring_changes(versions(broken, broken))) == []


def test_a_wiring_that_is_off_runs_nothing(versions: Versions) -> None:
    """A disabled mapping is none: to switch it off takes away, to leave it off is no change."""
    on, off = OWN_ROLE.format(enabled="true", managed=POLLS), OWN_ROLE.format(enabled="false", managed=POLLS)
    assert [change.kind for change in wiring_changes(versions(off, on))] == [ChangeKind.NEW_INVOKER]


def test_a_route_is_told_by_its_door(versions: Versions) -> None:
    """Who may call it is another comparison; the wiring alone would be said twice."""
    routed = FUNCTION.format(more="Events: {Get: {Type: HttpApi, Properties: {Path: /, Method: get}}}")
    assert list(wiring_changes(versions(PLAIN, routed))) == []


def test_a_function_under_another_name_is_the_same_wiring(versions: Versions) -> None:
    """A renamed thing changes nothing."""
    assert list(wiring_changes(versions(FED, FED.replace("Fn:", "Function:")))) == []
