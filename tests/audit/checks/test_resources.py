"""What resource patterns cover."""

from __future__ import annotations

import pytest

from permscope.audit.checks.resources import can_match, covers_type_for, is_star


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*", True),
        ("**", True),
        ("arn:*", True),
        ("arn:aws:*", True),
        ("arn:${AWS::Partition}:*", True),
        ("arn:*:*:*:*:*", True),
        ("arn:aws:s3:::*", False),
        ("arn:aws:*:us-east-1:*:*", False),
        ("${Param::Resource}", False),
        ("", False),
    ],
)
def test_everything_is_recognized_however_it_is_spelled(pattern: str, expected: bool) -> None:
    """Equivalent wildcards are one thing; an unknown value is not everything."""
    assert is_star(pattern) is expected


@pytest.mark.parametrize(
    ("pattern", "action", "expected"),
    [
        ("arn:aws:dynamodb:*:*:table/*", "dynamodb:GetItem", True),
        ("arn:aws:dynamodb:us-east-1:111122223333:table/*", "dynamodb:GetItem", True),
        ("arn:aws:dynamodb:*:*:table/orders-*", "dynamodb:GetItem", False),
        ("arn:aws:dynamodb:*:*:table/orders/index/*", "dynamodb:Query", False),
        ("arn:*:s3:::*", "s3:ListBucket", True),
        ("arn:aws:s3:::orders/*", "s3:GetObject", False),
        ("arn:aws:iam::*:role/*", "iam:PassRole", True),
        ("arn:aws:iam::*:role/*", "sts:AssumeRole", True),
        ("arn:aws:iam::*:role/tasks/*", "iam:PassRole", False),
    ],
)
def test_a_pattern_that_leaves_no_name_out_covers_its_type(pattern: str, action: str, expected: bool) -> None:
    """`table/*` is every table, `table/orders-*` is not."""
    assert (action in covers_type_for(pattern)) is expected


@pytest.mark.parametrize(
    ("pattern", "arn_format", "expected"),
    [
        ("arn:aws:s3:::orders", "arn:${Partition}:s3:::${BucketName}", True),
        ("arn:aws:s3:::orders/*", "arn:${Partition}:s3:::${BucketName}", False),
        ("arn:aws:s3:::orders", "arn:${Partition}:s3:::${BucketName}/${ObjectName}", False),
        ("arn:aws:s3:::orders*", "arn:${Partition}:s3:::${BucketName}/${ObjectName}", True),
        ("arn:aws:s3:::${Bucket}", "arn:${Partition}:s3:::${BucketName}/${ObjectName}", False),
        ("arn:aws:s3:::${Param::Bucket}", "arn:${Partition}:s3:::${BucketName}/${ObjectName}", True),
        ("arn:aws:sqs:us-east-1:111122223333:q", "arn:${Partition}:sns:${Region}:${Account}:${TopicName}", False),
        ("*", "arn:${Partition}:sns:${Region}:${Account}:${TopicName}", True),
        ("${Param::Arn}", "arn:${Partition}:sns:${Region}:${Account}:${TopicName}", True),
    ],
)
def test_a_pattern_matches_a_format_when_some_arn_is_in_both(pattern: str, arn_format: str, expected: bool) -> None:
    """What is not known may match; what differs in a fixed part never does."""
    assert can_match(pattern, arn_format) is expected


def test_hostile_wildcards_take_no_exponential_time() -> None:
    """Forty wildcards are compared in an instant."""
    pattern = "arn:aws:s3:::" + "a*" * 40 + "b"
    assert can_match(pattern, "arn:${Partition}:s3:::${BucketName}") is True
