"""Running a function by writing to what triggers it."""

from __future__ import annotations

from typing import Any

import pytest

from permscope.graph.model import Decision, EdgeKind

SOURCES = """\
  Queue: {Type: AWS::SQS::Queue}
  Topic:
    Type: AWS::SNS::Topic
    Properties: {Subscription: [{Protocol: sqs, Endpoint: !GetAtt Queue.Arn}]}
  QueuePolicy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Queue]
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Effect: Allow
            Principal: {Service: sns.amazonaws.com}
            Action: sqs:SendMessage
            Resource: !GetAtt Queue.Arn
            Condition: {ArnEquals: {aws:SourceArn: !Ref Topic}}
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {EventSourceArn: !GetAtt Queue.Arn, FunctionName: !Ref Fn}
"""
POLLER = "{Effect: Allow, Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], Resource: '*'}"


@pytest.mark.parametrize(
    ("statement", "through"),
    [
        ("{Effect: Allow, Action: 'sqs:SendMessage', Resource: !GetAtt Queue.Arn}", "Queue"),
        ("{Effect: Allow, Action: 'sns:Publish', Resource: !Ref Topic}", "Topic"),
        ("{Effect: Allow, Action: 'sns:*', Resource: '*'}", "Topic"),
        ("{Effect: Allow, Action: 'sqs:ReceiveMessage', Resource: !GetAtt Queue.Arn}", None),
        ("{Effect: Allow, Action: 'sns:Subscribe', Resource: !Ref Topic}", None),
    ],
)
def test_who_feeds_a_source_writes_into_its_function(
    world: Any, function: Any, statement: str, through: str | None
) -> None:
    """Directly, or through a topic that delivers to the queue."""
    made = world(SOURCES, function("Fn", POLLER), function("Writer", statement))
    found = made.edges(EdgeKind.WRITES_INTO, "WriterRole", "Fn")
    assert [made.graph.nodes[edge.via].label for edge in found] == ([through] if through else [])
    assert all(edge.decision is Decision.ALLOW and len(edge.provenance) > 1 for edge in found)


def test_a_mapping_that_cannot_poll_is_not_written_into(world: Any, function: Any) -> None:
    """The function's role may not read the queue."""
    writer = "{Effect: Allow, Action: 'sqs:SendMessage', Resource: !GetAtt Queue.Arn}"
    made = world(SOURCES, function("Fn"), function("Writer", writer))
    assert made.edges(EdgeKind.WRITES_INTO) == []
