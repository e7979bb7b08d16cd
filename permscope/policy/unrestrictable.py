"""Actions that cannot be limited to a resource: a policy must name `*` for them.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from functools import lru_cache

from permscope.catalog.actions import ActionSet, load
from permscope.policy.matching import ANY_PARTITION

# AWS's own examples grant this one on `arn:aws:s3:::*`:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
LIST_ALL_BUCKETS = "s3:listallmybuckets"
# Texts that only a wildcard matches, in the place of a resource
UNSCOPED = "\ue005"
ALL_BUCKETS = f"{ANY_PARTITION}s3:::{UNSCOPED}"


@lru_cache(maxsize=1)
def restrictable() -> ActionSet:
    """The actions that can be limited to a resource."""
    return load().restrictable


@lru_cache(maxsize=16_384)
def is_restrictable(action: str) -> bool:
    """Whether a lower-case action can be limited to a resource; an action that is in no list can."""
    catalog = load()
    return not catalog.is_known(action) or catalog.is_retired(action) or action in restrictable()


def matched_resource(action: str, resource: str) -> str:
    """What `Resource` patterns are matched against: for an action without resources, a text that only `*` matches."""
    if is_restrictable(action):
        return resource
    return ALL_BUCKETS if action == LIST_ALL_BUCKETS else UNSCOPED
