"""What a service file is given: a stack that finds things by any of their names, resources that know their places."""

from __future__ import annotations

import pytest

from permscope.inventory.tokens import PARTITION
from permscope.services.interface import Stack, TemplateResource

ARN = "arn:aws:sqs:eu-west-1:111122223333:orders"


@pytest.fixture
def stack() -> Stack:
    """A queue and a role of the same name."""
    made = Stack(partition="aws", region="eu-west-1", account="111122223333")
    for logical_id, type_name, arn, ref in (
        ("Queue", "AWS::SQS::Queue", ARN, "https://sqs.eu-west-1.amazonaws.com/111122223333/orders"),
        ("Role", "AWS::IAM::Role", "arn:aws:iam::111122223333:role/orders", "orders"),
    ):
        made.resources[logical_id] = TemplateResource(
            logical_id=logical_id, type=type_name, properties={}, stack=made, name="orders", arn=arn, ref=ref
        )
    return made


@pytest.mark.parametrize(
    ("value", "types", "found"),
    [
        (ARN, (), "Queue"),
        (ARN.replace("aws", PARTITION, 1), (), "Queue"),
        ("https://sqs.eu-west-1.amazonaws.com/111122223333/orders", (), "Queue"),
        ("orders", ("AWS::IAM::Role",), "Role"),
        ("orders", ("AWS::SQS::Queue",), "Queue"),
        ("orders", ("AWS::SNS::Topic",), None),
        ("others", (), None),
        (None, (), None),
        ({"Ref": "Queue"}, (), None),
    ],
)
def test_a_resource_is_found_by_ref_arn_and_name(
    stack: Stack, value: object, types: tuple[str, ...], found: str | None
) -> None:
    """Of the type that is meant, where two share a name."""
    resource = stack.find(value, *types)
    assert (resource.logical_id if resource else None) == found


@pytest.mark.parametrize(
    ("value", "arn"),
    [
        ("f", "arn:aws:lambda:eu-west-1:111122223333:function:f"),
        ("f:live", "arn:aws:lambda:eu-west-1:111122223333:function:f:live"),
        ("444455556666:function:f", "arn:aws:lambda:eu-west-1:444455556666:function:f"),
        ("arn:aws:lambda:us-east-1:444455556666:function:f", "arn:aws:lambda:us-east-1:444455556666:function:f"),
        ("", None),
        ([], None),
    ],
)
def test_a_function_is_named_in_four_ways(stack: Stack, value: object, arn: str | None) -> None:
    """https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html."""
    assert stack.function_arn(value) == arn


def test_an_arn_is_in_the_stacks_own_account_unless_told_otherwise(stack: Stack) -> None:
    """Global services have empty fields."""
    assert stack.arn("sqs", "orders") == ARN
    assert stack.arn("s3", "b/k", region="", account="") == "arn:aws:s3:::b/k"
    assert [each.logical_id for each in stack.of_type("AWS::IAM::Role", "AWS::SQS::Queue")] == ["Role", "Queue"]
