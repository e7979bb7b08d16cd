"""ARNs are split where AWS splits them, tokens or not."""

from __future__ import annotations

import pytest

from permscope.inventory.arn import account_of, function_arn_and_qualifier, make_arn, split_arn

ROLE = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/app"


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("arn:aws:s3:::b/k:with:colons", ("arn", "aws", "s3", "", "", "b/k:with:colons")),
        (
            "arn:aws:lambda:eu-west-1:111122223333:function:f:live",
            ("arn", "aws", "lambda", "eu-west-1", "111122223333", "function:f:live"),
        ),
        (ROLE, ("arn", "${AWS::Partition}", "iam", "", "${AWS::AccountId}", "role/app")),
        (
            "arn:aws:sqs:${AWS::Region}:${Param::Account}:${Q}",
            ("arn", "aws", "sqs", "${AWS::Region}", "${Param::Account}", "${Q}"),
        ),
        ("arn:aws:sqs:us-east-1", None),
        ("arn:${AWS::Partition}:iam", None),
        ("*", None),
        ("", None),
    ],
)
def test_an_arn_has_six_fields(text: str, fields: tuple[str, ...] | None) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html: the resource keeps its own colons."""
    assert split_arn(text) == fields


def test_fields_that_are_not_given_are_the_deployments_own() -> None:
    """An ARN made without account and Region says that they are the stack's."""
    assert make_arn("sqs", "q") == "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:q"
    assert account_of(make_arn("sqs", "q")) == "${AWS::AccountId}"


def test_a_bucket_arn_has_no_account() -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-arn-format.html."""
    assert account_of("arn:aws:s3:::bucket") is None


@pytest.mark.parametrize(
    ("arn", "base", "qualifier"),
    [
        ("arn:aws:lambda:r:1:function:f", "arn:aws:lambda:r:1:function:f", None),
        ("arn:aws:lambda:r:1:function:f:live", "arn:aws:lambda:r:1:function:f", "live"),
        ("arn:aws:lambda:r:1:function:f:$LATEST", "arn:aws:lambda:r:1:function:f", "$LATEST"),
        ("arn:aws:lambda:r:1:function:${F}:7", "arn:aws:lambda:r:1:function:${F}", "7"),
        ("arn:aws:lambda:r:1:function:${Param::F}", "arn:aws:lambda:r:1:function:${Param::F}", None),
        ("arn:aws:lambda:r:1:layer:l:3", "arn:aws:lambda:r:1:layer:l:3", None),
        ("f:live", "f:live", None),
    ],
)
def test_a_qualifier_is_told_from_the_function(arn: str, base: str, qualifier: str | None) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html: the qualifier follows the name."""
    assert function_arn_and_qualifier(arn) == (base, qualifier)
