"""What AWS keeps to itself: no policy of a customer lets anybody change it.

AWS managed policies (https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html), the
roles of services (`UnmodifiableEntity`, https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html)
and of IAM Identity Center (https://repost.aws/knowledge-center/identity-center-aws-reserved-sso),
and the aliases of AWS managed keys (https://docs.aws.amazon.com/kms/latest/developerguide/alias-create.html).
"""

from __future__ import annotations

from permscope.inventory.arn import split_arn

_POLICY = frozenset(
    ["iam:createpolicy", "iam:createpolicyversion", "iam:deletepolicy", "iam:deletepolicyversion",
     "iam:setdefaultpolicyversion", "iam:tagpolicy", "iam:untagpolicy"]
)  # fmt: skip
_SERVICE_ROLE = frozenset(
    ["iam:attachrolepolicy", "iam:deleterole", "iam:deleterolepermissionsboundary", "iam:deleterolepolicy",
     "iam:detachrolepolicy", "iam:putrolepermissionsboundary", "iam:putrolepolicy", "iam:updateassumerolepolicy",
     "iam:updaterole"]
)  # fmt: skip
_RESERVED_ROLE = _SERVICE_ROLE | frozenset(
    ["iam:createrole", "iam:createservicelinkedrole", "iam:deleteservicelinkedrole", "iam:passrole", "iam:tagrole",
     "iam:untagrole", "iam:updateroledescription"]
)  # fmt: skip
_ALIAS = frozenset(["kms:createalias", "kms:deletealias", "kms:updatealias"])
_CHANGES = _POLICY | _RESERVED_ROLE | _ALIAS


def is_protected(action: str, resource: str) -> bool:
    """Whether an action, in any case, would change an ARN that only AWS changes."""
    lower = action.lower()
    if lower not in _CHANGES:
        return False
    parts = split_arn(resource)
    if parts is None:
        return False
    if parts.service == "kms":
        return lower in _ALIAS and parts.resource.startswith("alias/aws/")
    if parts.resource.startswith("policy/"):
        return parts.account == "aws" and lower in _POLICY
    if parts.resource.startswith("role/aws-reserved/"):
        return lower in _RESERVED_ROLE
    return lower in _SERVICE_ROLE and parts.resource.startswith("role/aws-service-role/")
