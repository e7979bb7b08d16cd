"""Which Regions are read, also where nobody may say so."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from permscope.collect.live.regions import HOMES, enabled_regions


def _account(answer: Any, region: str | None = "eu-west-1") -> Any:
    def describe_regions(**asked: Any) -> Any:
        assert asked == {"AllRegions": False}
        if isinstance(answer, Exception):
            raise answer
        return {"Regions": [{"RegionName": name} for name in answer]}

    client = SimpleNamespace(describe_regions=describe_regions)
    return SimpleNamespace(
        client=lambda name, region: client, home="us-east-1", boto=SimpleNamespace(region_name=region)
    )


def test_enabled_regions_are_sorted() -> None:
    """The same account gives the same snapshot each time."""
    assert enabled_regions(_account(["us-east-1", "eu-west-1"])) == (("eu-west-1", "us-east-1"), None)


@pytest.mark.parametrize(("region", "read"), [("eu-west-1", "eu-west-1"), (None, "us-east-1")])
def test_where_they_cannot_be_asked_for_one_is_read_and_the_failure_said(region: str | None, read: str) -> None:
    """What is left out is never left out in silence."""
    pytest.importorskip("botocore", reason="botocore is not installed")
    regions, fault = enabled_regions(_account(RuntimeError("no route"), region))
    assert regions == (read,)
    assert fault is not None
    assert fault.message == "no route"


def test_every_home_is_a_region_of_its_partition() -> None:
    """IAM of a partition answers in no other: https://docs.aws.amazon.com/general/latest/gr/iam-service.html."""
    boto3 = pytest.importorskip("boto3", reason="boto3 is not installed")
    for partition, home in HOMES.items():
        regions = boto3.Session().get_available_regions("ec2", partition)
        assert not regions or home in regions
