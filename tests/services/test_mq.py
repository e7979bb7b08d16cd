"""Message brokers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import Resource

Read = Callable[..., list[Any]]


def test_a_broker_says_whether_the_internet_reaches_it(read: Read) -> None:
    """Passwords of its users stand in no fact."""
    facts = read("""
Resources:
  B:
    Type: AWS::AmazonMQ::Broker
    Properties:
      BrokerName: b
      EngineType: RABBITMQ
      PubliclyAccessible: true
      Users: [{Username: u, Password: hush-hush}]
""")
    (broker,) = [fact for fact in facts if isinstance(fact, Resource)]
    assert broker.attributes["publicly_accessible"] is True
    assert "hush-hush" not in repr(facts)
