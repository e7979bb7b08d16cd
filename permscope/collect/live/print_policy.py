"""The least-privilege policies that collection needs, made of the operations the readers declare."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from permscope.catalog.calls import iam_action
from permscope.collect.live import accounts, regions
from permscope.services import live_readers

LARGEST = 6144
"""Characters, white space not counted, that a managed policy may have.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""
_API_PATHS = ("account", "apis", "domainnames", "restapis", "vpclinks")
"""What is read below `apigateway:GET`, which without a resource would also let API keys be read."""

_ALSO = {
    "s3.list_directory_buckets": ("s3express:GetBucketPolicy",),
    "s3control.list_regional_buckets": (
        "s3-outposts:GetAccessPointPolicy",
        "s3-outposts:GetBucketPolicy",
        "s3-outposts:ListAccessPoints",
    ),
}
"""What calls need besides where they are about another kind of S3, whose actions have a prefix of their own.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-express-security-iam.html,
https://docs.aws.amazon.com/AmazonS3/latest/userguide/S3OutpostsIAM.html
"""


def operations() -> Mapping[str, str]:
    """Every `client.operation` a collection may call -> what is not known without it, sorted."""
    found = {**accounts.OPERATIONS, **regions.OPERATIONS}
    for _, reader in live_readers():
        found.update(reader.operations)
    return dict(sorted(found.items()))


def actions_of(name: str) -> tuple[str, ...]:
    """The IAM actions a `client.operation` needs."""
    client, _, operation = name.partition(".")
    return (*iam_action(client, operation), *_ALSO.get(name, ()))


def collection_policies(partition: str = "aws") -> tuple[dict[str, Any], ...]:
    """The identity policies of a principal that collects, each small enough for a managed policy.

    Resource is `*`, because everything there is gets listed, but for API Gateway. The roles that `--role-name` and
    `--organization` assume are not in it: name them in a policy of your own.
    """
    actions = {action for name in operations() for action in actions_of(name)} - {"sts:AssumeRole", "apigateway:GET"}
    paths = [f"arn:{partition}:apigateway:*::/{path}{below}" for path in _API_PATHS for below in ("", "/*")]
    paths.append(f"arn:{partition}:apigateway:*::/usageplans")  # the plans, not the keys below them
    apis = {"Sid": "CollectApis", "Effect": "Allow", "Action": "apigateway:GET", "Resource": paths}
    found = [_policy([], apis)]
    for action in sorted(actions, reverse=True):
        held = [action, *_actions(found[0])]
        larger = _policy(held, *(each for each in found[0]["Statement"] if each is apis))
        if size_of(larger) > LARGEST:
            found.insert(0, _policy([action]))
        else:
            found[0] = larger
    return tuple(found)


def _policy(actions: list[str], *more: dict[str, Any]) -> dict[str, Any]:
    """A policy that allows actions on everything, and more."""
    own = {"Sid": "Collect", "Effect": "Allow", "Action": actions, "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [*([own] if actions else []), *more]}


def _actions(policy: Mapping[str, Any]) -> list[str]:
    return next((each["Action"] for each in policy["Statement"] if each["Sid"] == "Collect"), [])


def size_of(policy: Mapping[str, Any]) -> int:
    """The length of a policy as IAM counts it."""
    return len(json.dumps(policy, separators=(",", ":")))
