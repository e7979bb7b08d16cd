"""How resources are set: guests, keys, access blocks and lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from permscope.audit.findings import Hit
from permscope.audit.predicates import Taken, finder, predicate
from permscope.audit.subjects import Subject
from permscope.audit.world import PolicyView
from permscope.catalog.actions import load
from permscope.graph.bucket_acls import public_acl
from permscope.inventory.facts import Auth, Resource, ResourcePolicy
from permscope.inventory.located import source_of
from permscope.inventory.policies import PolicyKind


def _attribute(subject: Subject, name: str) -> Any:
    return subject.fact.attributes.get(name) if isinstance(subject.fact, Resource) else None


@predicate("resource")
def lets_guests_in(subject: Subject) -> bool:
    """A Cognito identity pool that gives credentials to anybody."""
    return _attribute(subject, "allow_unauthenticated_identities") is True


# What guests of a web page are meant to send: measurements and their own synchronized data.
_OF_GUESTS = frozenset({"cognito-sync", "cognito-identity", "mobileanalytics", "mobiletargeting", "rum", "evidently"})


@predicate("resource")
def guests_may_write(subject: Subject) -> bool:
    """The role that guests of an identity pool get changes something besides measurements."""
    world = subject.world
    for arn in _attribute(subject, "unauthenticated_role_arns") or ():
        view = world.by_arn.get(arn)
        for grant in view.access.grants if view else ():
            levels = grant.actions.levels()
            if "Write" in levels or "Permissions management" in levels:
                catalog = load()
                writes = grant.actions & (catalog.level_set("Write") | catalog.level_set("Permissions management"))
                if any(service not in _OF_GUESTS for service in writes.services()):
                    return True
    return False


@finder("resource", values=("asks",))
def opened_by_an_api_key(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """An AppSync API whose callers, or those of some fields, prove themselves by an API key and nothing else.

    Where other ways are allowed too, the directives of the schema tell which fields a key opens.
    """
    modes = _attribute(subject, "auth_modes")
    if not isinstance(modes, tuple) or Auth.API_KEY.value not in modes:
        return
    if set(modes) == {Auth.API_KEY.value}:
        yield Hit(values={"asks": f"`{subject.it.label}` asks for"})
        return
    fields = [
        route.path
        for route in subject.world.routes.values()
        if route.auth is Auth.API_KEY and route.api_id == subject.it.id
    ]
    if fields:
        shown = ", ".join(f"`{field}`" for field in fields[:_FIELDS])
        more = f" and {len(fields) - _FIELDS} more fields" if len(fields) > _FIELDS else ""
        yield Hit(values={"asks": f"{shown}{more} of `{subject.it.label}` ask for"})


_FIELDS = 3


@predicate("resource")
def turns_public_access_block_off(subject: Subject) -> bool:
    """A bucket whose public access block leaves something open."""
    return _attribute(subject, "public_access_block") is False


_OPENED = {
    "PublicReadWrite": ("anyone on the internet may list and write to", "critical"),
    "PublicRead": ("anyone on the internet may list", None),
    "AuthenticatedRead": ("anyone with an AWS account may list", None),
}


@finder("resource", values=("who", "acl"))
def open_acls(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """A bucket whose canned ACL lets everybody in; one that S3 would not take, were the bucket new, a step lower."""
    found = public_acl(subject.fact) if isinstance(subject.fact, Resource) else None
    if found is None:
        return
    acl, sure = found
    who, severity = _OPENED[acl]
    hit = Hit(element=acl, source=source_of(acl), values={"who": who, "acl": acl}, severity=severity)
    if not sure:
        hit.unreachable = "S3 refuses the ACL on buckets made since April 2023, and takes it on older ones"
        hit.severity, hit.confidence = "high", "medium"
    yield hit


@predicate("statement")
def resource_is_in_a_vpc(subject: Subject) -> bool:
    """The resource of a resource policy can be reached from inside a VPC only."""
    fact = subject.world.resource(subject.holder.id) if subject.holder else None
    lattice = isinstance(subject.fact, ResourcePolicy) and ":vpc-lattice:" in subject.fact.resource_arn
    return lattice or (fact is not None and fact.attributes.get("in_vpc") is True)


@predicate("statement")
def only_filters_traffic(subject: Subject) -> bool:
    """The policy of a VPC endpoint, which lets nobody in and only cuts down what goes through.

    https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
    """
    arn = subject.fact.resource_arn if isinstance(subject.fact, ResourcePolicy) else ""
    return arn.startswith("AWS::EC2::VPCEndpoint/") or ":vpc-endpoint/" in arn


@predicate("policy")
def nobody_may_change_the_key_policy(subject: Subject) -> bool:
    """No principal of the account keeps `kms:PutKeyPolicy`: AWS refuses such a key policy, or the key is lost."""
    view: PolicyView = subject.it
    world = subject.world
    if view.policy.kind is not PolicyKind.RESOURCE or not view.policy.statements:
        return False
    for statement in view.policy.statements:
        if statement.effect != "Allow" or statement.not_principals is not None:
            continue
        if "kms:PutKeyPolicy" not in world.actions_of(statement):
            continue
        if any(world.who(principal).kind in ("own", "unknown", "public") for principal in statement.principals or ()):
            return False
    return True


@finder("resource", values=("variable",))
def plain_stage_credentials(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each variable of an API stage whose value is a credential in plain text."""
    fact = subject.fact
    if not isinstance(fact, Resource) or not fact.type.endswith("::Stage"):
        return
    names = fact.attributes.get("credentials")
    for name in names if isinstance(names, tuple) else ():
        yield Hit(element=name, source=source_of(name), values={"variable": name})
