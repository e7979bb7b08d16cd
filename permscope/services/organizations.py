"""AWS Organizations: service and resource control policies.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from permscope.inventory.facts import Account, AnyFact, ControlPolicy, OrganizationPath
from permscope.inventory.policies import PolicyKind
from permscope.inventory.source import Source
from permscope.services._live import LiveFact, LiveReader, Session
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


_NONE = ("AWSOrganizationsNotInUseException",)


def read_live(session: Session) -> Iterator[LiveFact]:
    """The organization as far as this account may see it: only the management or a delegated account sees policies."""
    answer = session.call("organizations", "describe_organization", none=_NONE)
    if not answer:
        return
    organization = answer["Organization"]
    management = organization.get("MasterAccountId") == session.account
    source = Source(call="organizations.describe_organization", account=session.account)
    yield Account(id=session.account, organization=organization["Id"], management=management, source=source)
    roots = session.call("organizations", "list_roots", optional=not management)
    if roots is None and not management:
        why = "only the management account and delegated administrators may read them"
        yield session.unknown(f"control policies of organization `{organization['Id']}`", why, "organization")
        return
    for root in (roots or {}).get("Roots") or ():
        yield from _below(session, root["Id"], (root["Id"],))
    for kind in _KINDS:
        policies = session.pages("organizations", "list_policies", "Policies", none=_DISABLED, of=kind, Filter=kind)
        for found in session.map(lambda policy: list(_live_policy(session, policy)), list(policies)):
            yield from found
    delegation = session.call("organizations", "describe_resource_policy", none=("ResourcePolicyNotFoundException",))
    if delegation and delegation.get("ResourcePolicy"):
        policy = delegation["ResourcePolicy"]
        arn = (policy.get("ResourcePolicySummary") or {}).get("Arn")
        yield session.resource(
            "AWS::Organizations::ResourcePolicy",
            {"Content": policy.get("Content")},
            name=organization["Id"],
            arn=arn,
            call="organizations.describe_resource_policy",
        )


_DISABLED = ("PolicyTypeNotEnabledException", "UnsupportedAPIEndpointException")


def _below(session: Session, parent: str, path: tuple[str, ...]) -> Iterator[LiveFact]:
    """The way to every account below a root or unit."""
    call = "organizations.list_accounts_for_parent"
    for account in session.pages("organizations", "list_accounts_for_parent", "Accounts", ParentId=parent):
        source = Source(call=call, account=session.account)
        yield OrganizationPath(account=account["Id"], path=(*path, account["Id"]), source=source)
    units = "OrganizationalUnits"
    for unit in session.pages("organizations", "list_organizational_units_for_parent", units, ParentId=parent):
        yield from _below(session, unit["Id"], (*path, unit["Id"]))


def _live_policy(session: Session, summary: Mapping[str, Any]) -> Iterator[LiveFact]:
    answer = session.call("organizations", "describe_policy", PolicyId=summary["Id"])
    if not answer:
        return
    policy = answer["Policy"]
    targets = session.pages("organizations", "list_targets_for_policy", "Targets", PolicyId=summary["Id"])
    properties = {
        "Name": summary.get("Name"),
        "Type": summary.get("Type"),
        "Content": policy.get("Content"),
        "TargetIds": [target["TargetId"] for target in targets],
    }
    name = summary.get("Name") or summary["Id"]
    call = "organizations.describe_policy"
    yield session.resource("AWS::Organizations::Policy", properties, name=name, arn=summary.get("Arn"), call=call)


LIVE = (
    LiveReader(
        read=read_live,
        client="organizations",
        is_global=True,
        operations={
            "organizations.describe_organization": "which organization the account is in",
            "organizations.list_roots": "service and resource control policies",
            "organizations.list_organizational_units_for_parent": "to which accounts a control policy applies",
            "organizations.list_accounts_for_parent": "to which accounts a control policy applies",
            "organizations.list_policies": "service and resource control policies",
            "organizations.describe_policy": "what a control policy says",
            "organizations.list_targets_for_policy": "to which accounts a control policy applies",
            "organizations.describe_resource_policy": "what is delegated to other accounts",
        },
    ),
)
