"""The least-privilege policy that collection needs, made of the operations the readers declare."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from permscope.catalog.calls import iam_action
from permscope.collect.live import accounts, regions
from permscope.services import live_readers

LARGEST = 6144
"""Characters, white space not counted, that a managed policy may have; an inline policy of a role may have 10,240.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""
_API_PATHS = ("account", "apis", "domainnames", "restapis", "vpclinks")
"""What is read below `apigateway:GET`, which without a resource would also let API keys be read."""


def operations() -> Mapping[str, str]:
    """Every `client.operation` a collection may call -> what is not known without it, sorted."""
    found = {**accounts.OPERATIONS, **regions.OPERATIONS}
    for _, reader in live_readers():
        found.update(reader.operations)
    return dict(sorted(found.items()))


def actions_of(name: str) -> tuple[str, ...]:
    """The IAM actions a `client.operation` needs."""
    client, _, operation = name.partition(".")
    return iam_action(client, operation)


def collection_policy(partition: str = "aws") -> dict[str, Any]:
    """The identity policy of a principal that collects.

    Resource is `*`, because everything there is gets listed, but for API Gateway. The roles that `--role-name` and
    `--organization` assume are not in it: name them in a policy of your own.
    """
    actions = {action for name in operations() for action in actions_of(name)} - {"sts:AssumeRole", "apigateway:GET"}
    paths = [f"arn:{partition}:apigateway:*::/{path}{below}" for path in _API_PATHS for below in ("", "/*")]
    paths.append(f"arn:{partition}:apigateway:*::/usageplans")  # the plans, not the keys below them
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "Collect", "Effect": "Allow", "Action": sorted(actions), "Resource": "*"},
            {"Sid": "CollectApis", "Effect": "Allow", "Action": "apigateway:GET", "Resource": paths},
        ],
    }


def size_of(policy: Mapping[str, Any]) -> int:
    """The length of a policy as IAM counts it."""
    return len(json.dumps(policy, separators=(",", ":")))
