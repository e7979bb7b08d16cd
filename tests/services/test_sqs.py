"""Queues, their policies and their dead-letter queues."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from permscope.inventory.facts import AnyFact, Delivery, Resource, ResourcePolicy, Unknown
from permscope.services.interface import Stack
from permscope.services.sqs import queue_arn

Read = Callable[..., list[AnyFact]]
QUEUE = "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${Q}"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://sqs.eu-west-1.amazonaws.com/111122223333/orders", "eu-west-1:111122223333:orders"),
        ("https://sqs.cn-north-1.amazonaws.com.cn/111122223333/orders.fifo", "cn-north-1:111122223333:orders.fifo"),
        ("https://eu-west-1.queue.amazonaws.com/111122223333/orders", "eu-west-1:111122223333:orders"),
        (
            "https://sqs.${AWS::Region}.${AWS::URLSuffix}/${AWS::AccountId}/${Q}",
            "${AWS::Region}:${AWS::AccountId}:${Q}",
        ),
        ("orders", "${AWS::Region}:${AWS::AccountId}:orders"),
    ],
)
def test_a_queue_url_says_its_arn(given: str, expected: str) -> None:
    """Region, account and name are in the URL, in each of its forms."""
    assert queue_arn(Stack(), given) == f"arn:${{AWS::Partition}}:sqs:{expected}"


@pytest.mark.parametrize("given", [None, "", "https://example.com/a/b"])
def test_what_is_no_queue_has_no_arn(given: str | None) -> None:
    """Nothing is made up."""
    assert queue_arn(Stack(), given) is None


@pytest.mark.parametrize("name", ["!Ref Q", "!GetAtt Q.Arn", "!GetAtt Q.QueueUrl"])
def test_a_queue_policy_protects_its_queues(read: Read, name: str) -> None:
    """`Queues` holds URLs; an ARN is understood too."""
    facts = read(f"""
Resources:
  Q: {{Type: AWS::SQS::Queue}}
  P:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [{name}]
      PolicyDocument: {{Statement: [{{Effect: Allow, Principal: '*', Action: 'sqs:SendMessage', Resource: '*'}}]}}
""")
    assert [fact.resource_arn for fact in facts if isinstance(fact, ResourcePolicy)] == [QUEUE]


@pytest.mark.parametrize(
    "document",
    [
        "{deadLetterTargetArn: !GetAtt D.Arn, maxReceiveCount: 3}",
        '!Sub \'{"deadLetterTargetArn": "${D.Arn}", "maxReceiveCount": 3}\'',
    ],
)
def test_a_redrive_policy_moves_messages_without_asking(read: Read, document: str) -> None:
    """Neither a role nor a service must be let in."""
    facts = read(f"""
Resources:
  Q: {{Type: AWS::SQS::Queue, Properties: {{RedrivePolicy: {document}}}}}
  D: {{Type: AWS::SQS::Queue}}
""")
    dead = QUEUE.replace("${Q}", "${D}")
    (delivery,) = [fact for fact in facts if isinstance(fact, Delivery)]
    queue = next(fact for fact in facts if isinstance(fact, Resource) and fact.logical_id == "Q")
    assert (delivery.sender_id, delivery.target_arn, delivery.event) == (QUEUE, dead, "redrive")
    assert (delivery.role_arn, delivery.service, delivery.required) == (None, None, ())
    assert queue.attributes["redrive_target_arn"] == dead


def test_a_redrive_policy_that_is_no_json_is_unknown(read: Read) -> None:
    """It is never taken for none."""
    facts = read("Resources: {Q: {Type: AWS::SQS::Queue, Properties: {RedrivePolicy: 'not json'}}}")
    assert [fact.what for fact in facts if isinstance(fact, Unknown)] == ["`RedrivePolicy` of `Q`"]
