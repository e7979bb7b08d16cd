"""Which Regions an account has enabled, and where its global services are asked."""

from __future__ import annotations

from typing import Any

from permscope.collect.live.account import LiveAccount
from permscope.collect.live.faults import Fault, fault_of

OPERATIONS = {
    "ec2.describe_regions": "which Regions the account uses",
    "sts.get_caller_identity": "which account the credentials belong to",
}
"""What a collection calls besides the readers."""

HOMES = {
    "aws": "us-east-1",
    "aws-cn": "cn-north-1",
    "aws-us-gov": "us-gov-west-1",
    "aws-iso": "us-iso-east-1",
    "aws-iso-b": "us-isob-east-1",
    "aws-iso-e": "eu-isoe-west-1",
    "aws-iso-f": "us-isof-south-1",
    "aws-eusc": "eusc-de-east-1",
}
"""Partition -> Region in which IAM, Organizations and CloudFront are asked."""


def enabled_regions(account: LiveAccount) -> tuple[tuple[str, ...], Fault | None]:
    """The Regions the account has enabled, sorted; the configured one, and why, where they cannot be asked for.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRegions.html
    """
    try:
        answer: Any = account.client("ec2", account.home).describe_regions(AllRegions=False)
    except Exception as error:  # noqa: BLE001 - whatever goes wrong between here and AWS is one failed call
        return (account.boto.region_name or account.home,), fault_of(error)
    return tuple(sorted(region["RegionName"] for region in answer["Regions"])), None
