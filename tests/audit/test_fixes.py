"""Texts to write instead, as a template can hold them."""

from __future__ import annotations

import pytest

from permscope.audit.fixes import _as_written, plain_formats, readable_format


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


@pytest.mark.parametrize(
    ("arn", "written"),
    [
        ("arn:aws:states:${Param::one/app/Region}:${Param::Account}:x", "arn:aws:states:${Region}:${Account}:x"),
        (
            "arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:${one/Jobs}",
            "arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:${Jobs}",
        ),
        ("arn:aws:sns:::${Api.RootResourceId}-${Import::t}", "arn:aws:sns:::${Api.RootResourceId}-${Import::t}"),
    ],
)
def test_parameters_and_logical_ids_are_called_what_the_template_calls_them(arn: str, written: str) -> None:
    """`Fn::Sub` knows them by these names only (AWSCloudFormation intrinsic-function-reference-sub.html)."""
    assert _as_written(arn) == written
