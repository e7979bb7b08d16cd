"""AWS IAM of a live account: one paged call gives every user, group, role and policy.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from permscope.inventory.arn import split_arn
from permscope.inventory.facts import ManagedPolicy
from permscope.inventory.policies import PolicyKind, parse_policy
from permscope.inventory.source import Source
from permscope.services._live import LiveFact, LiveReader, Session

DETAILS = "iam.get_account_authorization_details"
_FILTER = ["User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"]


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every identity of the account, its policies, and the providers that roles can trust."""
    pages = session.pages("iam", "get_account_authorization_details", Filter=_FILTER, MaxItems=1000)
    yield from details(session, pages)
    for provider in session.pages("iam", "list_open_id_connect_providers", "OpenIDConnectProviderList"):
        url = provider["Arn"].partition("oidc-provider/")[2]
        yield session.resource(
            "AWS::IAM::OIDCProvider",
            {"Url": f"https://{url}"},
            name=url,
            arn=provider["Arn"],
            call="iam.list_open_id_connect_providers",
        )
    for provider in session.pages("iam", "list_saml_providers", "SAMLProviderList"):
        name = provider["Arn"].rpartition("/")[2]
        yield session.resource(
            "AWS::IAM::SAMLProvider", {}, name=name, arn=provider["Arn"], call="iam.list_saml_providers"
        )


def details(session: Session, pages: Iterable[Mapping[str, Any]]) -> Iterator[LiveFact]:
    """The facts in the answer of `get_account_authorization_details`, page by page."""
    lists: tuple[tuple[str, Callable[[Session, Mapping[str, Any]], Iterator[LiveFact]]], ...] = (
        ("GroupDetailList", _group),
        ("UserDetailList", _user),
        ("RoleDetailList", _role),
        ("Policies", _policy),
    )
    for page in pages:
        for key, read in lists:
            for item in page.get(key) or ():
                yield from read(session, item)


def _shared(item: Mapping[str, Any], inline: str) -> dict[str, Any]:
    """What users, groups and roles have in common."""
    boundary = item.get("PermissionsBoundary") or {}
    return {
        "Policies": [
            {"PolicyName": policy.get("PolicyName"), "PolicyDocument": policy.get("PolicyDocument")}
            for policy in item.get(inline) or ()
        ],
        "ManagedPolicyArns": [policy["PolicyArn"] for policy in item.get("AttachedManagedPolicies") or ()],
        "PermissionsBoundary": boundary.get("PermissionsBoundaryArn"),
    }


def _role(session: Session, item: Mapping[str, Any]) -> Iterator[LiveFact]:
    properties = {
        **_shared(item, "RolePolicyList"),
        "AssumeRolePolicyDocument": item.get("AssumeRolePolicyDocument"),
        "Path": item.get("Path"),
    }
    times = {"CreateDate": item.get("CreateDate"), "LastUsedDate": (item.get("RoleLastUsed") or {}).get("LastUsedDate")}
    attributes = {"RoleId": item.get("RoleId", ""), **{key: _time(value) for key, value in times.items() if value}}
    name, arn = item["RoleName"], item["Arn"]
    yield session.resource("AWS::IAM::Role", properties, name=name, arn=arn, attributes=attributes, call=DETAILS)
    for profile in item.get("InstanceProfileList") or ():
        yield session.resource(
            "AWS::IAM::InstanceProfile",
            {"Roles": [arn]},
            name=profile["InstanceProfileName"],
            arn=profile.get("Arn"),
            call=DETAILS,
        )


def _time(value: object) -> str:
    """ISO 8601, from the SDK's value or from the text of a saved answer."""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _user(session: Session, item: Mapping[str, Any]) -> Iterator[LiveFact]:
    properties = {**_shared(item, "UserPolicyList"), "Groups": item.get("GroupList") or []}
    attributes = {"UserId": item.get("UserId", "")}
    yield session.resource(
        "AWS::IAM::User", properties, name=item["UserName"], arn=item["Arn"], attributes=attributes, call=DETAILS
    )


def _group(session: Session, item: Mapping[str, Any]) -> Iterator[LiveFact]:
    properties = _shared(item, "GroupPolicyList")
    yield session.resource("AWS::IAM::Group", properties, name=item["GroupName"], arn=item["Arn"], call=DETAILS)


def _policy(session: Session, item: Mapping[str, Any]) -> Iterator[LiveFact]:
    """A customer managed policy; one of AWS only where it is in use and the catalogue has another version."""
    arn = item["Arn"]
    default = item.get("DefaultVersionId")
    versions = item.get("PolicyVersionList") or ()
    document = next((version.get("Document") for version in versions if version.get("IsDefaultVersion")), None)
    if document is None:
        document = next((version.get("Document") for version in versions if version.get("VersionId") == default), None)
    name = item.get("PolicyName") or arn.rpartition("/")[2]
    if document is None:
        yield session.unknown(f"the document of `{name}`", "its default version is not in the answer", "failed")
        return
    parts = split_arn(arn)
    if parts is None or parts.account != "aws":
        properties = {"PolicyDocument": document, "Path": item.get("Path")}
        yield session.resource("AWS::IAM::ManagedPolicy", properties, name=name, arn=arn, ref=arn, call=DETAILS)
    elif item.get("AttachmentCount") or item.get("PermissionsBoundaryUsageCount"):
        yield from _of_aws(session, arn, name, default, document)


def _of_aws(session: Session, arn: str, name: str, version: object, document: object) -> Iterator[LiveFact]:
    from permscope.catalog import managed_policies

    known = managed_policies.document(arn)
    if known is None or known.default_version != version:
        source = Source(call=DETAILS, account=session.account)
        policy = parse_policy(document, name=name, kind=PolicyKind.AWS_MANAGED, arn=arn, source=source)
        yield ManagedPolicy(arn=arn, name=name, policy=policy, source=source)


LIVE = (
    LiveReader(
        read=read_live,
        client="iam",
        is_global=True,
        operations={
            DETAILS: "every role, user, group and policy of the account",
            "iam.list_open_id_connect_providers": "which OIDC providers roles can trust",
            "iam.list_saml_providers": "which SAML providers roles can trust",
        },
    ),
)
