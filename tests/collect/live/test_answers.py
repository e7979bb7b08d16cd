"""What a resource of an account is called, where the answer does not say all of it."""

from __future__ import annotations

import pytest

from permscope.collect.live.answers import identity_of, live_resource
from permscope.inventory.source import Source
from permscope.services.interface import Stack

STACK = Stack(partition="aws-cn", region="cn-north-1", account="111122223333")


@pytest.mark.parametrize(
    ("type_name", "name", "given", "arn"),
    [
        ("AWS::S3::Bucket", "b", None, "arn:aws-cn:s3:::b"),
        ("AWS::DynamoDB::Table", "t", None, "arn:aws-cn:dynamodb:cn-north-1:111122223333:table/t"),
        ("AWS::DynamoDB::Table", "t", "arn:own", "arn:own"),
        ("AWS::SSM::Parameter", "/a/b", None, "arn:aws-cn:ssm:cn-north-1:111122223333:parameter/a/b"),
        ("Nobody::Knows::It", "x", None, None),
    ],
)
def test_an_arn_is_made_of_the_name_where_its_form_allows_that(
    type_name: str, name: str, given: str | None, arn: str | None
) -> None:
    """In the account's own partition and Region; a path has one slash before it."""
    assert identity_of(STACK, type_name, name, given, None).arn == arn


def test_a_property_that_is_not_given_is_none_of_the_resource() -> None:
    """As in a template that says nothing about it."""
    identity = identity_of(STACK, "AWS::S3::Bucket", "b", None, None)
    made = live_resource(STACK, Source(call="s3.list_buckets"), "AWS::S3::Bucket", {"A": None, "B": False}, identity)
    assert made.properties == {"B": False}
    assert made.ref == "b"
