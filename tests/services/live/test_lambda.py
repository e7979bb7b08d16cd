"""Statements of function policies, as the permissions they were made of."""

from __future__ import annotations

from typing import Any

import pytest

from permscope.services._live_lambda import as_permission

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:f"


def _statement(**more: Any) -> dict[str, Any]:
    return {
        "Sid": "s",
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": FUNCTION,
        **more,
    }


@pytest.mark.parametrize(
    ("more", "properties"),
    [
        ({}, {"Principal": "s3.amazonaws.com"}),
        (
            {"Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:s3:::b"}}},
            {"Principal": "s3.amazonaws.com", "SourceArn": "arn:aws:s3:::b"},
        ),
        ({"Principal": {"AWS": "arn:aws:iam::210987654321:root"}}, {"Principal": "210987654321"}),
        ({"Principal": "*"}, {"Principal": "*"}),
    ],
)
def test_what_a_permission_can_say_is_one(more: dict[str, Any], properties: dict[str, str]) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-permission.html."""
    found = as_permission(_statement(**more), FUNCTION)
    assert found is not None
    assert found.items() >= {"Action": "lambda:InvokeFunction", "FunctionName": FUNCTION, **properties}.items()


@pytest.mark.parametrize(
    "more",
    [
        {"Effect": "Deny"},
        {"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}},
        {"Principal": {"AWS": ["arn:aws:iam::1:role/a", "arn:aws:iam::1:role/b"]}},
        {"Action": ["lambda:InvokeFunction", "lambda:GetFunction"]},
    ],
)
def test_what_a_permission_cannot_say_is_kept_as_a_statement(more: dict[str, Any]) -> None:
    """A Deny or a condition that got lost would be access that there is not."""
    assert as_permission(_statement(**more), FUNCTION) is None
