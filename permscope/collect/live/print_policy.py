"""The least-privilege policy that collection needs, made of the operations the readers declare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from permscope.catalog.calls import iam_action
from permscope.collect.live import accounts, regions
from permscope.services import live_readers

_ACTIONS: Mapping[str, tuple[str, ...]] = {}
"""Operations whose actions the catalogue does not tell."""


def operations() -> Mapping[str, str]:
    """Every `client.operation` a collection may call -> what is not known without it, sorted."""
    found = {**accounts.OPERATIONS, **regions.OPERATIONS}
    for _, reader in live_readers():
        found.update(reader.operations)
    return dict(sorted(found.items()))


def actions_of(name: str) -> tuple[str, ...]:
    """The IAM actions a `client.operation` needs."""
    if name in _ACTIONS:
        return _ACTIONS[name]
    client, _, operation = name.partition(".")
    return iam_action(client, operation)


def collection_policy() -> dict[str, Any]:
    """The identity policy of a principal that collects; Resource is `*` because lists are read in full."""
    actions = sorted({action for name in operations() for action in actions_of(name)} - {"sts:AssumeRole"})
    return {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "PermscopeCollect", "Effect": "Allow", "Action": actions, "Resource": "*"}],
    }
