"""Texts to write instead, as a template can hold them."""

from __future__ import annotations

import pytest

from permscope.audit.fixes import plain_formats, readable_format


@pytest.mark.parametrize(
    ("arn_format", "written"),
    [
        (
            "arn:${Partition}:dynamodb:${Region}:${Account}:table/${TableName}",
            "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/<TableName>",
        ),
        ("arn:${Partition}:s3:::${BucketName}/${ObjectName}", "arn:${AWS::Partition}:s3:::<BucketName>/<ObjectName>"),
        ("*", "*"),
    ],
)
def test_what_a_template_knows_is_filled_in_and_the_rest_marked(arn_format: str, written: str) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html."""
    assert readable_format(arn_format) == written


@pytest.mark.parametrize(
    ("formats", "left"),
    [
        (["arn:s3:::b", "arn:s3:r:a:accesspoint/p"], ["arn:s3:::b"]),
        (["arn:s3:r:a:accesspoint/p"], ["arn:s3:r:a:accesspoint/p"]),
        ([], []),
    ],
)
def test_access_points_are_named_where_there_is_nothing_else(formats: list[str], left: list[str]) -> None:
    """Few buckets have one."""
    assert plain_formats(formats) == left
