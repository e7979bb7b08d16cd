"""Data catalogs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import Mechanism, Trigger

Read = Callable[..., list[Any]]


def test_a_federated_query_calls_functions_as_whoever_asks(read: Read) -> None:
    """https://docs.aws.amazon.com/athena/latest/ug/federated-query-iam-access.html ."""
    function = "arn:aws:lambda:eu-west-1:111122223333:function:"
    found = read(
        f"""
Resources:
  C:
    Type: AWS::Athena::DataCatalog
    Properties:
      Name: c
      Type: LAMBDA
      Parameters: {{metadata-function: '{function}meta', record-function: '{function}records'}}
""",
        Trigger,
    )
    assert [(fact.function_arn, fact.mechanism) for fact in found] == [
        (f"{function}meta", Mechanism.CALLER),
        (f"{function}records", Mechanism.CALLER),
    ]
