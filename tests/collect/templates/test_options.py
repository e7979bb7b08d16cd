"""Pseudo parameters, bound and open.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
"""

from __future__ import annotations

import pytest

from permscope.collect.templates.options import LoadOptions, pseudo_parameters


@pytest.mark.parametrize(
    ("region", "partition", "suffix"),
    [
        (None, "${AWS::Partition}", "${AWS::URLSuffix}"),
        ("eu-west-1", "aws", "amazonaws.com"),
        ("us-east-1", "aws", "amazonaws.com"),
        ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
        ("cn-north-1", "aws-cn", "amazonaws.com.cn"),
        ("us-iso-east-1", "aws-iso", "c2s.ic.gov"),
        ("us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov"),
        ("eusc-de-east-1", "aws-eusc", "amazonaws.eu"),
    ],
)
def test_the_region_tells_partition_and_suffix(region: str | None, partition: str, suffix: str) -> None:
    """What is not given stays a token."""
    found = pseudo_parameters(LoadOptions(region=region))
    assert (found["AWS::Partition"], found["AWS::URLSuffix"]) == (partition, suffix)


def test_a_partition_that_is_given_wins() -> None:
    """Also where no Region is."""
    assert pseudo_parameters(LoadOptions(partition="aws-cn"))["AWS::URLSuffix"] == "amazonaws.com.cn"


def test_names_of_several_stacks_are_told_apart() -> None:
    """Two stacks share account and Region, never their own name."""
    one, two = (pseudo_parameters(LoadOptions(), label) for label in ("a", "b"))
    assert one["AWS::AccountId"] == two["AWS::AccountId"] == "${AWS::AccountId}"
    assert (one["AWS::StackName"], two["AWS::StackName"]) == ("${a/AWS.StackName}", "${b/AWS.StackName}")


def test_what_the_user_says_wins_over_what_an_input_says() -> None:
    """A CDK manifest completes the options, and changes none."""
    bound = LoadOptions(account="111122223333").bound(account="444455556666", region="eu-west-1")
    assert (bound.account, bound.region) == ("111122223333", "eu-west-1")
