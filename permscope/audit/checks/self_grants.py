"""Principals that may change the policy of a resource which keeps them out, and so let themselves in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from permscope.audit.checks.breadth import breadth_of, gives_iam, is_admin, view_of
from permscope.audit.checks.takeovers import place_of
from permscope.audit.findings import Hit
from permscope.audit.matching import action_set
from permscope.audit.predicates import Taken, finder
from permscope.audit.subjects import Subject
from permscope.audit.world import PrincipalView
from permscope.catalog.actions import ActionSet, load
from permscope.graph.takeover.rights import is_foreign
from permscope.inventory.arn import account_of, split_arn
from permscope.inventory.source import Source
from permscope.inventory.tokens import ACCOUNT

_SELF_GRANTS = (
    # what changes the policy, what can be gained by it, what stands behind the ARN for that
    ("s3:PutBucketPolicy", "s3:GetObject", "/*"),
    ("sqs:SetQueueAttributes", "sqs:ReceiveMessage", ""),
    ("sqs:AddPermission", "sqs:ReceiveMessage", ""),
    ("sns:SetTopicAttributes", "sns:Publish", ""),
    ("sns:AddPermission", "sns:Publish", ""),
    ("kms:PutKeyPolicy", "kms:Decrypt", ""),
    ("kms:CreateGrant", "kms:Decrypt", ""),
    ("secretsmanager:PutResourcePolicy", "secretsmanager:GetSecretValue", ""),
    ("dynamodb:PutResourcePolicy", "dynamodb:GetItem", ""),
    ("kinesis:PutResourcePolicy", "kinesis:GetRecords", ""),
    ("ecr:SetRepositoryPolicy", "ecr:BatchGetImage", ""),
    ("events:PutPermission", "events:PutEvents", ""),
    ("lambda:AddPermission", "lambda:InvokeFunction", ""),
)


def _self_grant_parameters(given: object, place: Source) -> ActionSet:
    return action_set(given, place)


@finder("principal", values=("principal", "action", "gain", "resources"), check=_self_grant_parameters)
def lets_itself_in(subject: Subject, parameters: Any, taken: Taken) -> Iterator[Hit]:
    """Where a principal may change the policy of a named resource that it may not use: it can let itself in.

    Parameter: the actions that change policies. On every resource of the account another rule speaks of them.
    """
    view = view_of(subject)
    breadth = breadth_of(view)
    if all(share.actions.isdisjoint(parameters) for share in breadth.scoped):
        return
    everywhere = breadth.everywhere()
    if is_admin(everywhere) or gives_iam(everywhere):
        return
    for share in breadth.scoped:
        if share.actions.isdisjoint(parameters) or share.narrowed or not share.blamable or share.inverted:
            continue
        for action, gain, tail in _SELF_GRANTS:
            if action not in parameters or action not in share.actions or not taken.left_of(load().expand(action)):
                continue
            resources = [
                pattern
                for pattern in share.grant.resources
                if _is_of(pattern, action)
                and not _is_of_others(view, pattern)
                and gain not in view.access.on(pattern + tail).allowed
            ]
            if resources:
                place, element = place_of(share.statement, action)
                yield Hit(
                    element=element,
                    source=place,
                    resource=share.policy.logical_id or view.fact.logical_id,
                    nodes=(view.node.id,) if view.node else (),
                    values={
                        "principal": view.label,
                        "action": action,
                        "gain": gain,
                        "resources": ", ".join(f"`{text}`" for text in resources[:2]),
                    },
                    statement=share.statement,
                )


def _is_of(pattern: str, action: str) -> bool:
    parts = split_arn(pattern)
    bucket = parts is not None and parts.service == "s3" and "/" in parts.resource
    return parts is not None and parts.service == action.partition(":")[0] and not bucket


def _is_of_others(view: PrincipalView, pattern: str) -> bool:
    """Whether a pattern is about another account, which alone says who may change its policies.

    Where nobody says into which account a template goes, it may be the one that its statements name.
    """
    return view.node is not None and view.node.account != ACCOUNT and is_foreign(view.node, account_of(pattern))
