"""IAM Identity Center: permission sets, which become roles in the accounts they are assigned to.

What a permission set allows is judged; it gets no place in the graph, because the accounts its roles are made in are
as a rule not the one that the template is deployed to.
https://docs.aws.amazon.com/singlesignon/latest/userguide/permissionsetsconcept.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from permscope.inventory.facts import AnyFact, PolicyAttachment
from permscope.inventory.located import LocatedStr
from permscope.inventory.policies import PolicyKind
from permscope.services._values import about, root
from permscope.services.interface import TemplateResource


def read_permission_set(resource: TemplateResource) -> Iterable[AnyFact]:
    """A permission set with its inline policy, AWS's managed policies and those that each account has by a name.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sso-permissionset.html
    """
    yield resource.resource()
    if resource.get("PermissionsBoundary") is not None:
        place = resource.place("PermissionsBoundary")
        yield resource.unknown("what is left of the permissions", "a permissions boundary caps them", "boundary", place)
        return
    document = resource.get("InlinePolicy")
    if document is not None and document != "":
        policy = resource.policy(document, PolicyKind.INLINE, name=f"{resource.logical_id}/InlinePolicy")
        yield PolicyAttachment(principal_arn=resource.id, policy=policy, **resource.facts_about())
    yield from _managed(resource)


def _managed(resource: TemplateResource) -> Iterator[AnyFact]:
    for found in root(resource).texts("ManagedPolicies"):
        arn = LocatedStr(found.text, found.source)
        shared = about(resource, found.source, found.only_if)
        yield PolicyAttachment(principal_arn=resource.id, policy_arn=arn, **shared)
    for item in root(resource).items("CustomerManagedPolicyReferences"):
        for name in item.texts("Name"):
            path = item.text("Path") or "/"
            arn = LocatedStr(resource.stack.arn("iam", f"policy{path}{name.text}", region=""), name.source)
            shared = about(resource, name.source, name.only_if)
            yield PolicyAttachment(principal_arn=resource.id, policy_arn=arn, **shared)


TEMPLATE = {"AWS::SSO::PermissionSet": read_permission_set}
SERVICE_PRINCIPALS = ("sso.amazonaws.com",)
