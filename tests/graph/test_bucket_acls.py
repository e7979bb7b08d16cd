"""What canned ACLs of buckets let everybody do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from permscope.collect.load import LoadOptions, load
from permscope.graph.build import build_graph
from permscope.graph.model import EdgeKind

OPEN = dict.fromkeys(("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), False)


def _may(folder: Path, acl: str, block: dict[str, bool] | None, ownership: str | None) -> set[str]:
    properties: dict[str, Any] = {"AccessControl": acl}
    if block is not None:
        properties["PublicAccessBlockConfiguration"] = block
    if ownership is not None:
        properties["OwnershipControls"] = {"Rules": [{"ObjectOwnership": ownership}]}
    path = folder / "template.json"
    path.write_text(json.dumps({"Resources": {"B": {"Type": "AWS::S3::Bucket", "Properties": properties}}}))
    graph = build_graph(load([str(path)], LoadOptions()))
    return {
        action for edge in graph.edges_of(EdgeKind.CAN_ACCESS) if edge.source == "public" for action in edge.actions
    }


@pytest.mark.parametrize(
    ("acl", "actions"),
    [
        ("PublicRead", {"s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"}),
        (
            "PublicReadWrite",
            {"s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads", "s3:PutObject"},
        ),
        ("LogDeliveryWrite", set()),
        ("Private", set()),
    ],
)
def test_the_acl_of_a_bucket_is_about_the_bucket_not_its_objects(tmp_path: Path, acl: str, actions: set[str]) -> None:
    """READ lists and WRITE puts objects, which have ACLs of their own.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#acl-access-policy-permission-mapping
    """
    assert _may(tmp_path, acl, OPEN, "ObjectWriter") == actions


@pytest.mark.parametrize(
    ("block", "ownership"),
    [
        (None, "ObjectWriter"),
        (OPEN, None),
        (OPEN, "BucketOwnerEnforced"),
        ({**OPEN, "BlockPublicAcls": True}, "ObjectWriter"),
        ({**OPEN, "IgnorePublicAcls": True}, "ObjectWriter"),
    ],
)
def test_an_acl_opens_a_bucket_only_where_both_guards_are_off(
    tmp_path: Path, block: dict[str, bool] | None, ownership: str | None
) -> None:
    """Since April 2023 a new bucket has no ACLs and blocks public ones unless told otherwise.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html
    """
    assert _may(tmp_path, "PublicReadWrite", block, ownership) == set()
