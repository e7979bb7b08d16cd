"""AWS Organizations: service and resource control policies.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
"""

from __future__ import annotations

from collections.abc import Iterable

from permscope.inventory.facts import AnyFact, ControlPolicy
from permscope.inventory.policies import PolicyKind
from permscope.services.interface import TemplateResource

_KINDS = {"SERVICE_CONTROL_POLICY": PolicyKind.SCP, "RESOURCE_CONTROL_POLICY": PolicyKind.RCP}


def read_policy(resource: TemplateResource) -> Iterable[AnyFact]:
    """A control policy and what it is attached to; other kinds (tags, backups) decide nothing."""
    yield resource.resource(policy_type=resource.text("Type"))
    kind = _KINDS.get(resource.text("Type") or "")
    if kind is not None:
        policy = resource.policy(resource.get("Content"), kind, name=resource.text("Name") or resource.name)
        yield ControlPolicy(policy=policy, targets=resource.texts("TargetIds"), **resource.facts_about())


def read_resource_policy(resource: TemplateResource) -> Iterable[AnyFact]:
    """The delegation policy of an organization."""
    yield from resource.protects(resource.id, "Content")


TEMPLATE = {
    "AWS::Organizations::Policy": read_policy,
    "AWS::Organizations::ResourcePolicy": read_resource_policy,
}
SERVICE_PRINCIPALS = ("organizations.amazonaws.com",)
