"""Topics and what is subscribed to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest

from permscope.inventory.facts import AnyFact, Delivery, Mechanism, ResourcePolicy, Trigger, Unknown

Read = Callable[..., list[AnyFact]]
F = TypeVar("F")
HERE = "${AWS::Region}:${AWS::AccountId}"
TOPIC = f"arn:${{AWS::Partition}}:sns:{HERE}:${{T}}"
QUEUE = f"arn:${{AWS::Partition}}:sqs:{HERE}:${{Q}}"
FUNCTION = f"arn:${{AWS::Partition}}:lambda:{HERE}:function:${{Fn}}"
COMMON = """
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Role: 'arn:aws:iam::111122223333:role/r'}}
  Q: {Type: AWS::SQS::Queue}
"""


def of(facts: list[AnyFact], kind: type[F]) -> list[F]:
    """The facts of one class."""
    return [fact for fact in facts if isinstance(fact, kind)]


@pytest.mark.parametrize(
    "wiring",
    [
        """  T: {Type: AWS::SNS::Topic}
  S: {Type: AWS::SNS::Subscription, Properties: {Protocol: lambda, Endpoint: !GetAtt Fn.Arn, TopicArn: !Ref T}}
  D: {Type: AWS::SNS::Subscription, Properties: {Protocol: sqs, Endpoint: !GetAtt Q.Arn, TopicArn: !Ref T}}
""",
        """  T:
    Type: AWS::SNS::Topic
    Properties:
      Subscription:
        - {Protocol: lambda, Endpoint: !GetAtt Fn.Arn}
        - {Protocol: sqs, Endpoint: !GetAtt Q.Arn}
""",
    ],
    ids=["subscription", "inline"],
)
def test_a_subscription_is_wired_however_it_is_written(read: Read, wiring: str) -> None:
    """A function is triggered with the topic's ARN, a queue is delivered to with it; neither has an account key."""
    facts = read(COMMON + wiring)
    (trigger,) = of(facts, Trigger)
    (delivery,) = of(facts, Delivery)
    assert (trigger.function_arn, trigger.source_id, trigger.source_arn) == (FUNCTION, TOPIC, TOPIC)
    assert (trigger.mechanism, trigger.service) == (Mechanism.RESOURCE_POLICY, "sns.amazonaws.com")
    assert trigger.source_account is None
    assert (delivery.sender_id, delivery.target_arn, delivery.service) == (TOPIC, QUEUE, "sns.amazonaws.com")
    assert delivery.source_arn == TOPIC


@pytest.mark.parametrize(
    "document", ["{deadLetterTargetArn: !GetAtt Q.Arn}", '!Sub \'{"deadLetterTargetArn": "${Q.Arn}"}\'']
)
def test_failed_messages_go_to_the_queue_of_the_redrive_policy(read: Read, document: str) -> None:
    """Given as a mapping or as JSON text; SNS sends them, so the queue must let it in."""
    facts = read(
        COMMON
        + f"""
  T: {{Type: AWS::SNS::Topic}}
  S:
    Type: AWS::SNS::Subscription
    Properties: {{Protocol: lambda, Endpoint: !GetAtt Fn.Arn, TopicArn: !Ref T, RedrivePolicy: {document}}}
"""
    )
    (delivery,) = of(facts, Delivery)
    assert (delivery.event, delivery.target_arn, delivery.service) == ("dead-letter-queue", QUEUE, "sns.amazonaws.com")


def test_a_delivery_stream_is_written_with_the_role_of_the_subscription(read: Read) -> None:
    """https://docs.aws.amazon.com/sns/latest/dg/prereqs-kinesis-data-firehose.html ."""
    facts = read("""
Resources:
  S:
    Type: AWS::SNS::Subscription
    Properties:
      Protocol: firehose
      TopicArn: arn:aws:sns:eu-west-1:111122223333:orders
      Endpoint: arn:aws:firehose:eu-west-1:111122223333:deliverystream/orders
      SubscriptionRoleArn: arn:aws:iam::111122223333:role/sns
""")
    (delivery,) = of(facts, Delivery)
    assert delivery.role_arn == "arn:aws:iam::111122223333:role/sns"
    assert "firehose:PutRecord" in delivery.required[0].actions
    assert delivery.service is None


def test_people_are_not_resources(read: Read) -> None:
    """Mail addresses, numbers and URLs appear in no fact."""
    facts = read("""
Resources:
  T:
    Type: AWS::SNS::Topic
    Properties:
      Subscription:
        - {Protocol: email, Endpoint: someone@example.com}
        - {Protocol: https, Endpoint: 'https://user:hush@example.com/'}
""")
    assert of(facts, Delivery) == []
    assert "example.com" not in repr(facts)


def test_a_protocol_that_is_not_known_is_said(read: Read) -> None:
    """A parameter as protocol hides what is wired."""
    facts = read("""
Parameters: {Protocol: {Type: String}}
Resources:
  S: {Type: AWS::SNS::Subscription, Properties: {Protocol: !Ref Protocol, Endpoint: x, TopicArn: t}}
""")
    assert "the subscription of `S`" in [fact.what for fact in of(facts, Unknown)]


def test_one_policy_may_protect_several_topics(read: Read) -> None:
    """Each topic gets it."""
    facts = read("""
Resources:
  T: {Type: AWS::SNS::Topic}
  P:
    Type: AWS::SNS::TopicPolicy
    Properties:
      Topics: [!Ref T, 'arn:aws:sns:eu-west-1:111122223333:other']
      PolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: s3.amazonaws.com}, Action: "sns:Publish", Resource: "*"}]
""")
    assert [fact.resource_arn for fact in of(facts, ResourcePolicy)] == [
        TOPIC,
        "arn:aws:sns:eu-west-1:111122223333:other",
    ]
