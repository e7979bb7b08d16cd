"""AWS IAM: roles, users, groups, their policies, and identity providers.

Names of roles, users and groups are resolved to ARNs; a path is part of an ARN but never of a name
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from permscope.inventory.facts import (
    AnyFact,
    Group,
    GroupMembership,
    IdentityProvider,
    ManagedPolicy,
    PolicyAttachment,
    Resource,
    Role,
    RoleUse,
    User,
)
from permscope.inventory.located import LocatedStr, as_text, source_of, value_source
from permscope.inventory.policies import Policy, PolicyKind, Principal, Statement
from permscope.inventory.tokens import UNKNOWN_TOKEN
from permscope.services._values import about, branches, root, texts
from permscope.services.interface import Stack, TemplateResource

_KINDS = {"Roles": "role", "Users": "user", "Groups": "group"}
_TYPES = {"role": "AWS::IAM::Role", "user": "AWS::IAM::User", "group": "AWS::IAM::Group"}


def principal_arn(stack: Stack, value: object, kind: str = "role") -> str | None:
    """The ARN of a role, user or group given by name or ARN; one of this template keeps its path."""
    text = as_text(value)
    if not text:
        return None
    known = stack.find(text, _TYPES[kind])
    if known is not None and known.arn:
        return LocatedStr(known.arn, source_of(value))
    if text.startswith("arn:") or (UNKNOWN_TOKEN.fullmatch(text) and "arn" in text.lower()):
        return text
    return LocatedStr(stack.arn("iam", f"{kind}/{text}", region=""), source_of(value))


def role_arn(stack: Stack, value: object) -> str | None:
    """The ARN of the role that a property which asks for an ARN holds; a value nobody gave stays as it is."""
    text = as_text(value)
    return text if text and UNKNOWN_TOKEN.fullmatch(text) else principal_arn(stack, value)


class _Attached(NamedTuple):
    """What a role, user or group names itself."""

    inline: tuple[Policy, ...]
    managed: tuple[str, ...]
    conditional: tuple[PolicyAttachment, ...]


def _attached(resource: TemplateResource) -> _Attached:
    inline: list[Policy] = []
    managed: list[str] = []
    conditional: list[PolicyAttachment] = []
    for number, (item, only_if) in enumerate(branches(resource.properties.get("Policies"))):
        if not isinstance(item, Mapping):
            resource.unknowns.append(resource.unknown(f"`Policies[{number}]`", "it is not a mapping", "shape", item))
            continue
        name = as_text(item.get("PolicyName")) or f"{resource.logical_id}/Policies[{number}]"
        policy = _policy(resource, item, name, PolicyKind.INLINE)
        if only_if is None:
            inline.append(policy)
        else:
            shared = about(resource, source_of(item), only_if)
            conditional.append(PolicyAttachment(principal_arn=resource.id, policy=policy, **shared))
    place = resource.place("ManagedPolicyArns")
    for item, _ in branches(resource.properties.get("ManagedPolicyArns")):
        if as_text(item) is None:
            resource.unknowns.append(resource.unknown("`ManagedPolicyArns`", "an element is not text", "shape", item))
    for text in texts(resource.properties.get("ManagedPolicyArns"), place):
        arn = LocatedStr(text.text, text.source)
        if text.only_if is None:
            managed.append(arn)
        else:
            shared = about(resource, text.source, text.only_if)
            conditional.append(PolicyAttachment(principal_arn=resource.id, policy_arn=arn, **shared))
    return _Attached(tuple(inline), tuple(managed), tuple(conditional))


def _policy(resource: TemplateResource, item: Mapping[str, Any], name: str, kind: PolicyKind) -> Policy:
    return resource.policy(item.get("PolicyDocument"), kind, name=name)


def _tags(resource: TemplateResource) -> dict[str, str]:
    found = {}
    for tag in root(resource).items("Tags"):
        key, value = as_text(tag.value.get("Key")), as_text(tag.value.get("Value"))
        if key and value is not None:
            found[key] = value
    return found


def read_role(resource: TemplateResource) -> Iterable[AnyFact]:
    """A role with its trust policy and everything it attaches to itself."""
    attached = _attached(resource)
    document = resource.get("AssumeRolePolicyDocument")
    trust = resource.policy(document, PolicyKind.TRUST, name=f"{resource.logical_id}/AssumeRolePolicyDocument")
    yield Role(
        arn=resource.id,
        name=resource.name,
        trust=trust,
        inline_policies=attached.inline,
        managed_policy_arns=attached.managed,
        boundary_arn=resource.text("PermissionsBoundary"),
        unique_id=resource.attributes.get("RoleId"),
        created=resource.attributes.get("CreateDate"),
        last_used=resource.attributes.get("LastUsedDate"),
        tags=_tags(resource),
        **resource.facts_about(),
    )
    yield from attached.conditional


def read_user(resource: TemplateResource) -> Iterable[AnyFact]:
    """A user; its login profile is never looked at."""
    attached = _attached(resource)
    groups = [principal_arn(resource.stack, name, "group") for name in resource.texts("Groups")]
    yield User(
        arn=resource.id,
        name=resource.name,
        inline_policies=attached.inline,
        managed_policy_arns=attached.managed,
        boundary_arn=resource.text("PermissionsBoundary"),
        group_arns=tuple(arn for arn in groups if arn),
        unique_id=resource.attributes.get("UserId"),
        tags=_tags(resource),
        **resource.facts_about(),
    )
    yield from attached.conditional


def read_group(resource: TemplateResource) -> Iterable[AnyFact]:
    """A group."""
    attached = _attached(resource)
    yield Group(
        arn=resource.id,
        name=resource.name,
        inline_policies=attached.inline,
        managed_policy_arns=attached.managed,
        **resource.facts_about(),
    )
    yield from attached.conditional


def _holders(resource: TemplateResource) -> Iterator[tuple[str, dict[str, Any]]]:
    """The ARN of everything a policy says it is attached to, with what its fact shares."""
    for key, kind in _KINDS.items():
        for text in texts(resource.properties.get(key), resource.place(key)):
            arn = principal_arn(resource.stack, LocatedStr(text.text, text.source), kind)
            if arn:
                yield arn, about(resource, resource.source, text.only_if)


def read_inline_policy(resource: TemplateResource) -> Iterable[AnyFact]:
    """`AWS::IAM::Policy`: one inline policy put into several roles, users and groups."""
    name = resource.text("PolicyName") or resource.logical_id
    policy = _policy(resource, resource.properties, name, PolicyKind.INLINE)
    attached = False
    for arn, shared in _holders(resource):
        attached = True
        yield PolicyAttachment(principal_arn=arn, policy=policy, **shared)
    if not attached:
        # What it says is judged all the same, as that of a managed policy on the shelf is.
        yield PolicyAttachment(principal_arn="", policy=policy, **resource.facts_about())
        yield resource.unknown("the inline policy", "it names no role, user or group", "target")


def _read_own_policy(resource: TemplateResource, kind: str) -> Iterable[AnyFact]:
    """`AWS::IAM::RolePolicy` and its siblings: one inline policy of one principal."""
    name = resource.text("PolicyName") or resource.logical_id
    policy = _policy(resource, resource.properties, name, PolicyKind.INLINE)
    for variant in resource.variants(f"{kind.capitalize()}Name"):
        arn = principal_arn(resource.stack, variant.text(f"{kind.capitalize()}Name"), kind)
        if arn is None:
            yield variant.unknown("the inline policy", f"its `{kind.capitalize()}Name` is not known", "target")
        if resource.get("PolicyDocument") is not None:
            yield PolicyAttachment(principal_arn=arn or "", policy=policy, **variant.facts_about())


def read_role_policy(resource: TemplateResource) -> Iterable[AnyFact]:
    """One inline policy of a role."""
    return _read_own_policy(resource, "role")


def read_user_policy(resource: TemplateResource) -> Iterable[AnyFact]:
    """One inline policy of a user."""
    return _read_own_policy(resource, "user")


def read_group_policy(resource: TemplateResource) -> Iterable[AnyFact]:
    """One inline policy of a group."""
    return _read_own_policy(resource, "group")


def read_managed_policy(resource: TemplateResource) -> Iterable[AnyFact]:
    """A customer managed policy, and the principals it attaches itself to."""
    arn = resource.id
    policy = resource.policy(resource.get("PolicyDocument"), PolicyKind.MANAGED, name=resource.name, arn=arn)
    yield ManagedPolicy(arn=arn, name=resource.name, policy=policy, **resource.facts_about())
    for holder, shared in _holders(resource):
        yield PolicyAttachment(principal_arn=holder, policy_arn=arn, **shared)


def read_membership(resource: TemplateResource) -> Iterable[AnyFact]:
    """Users put into a group."""
    group = principal_arn(resource.stack, resource.text("GroupName"), "group")
    for text in texts(resource.properties.get("Users"), resource.place("Users")):
        user = principal_arn(resource.stack, LocatedStr(text.text, text.source), "user")
        if group and user:
            yield GroupMembership(group_arn=group, user_arn=user, **about(resource, text.source, text.only_if))


def read_instance_profile(resource: TemplateResource) -> Iterable[AnyFact]:
    """An instance profile: EC2 instances act with its role."""
    yield resource.resource()
    for text in texts(resource.properties.get("Roles"), resource.place("Roles")):
        arn = principal_arn(resource.stack, LocatedStr(text.text, text.source))
        if arn:
            shared = about(resource, text.source, text.only_if)
            yield RoleUse(user_id=resource.id, role_arn=arn, service="ec2.amazonaws.com", exact=False, **shared)


def read_service_linked_role(resource: TemplateResource) -> Iterable[AnyFact]:
    """A role that only its service may assume, with a policy only the service may change."""
    service = resource.text("AWSServiceName") or ""
    place = resource.place("AWSServiceName")
    statement = Statement(
        effect="Allow",
        actions=("sts:AssumeRole",),
        principals=(Principal("Service", LocatedStr(service, place)),),
        source=place,
    )
    yield Role(
        arn=resource.id,
        name=resource.name,
        trust=Policy(
            name=f"{resource.logical_id}/AWSServiceName",
            kind=PolicyKind.TRUST,
            statements=(statement,),
            version="2012-10-17",
            logical_id=resource.origin,
            source=place,
        ),
        **resource.facts_about(),
    )


def read_oidc_provider(resource: TemplateResource) -> Iterable[AnyFact]:
    """An OpenID Connect provider; its URL without `https://` is what condition keys are named after."""
    url = (resource.text("Url") or "").removeprefix("https://").rstrip("/")
    arn = resource.arn or resource.stack.arn("iam", f"oidc-provider/{url}", region="")
    yield IdentityProvider(arn=arn, kind="oidc", name=url or resource.name, **resource.facts_about())


def read_saml_provider(resource: TemplateResource) -> Iterable[AnyFact]:
    """A SAML provider."""
    arn = resource.arn or resource.stack.arn("iam", f"saml-provider/{resource.name}", region="")
    yield IdentityProvider(arn=arn, kind="saml", name=resource.name, **resource.facts_about())


def read_access_key(resource: TemplateResource) -> Iterable[AnyFact]:
    """A long-lived access key of a user; the key itself is never read."""
    user = principal_arn(resource.stack, resource.text("UserName"), "user")
    shared = resource.facts_about(value_source(resource.properties, "UserName", resource.source))
    attributes = {"user_arn": user} if user else {}
    yield Resource(id=resource.id, type=resource.type, name=resource.name, attributes=attributes, **shared)


TEMPLATE = {
    "AWS::IAM::Role": read_role,
    "AWS::IAM::User": read_user,
    "AWS::IAM::Group": read_group,
    "AWS::IAM::Policy": read_inline_policy,
    "AWS::IAM::RolePolicy": read_role_policy,
    "AWS::IAM::UserPolicy": read_user_policy,
    "AWS::IAM::GroupPolicy": read_group_policy,
    "AWS::IAM::ManagedPolicy": read_managed_policy,
    "AWS::IAM::UserToGroupAddition": read_membership,
    "AWS::IAM::InstanceProfile": read_instance_profile,
    "AWS::IAM::ServiceLinkedRole": read_service_linked_role,
    "AWS::IAM::OIDCProvider": read_oidc_provider,
    "AWS::IAM::SAMLProvider": read_saml_provider,
    "AWS::IAM::AccessKey": read_access_key,
}
SERVICE_PRINCIPALS = ("iam.amazonaws.com",)
