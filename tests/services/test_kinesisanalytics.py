"""Analytics applications that call functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from permscope.inventory.facts import Delivery, Mechanism, Trigger

Read = Callable[..., list[Any]]
HERE = "${AWS::Region}:${AWS::AccountId}"
ARN = "arn:${AWS::Partition}"


FUNCTION = "arn:aws:lambda:eu-west-1:111122223333:function:f"
STREAM = "arn:aws:kinesis:eu-west-1:111122223333:stream/s"
ROLE = "arn:aws:iam::111122223333:role/analytics"
INPUT = f"""
          - InputProcessingConfiguration: {{InputLambdaProcessor: {{ResourceARN: '{FUNCTION}'%s}}}}
            KinesisStreamsInput: {{ResourceARN: '{STREAM}'%s}}"""
OWN = f", RoleARN: '{ROLE}'"


@pytest.mark.parametrize(
    "application",
    [
        "    Type: AWS::KinesisAnalytics::Application\n    Properties:\n        Inputs:" + INPUT % (OWN, OWN),
        "    Type: AWS::KinesisAnalyticsV2::Application\n    Properties:\n"
        f"        ServiceExecutionRole: {ROLE}\n        ApplicationConfiguration:\n"
        "         SqlApplicationConfiguration:\n          Inputs:" + INPUT % ("", ""),
    ],
    ids=["a role for each input", "one role for all"],
)
def test_an_input_is_prepared_by_a_function(read: Read, application: str) -> None:
    """https://docs.aws.amazon.com/kinesisanalytics/latest/dev/lambda-preprocessing.html ."""
    facts = read(f"Resources:\n  A:\n{application}\n")
    (trigger,) = [fact for fact in facts if isinstance(fact, Trigger)]
    (delivery,) = [fact for fact in facts if isinstance(fact, Delivery)]
    assert (trigger.function_arn, trigger.role_arn, trigger.mechanism) == (FUNCTION, ROLE, Mechanism.SERVICE_ROLE)
    assert (delivery.sender_id, delivery.role_arn) == (STREAM, ROLE)


def test_an_output_of_an_application_acts_with_its_role(read: Read) -> None:
    """A function that receives results is triggered by the application."""
    facts = read(
        f"""
Resources:
  A: {{Type: AWS::KinesisAnalyticsV2::Application, Properties: {{ApplicationName: a, ServiceExecutionRole: '{ROLE}'}}}}
  O:
    Type: AWS::KinesisAnalyticsV2::ApplicationOutput
    Properties: {{ApplicationName: !Ref A, Output: {{LambdaOutput: {{ResourceARN: '{FUNCTION}'}}}}}}
""",
        Trigger,
    )
    (trigger,) = facts
    assert (trigger.role_arn, trigger.source_id) == (ROLE, f"{ARN}:kinesisanalytics:{HERE}:application/a")
