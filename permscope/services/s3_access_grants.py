"""S3 Access Grants: access to objects that no policy states, handed out as credentials of a location's role.

Whom a grant names asks for credentials (`s3:GetDataAccess`) and acts with them on what is granted, as far as the
location's role may. Requests made with them say so in `s3:AccessGrantsInstanceArn`; a grant is read as what a bucket's
policy would say on that condition, so it makes an edge that is never without one.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-grants.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from permscope.inventory.facts import AnyFact, RoleUse
from permscope.lazy import regex
from permscope.services._answers import NOT_HERE, protecting
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._values import about, located, root
from permscope.services._wiring import protection
from permscope.services.iam import role_arn
from permscope.services.interface import TemplateResource

SERVICE = "access-grants.s3.amazonaws.com"
SERVICE_PRINCIPALS = (SERVICE,)
# What credentials of a grant may do at most:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-grants-location-register.html
_READ = (
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:GetObjectAcl",
    "s3:GetObjectVersionAcl",
    "s3:ListMultipartUploadParts",
)
_WRITE = (
    "s3:PutObject",
    "s3:PutObjectAcl",
    "s3:PutObjectVersionAcl",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:AbortMultipartUpload",
)
_LIST = ("s3:ListBucket",)
_ACTIONS = {"READ": _READ, "WRITE": _WRITE, "READWRITE": (*_READ, *_WRITE)}
_SEGMENT = regex(r"(?:\$\{[^}]*\}|[^/])*")
_SCHEME = "s3://"


def read_location(resource: TemplateResource) -> Iterable[AnyFact]:
    """A location, which hands out credentials of its role."""
    yield resource.resource(location_scope=resource.text("LocationScope"))
    for found in root(resource).texts("IamRoleArn"):
        role = role_arn(resource.stack, located(found))
        if role:
            shared = about(resource, found.source, found.only_if)
            yield RoleUse(user_id=resource.id, role_arn=role, service=SERVICE, exact=False, **shared)


def read_grant(resource: TemplateResource) -> Iterable[AnyFact]:
    """A grant: a role, user or account that may read or write below a prefix."""
    yield resource.resource(permission=resource.text("Permission"))
    grantee, kind = resource.text("Grantee", "GranteeIdentifier"), resource.text("Grantee", "GranteeType")
    scope, actions = _scope(resource), _ACTIONS.get(resource.text("Permission") or "")
    if grantee is None and kind is None:
        return
    if kind != "IAM" or grantee is None:
        yield resource.unknown("the grantee", "who in the directory it is, is not known", "access-grant")
    elif scope is None or actions is None:
        yield resource.unknown("the grant", "what it is about is not known", "access-grant")
    else:
        yield from _statements(resource, grantee, scope, actions)


def _statements(resource: TemplateResource, grantee: str, scope: str, actions: tuple[str, ...]) -> Iterator[AnyFact]:
    found = _SEGMENT.match(scope)
    bucket = found[0] if found else scope
    prefix = scope[len(bucket) + 1 :] or "*"
    arn = resource.stack.arn("s3", bucket, region="", account="")
    instance = resource.stack.arn("s3", "access-grants/default")
    shared = {
        "Effect": "Allow",
        "Principal": {"AWS": grantee},
        "Condition": {"ArnEquals": {"s3:AccessGrantsInstanceArn": instance}},
    }
    statements = [{**shared, "Action": list(actions), "Resource": f"{arn}/{prefix}"}]
    if "s3:GetObject" in actions:
        statements.append({**shared, "Action": list(_LIST), "Resource": arn})
    yield from protection(resource, arn, {"Version": "2012-10-17", "Statement": statements}, "Permission")


def _scope(resource: TemplateResource) -> str | None:
    """What a grant is about, as `bucket/prefix*`: what the service says, or its location with what is added to that."""
    told = resource.text("GrantScope")
    if told is None:
        named = resource.text("AccessGrantsLocationId")
        location = resource.stack.find(named, "AWS::S3::AccessGrantsLocation")
        base = location.text("LocationScope") if location is not None else _SCHEME if named == "default" else None
        if base is None:
            return None
        added = resource.text("AccessGrantsLocationConfiguration", "S3SubPrefix") or ""
        start = base.removesuffix("*")
        told = base if not added else f"{start}{added}" if start.endswith("/") else f"{start}/{added}"
    scope = told.removeprefix(_SCHEME)
    return scope if told.startswith(_SCHEME) and scope else None


TEMPLATE = {"AWS::S3::AccessGrantsLocation": read_location, "AWS::S3::AccessGrant": read_grant}

_NO_INSTANCE = ("AccessGrantsInstanceNotExistsError", "NoSuchAccessGrantsInstance")
_NO_POLICY = ("AccessGrantsInstanceResourcePolicyNotExists", "NoSuchAccessGrantsInstanceResourcePolicy")


def read_live(session: Session) -> Iterator[LiveFact]:
    """The Access Grants instance of a Region, its policy, and the roles whose credentials it hands out.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-grants-instance.html
    """
    account: dict[str, Any] = {"AccountId": session.account}
    none = (*NOT_HERE, *_NO_INSTANCE)
    answer = session.call("s3control", "get_access_grants_instance", none=none, **account)
    arn = (answer or {}).get("AccessGrantsInstanceArn")
    if not arn:
        return
    call = "s3control.get_access_grants_instance"
    yield session.resource("AWS::S3::AccessGrantsInstance", {}, name="default", arn=arn, call=call)
    operation = "get_access_grants_instance_resource_policy"
    policy = session.call("s3control", operation, none=(*none, *_NO_POLICY), **account)
    yield from protecting(session, arn, (policy or {}).get("Policy"), name=arn, call=f"s3control.{operation}")
    operation = "list_access_grants_locations"
    for item in session.pages("s3control", operation, "AccessGrantsLocationsList", none=none, **account):
        yield session.resource(
            "AWS::S3::AccessGrantsLocation",
            {"LocationScope": item.get("LocationScope"), "IamRoleArn": item.get("IAMRoleArn")},
            name=item["AccessGrantsLocationId"],
            arn=item.get("AccessGrantsLocationArn"),
            call=f"s3control.{operation}",
        )
    operation = "list_access_grants"
    for item in session.pages("s3control", operation, "AccessGrantsList", none=none, **account):
        yield session.resource(
            "AWS::S3::AccessGrant",
            {
                "Grantee": item.get("Grantee"),
                "Permission": item.get("Permission"),
                "GrantScope": item.get("GrantScope"),
            },
            name=item["AccessGrantId"],
            arn=item.get("AccessGrantArn"),
            call=f"s3control.{operation}",
        )


LIVE = (
    LiveReader(
        read=read_live,
        client="s3control",
        operations={
            "s3control.get_access_grants_instance": "whether access to objects is granted beside policies",
            "s3control.get_access_grants_instance_resource_policy": "which accounts use access grants",
            "s3control.list_access_grants_locations": "which roles access grants hand out",
            "s3control.list_access_grants": "who is granted access to objects beside policies",
        },
    ),
)
