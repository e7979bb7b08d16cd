"""From an API call and its arguments to actions and resources."""

from __future__ import annotations

import pytest

from permscope.services._calls import Arguments, parse_arguments, resource_of
from permscope.services._integrations import api_call
from permscope.services.interface import Stack

HERE = "${AWS::Region}:${AWS::AccountId}"
P = "arn:${AWS::Partition}"


@pytest.mark.parametrize(
    ("action", "arguments", "resource"),
    [
        ("dynamodb:PutItem", {"TableName": "t"}, f"{P}:dynamodb:{HERE}:table/t"),
        ("dynamodb:PutItem", {"TableName": "arn:aws:dynamodb:r:1:table/t"}, "arn:aws:dynamodb:r:1:table/t"),
        ("s3:GetObject", {"Bucket": "b", "Key": "k"}, f"{P}:s3:::b/k"),
        ("s3:ListBucket", {"Bucket": "b", "Prefix": "p"}, f"{P}:s3:::b"),
        ("ssm:GetParameter", {"Name": "/a/b"}, f"{P}:ssm:{HERE}:parameter/a/b"),
        ("ecs:UpdateService", {"Cluster": "c", "Service": "s"}, f"{P}:ecs:{HERE}:service/c/s"),
        ("ec2:DescribeInstances", {"InstanceIds": ["i"]}, "*"),
        ("glue:StartCrawler", {"Name": "c"}, f"{P}:glue:{HERE}:crawler/c"),
    ],
)  # fmt: skip
def test_arguments_name_the_resource(action: str, arguments: dict[str, object], resource: str) -> None:
    """ARN formats are those of https://docs.aws.amazon.com/service-authorization/latest/reference/ ."""
    assert resource_of(Stack(), action, Arguments(arguments)) == (resource, True)


@pytest.mark.parametrize("arguments", [{}, {"TableName.$": "$.t"}, {"TableName": "{% $t %}"}])
def test_what_is_not_said_is_an_unknown_token(arguments: dict[str, object]) -> None:
    """A table that is chosen at run time is no particular table."""
    arn, certain = resource_of(Stack(), "dynamodb:PutItem", Arguments(arguments))
    assert "${Unknown::" in arn
    assert not certain


def test_a_computed_key_leaves_the_bucket_known() -> None:
    """Only the key of the object is unknown."""
    arn, certain = resource_of(Stack(), "s3:GetObject", Arguments({"Bucket": "b", "Key.$": "$.k"}))
    assert (arn.startswith(f"{P}:s3:::b/"), certain) == (True, True)


def test_a_literal_in_jsonata_is_known() -> None:
    """`{% 'orders' %}` computes nothing."""
    assert Arguments({"FunctionName": "{% 'orders' %}"}).text("FunctionName") == "orders"


@pytest.mark.parametrize("text", ["", "[1]", "{broken", "[" * 100_000])
def test_arguments_that_are_no_document_are_none(text: str) -> None:
    """The input of a schedule may be any text."""
    assert parse_arguments(text).values == {}


def test_an_api_that_is_not_known_is_said() -> None:
    """No action is guessed."""
    call = api_call(Stack(), "nonsense", "doIt", Arguments(), "to try")
    assert call.needs == ()
    assert "nonsense" in (call.unknown or "")
