"""Service principals."""

from __future__ import annotations

import pytest

from permscope.catalog import principals


@pytest.mark.parametrize(
    ("principal", "service"),
    [
        ("lambda.amazonaws.com", "lambda"),
        ("edgelambda.amazonaws.com", "lambda"),
        ("replicator.lambda.amazonaws.com", "lambda"),
        ("s3.amazonaws.com", "s3"),
        ("batchoperations.s3.amazonaws.com", "s3"),
        ("states.amazonaws.com", "states"),
        ("states.eu-west-1.amazonaws.com", "states"),
        ("logs.us-gov-west-1.amazonaws.com", "logs"),
        ("delivery.logs.amazonaws.com", "logs"),
        ("ec2.amazonaws.com.cn", "ec2"),
        ("codedeploy.cn-north-1.amazonaws.com.cn", "codedeploy"),
        ("lambda.amazonaws.eu", "lambda"),
        ("lambda.c2s.ic.gov", "lambda"),
        ("ecs-tasks.amazonaws.com", "ecs"),
        ("monitoring.rds.amazonaws.com", "rds"),
        ("dynamodb.application-autoscaling.amazonaws.com", "application-autoscaling"),
        ("streams.metrics.cloudwatch.amazonaws.com", "cloudwatch"),
        ("lambda.alarms.cloudwatch.amazonaws.com", "cloudwatch"),
        ("osis-pipelines.amazonaws.com", "osis"),
        ("opensearchservice.amazonaws.com", "es"),
        ("vpc-flow-logs.amazonaws.com", "ec2"),
        ("cognito-idp.amazonaws.com", "cognito-idp"),
        ("scheduler.amazonaws.com", "scheduler"),
        ("alexa-appkit.amazon.com", None),
        ("alexa-connectedhome.amazon.com", None),
    ],
)
def test_principals_that_policies_name_are_known(principal: str, service: str | None) -> None:
    """In every partition, in regional form, and with the service behind them."""
    assert principals.is_known_service_principal(principal)
    assert principals.service_of(principal) == service


@pytest.mark.parametrize(
    "text",
    [
        "lamda.amazonaws.com",
        "amazonaws.com",
        ".amazonaws.com",
        "lambda.amazonaws.com\n",
        "lambda.amazonaws.com.evil.example",
        "Lambda.amazonaws.com",
        "evil.lambda.amazonaws.com",
        "lambda.nowhere.amazonaws.com",
        "us-east-1.amazonaws.com",
        "arn:aws:iam::111122223333:root",
        "*",
        "",
    ],
)
def test_anything_else_is_unverified(text: str) -> None:
    """Misspelt, decorated, or not a principal at all."""
    assert not principals.is_known_service_principal(text)
    assert principals.service_of(text) is None


def test_the_list_can_be_shown() -> None:
    """Sorted, in the form of partition `aws`, and each known."""
    names = principals.names()
    assert list(names) == sorted(names)
    assert len(names) > 500
    assert all(principals.is_known_service_principal(name) for name in names)
