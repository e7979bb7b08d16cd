"""What a resource of an account is called, where the answer does not say all of it, and a session that asks nobody."""

from __future__ import annotations

import pytest

from permscope.inventory.facts import Unknown
from permscope.inventory.source import Source
from permscope.services import live_readers
from permscope.services._live import LiveResource, Session
from permscope.services.interface import Stack

ACCOUNT, REGION = "111122223333", "cn-north-1"
STACK = Stack(partition="aws-cn", region=REGION, account=ACCOUNT)
SESSION = Session(STACK, account=ACCOUNT, partition="aws-cn", region=REGION)


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
    assert SESSION.resource(type_name, {}, name=name, call="a.b", arn=given).arn == arn


def test_a_property_that_is_not_given_is_none_of_the_resource() -> None:
    """As in a template that says nothing about it."""
    made = SESSION.resource("AWS::S3::Bucket", {"A": None, "B": False}, name="b", call="s3.list_buckets")
    assert made.properties == {"B": False}
    assert made.ref == "b"
    assert made.source == Source(call="s3.list_buckets", account=ACCOUNT)


def test_the_facts_of_a_live_resource_have_no_logical_id_and_no_stack() -> None:
    """They stand in no template; its name is for messages."""
    made = SESSION.resource("AWS::S3::Bucket", {}, name="b", call="s3.list_buckets")
    assert isinstance(made, LiveResource)
    assert made.logical_id == "b"
    shared = made.facts_about()
    assert (shared["logical_id"], shared["stack"], shared["source"]) == (None, "", made.source)


@pytest.mark.parametrize(("name", "reader"), live_readers(), ids=[name for name, _ in live_readers()])
def test_a_reader_that_nobody_answers_finds_nothing(name: str, reader: object) -> None:
    """And fails nowhere: that is how it goes where every call is denied."""
    del name
    found = [fact for fact in reader.read(SESSION) if not isinstance(fact, Unknown)]  # type: ignore[attr-defined]
    assert found == []
