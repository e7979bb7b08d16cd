"""Organizations: service and resource control policies, and who may manage the organization.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies.html
"""

from __future__ import annotations

from collections.abc import Iterator

from permscope.inventory.facts import AnyFact, ControlPolicy
from permscope.inventory.located import source_of
from permscope.inventory.policies import PolicyKind
from permscope.services._values import about
from permscope.services._wiring import properties, protection
from permscope.services.interface import TemplateResource

SERVICE_PRINCIPALS = ("organizations.amazonaws.com",)

_KINDS = {"SERVICE_CONTROL_POLICY": PolicyKind.SCP, "RESOURCE_CONTROL_POLICY": PolicyKind.RCP}


def read_policy(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Organizations::Policy`: a control policy and what it is attached to."""
    yield resource.resource(policy_type=resource.text("Type"))
    kind = _KINDS.get(resource.text("Type") or "")
    document = resource.get("Content")
    if kind is None or document is None:
        return
    name = resource.text("Name") or resource.name
    yield ControlPolicy(
        policy=resource.policy(document, kind, name=name),
        targets=tuple(text.text for text in properties(resource, "TargetIds")),
        **about(resource, source_of(document, resource.place("Content"))),
    )


def read_resource_policy(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Organizations::ResourcePolicy`: which member accounts may manage the organization."""
    yield resource.resource()
    arn = resource.arn or resource.stack.arn("organizations", "resourcepolicy/*", region="")
    yield from protection(resource, arn, resource.get("Content"), "Content")


TEMPLATE = {
    "AWS::Organizations::Policy": read_policy,
    "AWS::Organizations::ResourcePolicy": read_resource_policy,
}
