"""What a finding says it depends on."""

from __future__ import annotations

from typing import Any

import pytest

from permscope.audit.subjects import Subject
from permscope.graph.model import Decision, Edge, EdgeKind

QUEUE = """
  Jobs: {Type: AWS::SQS::Queue}
  Worker:
    Type: AWS::Lambda::Function
    Properties: {Runtime: python3.12, Handler: a.b, Code: {ZipFile: x}, Role: !GetAtt Role.Arn}
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    CONDITION
    Properties: {FunctionName: !Ref Worker, EventSourceArn: !GetAtt Jobs.Arn}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
"""


@pytest.mark.parametrize(
    ("condition", "said"),
    [("Condition: Is", ", when condition `Is` holds"), ("", "")],
)
def test_a_finding_says_on_which_condition_it_depends(audit_text: Any, condition: str, said: str) -> None:
    """And is less sure then."""
    text = "Conditions: {Is: !Equals [!Ref 'AWS::Region', a]}\nResources:" + QUEUE.replace("CONDITION", condition)
    (finding,) = audit_text(text)["esm-role-missing-poll"]
    assert finding.message.endswith(said)
    assert finding.confidence == ("medium" if said else "high")


def test_a_parameter_that_decides_is_named_in_words() -> None:
    """Nobody writes `Param::X is *`."""
    edge = Edge(
        source="a",
        target="b",
        kind=EdgeKind.CAN_ACCESS,
        decision=Decision.CONDITIONAL,
        conditions={"template": {"Param::app/Table": ["*"], "condition": ["IsProd"]}},
    )
    subject = Subject(None, edge, None)  # type: ignore[arg-type]
    assert subject.only_if == "the parameter Table names it and condition `IsProd` holds"
