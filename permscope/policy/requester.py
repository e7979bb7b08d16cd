"""Who makes a request, and whether a policy's `Principal` names them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from enum import StrEnum
from functools import lru_cache

from permscope.errors import PolicyError
from permscope.inventory.arn import ArnParts, split_arn
from permscope.inventory.policies import Principal
from permscope.inventory.tokens import ACCOUNT, URL_SUFFIX, has_unknown
from permscope.lazy import dataclass
from permscope.policy.matching import compare, encode

SERVICE_LINKED = "/aws-service-role/"
_SERVICE_LINKED_NAME = "AWSServiceRoleFor"
_HOSTS = frozenset(["cognito-identity.amazonaws.com", "www.amazon.com", "graph.facebook.com", "accounts.google.com"])
_SERVICE_ENDINGS = (".amazonaws.com", ".amazonaws.com.cn", ".amazon.com", ".amazonaws.eu", URL_SUFFIX)
_ACCOUNT_LENGTH = 12


class RequesterKind(StrEnum):
    """What kind of principal makes a request."""

    ROOT = "root"
    USER = "user"
    ROLE = "role"  # some session of the role, its name not told
    SESSION = "session"
    FEDERATED_USER = "federated-user"
    SERVICE = "service"
    FEDERATED = "federated"  # an identity provider's user on the way to a role
    ANONYMOUS = "anonymous"


class Naming(StrEnum):
    """How a statement names the principal of a request."""

    EVERYONE = "everyone"
    DIRECT = "direct"  # a user, a session, a service, a provider: what makes the request
    ROLE = "role"  # the role of the session that makes it
    ACCOUNT = "account"  # only its account, which so may delegate


@dataclass(frozen=True, slots=True)
class Requester:
    """The principal of a request.

    Attributes:
        arn: as given; a service principal's or provider's name where there is no ARN.
        account: 12-digit id or token; empty for services, providers and anonymous requests.
        name: of the user, role, federated user, service or provider, without path.
        session: session name.
        principal_arn: what `aws:PrincipalArn` says: of a session the ARN of its role.
        is_iam: whether identity policies, boundary and SCPs apply to it.
    """

    kind: RequesterKind
    arn: str
    account: str = ""
    name: str = ""
    session: str = ""
    principal_arn: str = ""
    is_iam: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        strangers = (RequesterKind.SERVICE, RequesterKind.FEDERATED, RequesterKind.ANONYMOUS)
        object.__setattr__(self, "is_iam", self.kind not in strangers)

    @property
    def is_service_linked(self) -> bool:
        """Whether it is a service-linked role, which control policies do not bind."""
        return SERVICE_LINKED in self.principal_arn or (
            self.kind is RequesterKind.SESSION and self.name.startswith(_SERVICE_LINKED_NAME)
        )


@lru_cache(maxsize=1024)
def service(name: str) -> Requester:
    """A service principal such as `s3.amazonaws.com`."""
    return Requester(RequesterKind.SERVICE, name, name=name)


def federated(provider: str) -> Requester:
    """A user of an identity provider: its ARN or host."""
    return Requester(RequesterKind.FEDERATED, provider, name=provider)


ANONYMOUS = Requester(RequesterKind.ANONYMOUS, "*")


@lru_cache(maxsize=16_384)
def parse_requester(text: str) -> Requester:
    """The principal that an ARN, an account id, a service principal, a provider's host or `*` means.

    Raises:
        PolicyError: the text is none of these.
    """
    if text in ("*", "anonymous"):
        return ANONYMOUS
    if is_account(text):
        return Requester(
            RequesterKind.ROOT, f"arn:aws:iam::{text}:root", text, principal_arn=f"arn:aws:iam::{text}:root"
        )
    parts = split_arn(text)
    if parts is None:
        if text in _HOSTS:
            return federated(text)
        if text.endswith(_SERVICE_ENDINGS):
            return service(text)
        raise PolicyError(f"`{text}` is no principal", hint="give an ARN, a service such as s3.amazonaws.com, or `*`")
    found = _IN_SERVICE[parts.service](text, parts) if parts.service in _IN_SERVICE else None
    if found is None:
        raise PolicyError(f"`{text}` is no principal", hint="a user, role, session, account, service or provider is")
    return found


def _in_iam(text: str, parts: ArnParts) -> Requester | None:
    kind, _, rest = parts.resource.partition("/")
    name = rest.rpartition("/")[2]
    match kind:
        case "root" if not rest:
            return Requester(RequesterKind.ROOT, text, parts.account, principal_arn=text)
        case "user" if rest:
            return Requester(RequesterKind.USER, text, parts.account, name, principal_arn=text)
        case "role" if rest:
            return Requester(RequesterKind.ROLE, text, parts.account, name, principal_arn=text)
        case "oidc-provider" | "saml-provider":
            return federated(text)
    return None


def _in_sts(text: str, parts: ArnParts) -> Requester | None:
    kind, _, rest = parts.resource.partition("/")
    if kind == "federated-user" and rest:
        return Requester(RequesterKind.FEDERATED_USER, text, parts.account, rest, principal_arn=text)
    if kind != "assumed-role" or not rest:
        return None
    role, _, session = rest.rpartition("/") if "/" in rest else (rest, "", "")
    name = role.rpartition("/")[2]
    arn = f"arn:{parts.partition}:iam::{parts.account}:role/{role}"
    if not session:
        return Requester(RequesterKind.ROLE, arn, parts.account, name, principal_arn=arn)
    return Requester(RequesterKind.SESSION, text, parts.account, name, session, arn)


_IN_SERVICE: dict[str, Callable[[str, ArnParts], Requester | None]] = {
    "iam": _in_iam,
    "sts": _in_sts,
    "cognito-identity": lambda text, _parts: federated(text),
}


def is_account(text: str) -> bool:
    """Whether text is an account id, or the token of the deployment's own account."""
    return (len(text) == _ACCOUNT_LENGTH and text.isascii() and text.isdigit()) or text == ACCOUNT


def match_principal(principal: Principal, requester: Requester, user_id: str | None) -> Naming | bool | None:
    """How one principal of a statement names the requester: False not at all, None when that is not known.

    Args:
        principal: as the statement has it. A wildcard inside an ARN is not allowed there and matches nobody.
        requester: who asks.
        user_id: `aws:userid` where it is known.
    """
    kind, value = principal
    if kind == "*":
        return Naming.EVERYONE
    if kind == "AWS":
        if value == "*":
            return Naming.EVERYONE
        if requester.is_iam:
            return _match_iam(value, requester, user_id)
        return None if has_unknown(value) and requester.kind is not RequesterKind.SERVICE else False
    if kind == "Service" and requester.kind is RequesterKind.SERVICE:
        return _same_name(value, requester.name)
    if kind == "Federated" and requester.kind is RequesterKind.FEDERATED:
        return _same_name(value, requester.name)
    return False


def _same_name(value: str, name: str) -> Naming | bool | None:
    if value in ("*", name):
        return Naming.DIRECT
    if "${" in value or "${" in name:
        if value.replace(URL_SUFFIX, "amazonaws.com") == name.replace(URL_SUFFIX, "amazonaws.com"):
            return Naming.DIRECT
        same = _compare(value, name)
        return Naming.DIRECT if same else same
    return False


def _compare(value: str, text: str) -> bool | None:
    """Equality of two texts that may hold tokens; `*` and `?` are no wildcards here."""
    if "*" in value or "?" in value:
        return value == text
    if value == text:
        return True
    return compare(encode(value), encode(text)) if "${" in value or "${" in text else False


def _match_iam(value: str, requester: Requester, user_id: str | None) -> Naming | bool | None:
    if value == requester.account or is_account(value):
        return Naming.ACCOUNT if value == requester.account else _compare(value, requester.account) and Naming.ACCOUNT
    parts = split_arn(value)
    if parts is None:
        return _match_unique_id(value, user_id)
    if parts.resource == "root":
        same = _compare(parts.account, requester.account)
        return Naming.ACCOUNT if same else same
    if parts.resource.startswith("role/"):
        if requester.kind not in (RequesterKind.ROLE, RequesterKind.SESSION):
            return False
        same = _compare(value, requester.principal_arn)
        if not same and _is_role_of_session(parts.account, parts.resource, requester):
            same = True
        return Naming.ROLE if same else same
    same = _compare(value, requester.arn)
    if same:
        return Naming.DIRECT
    if same is False and requester.kind is RequesterKind.ROLE and parts.resource.startswith("assumed-role/"):
        role = parts.resource.split("/")[1]
        if role == requester.name and parts.account == requester.account:
            return None
    return same


def _is_role_of_session(account: str, resource: str, requester: Requester) -> bool:
    """Whether a role with a path is the one of a session, whose ARN tells only the name; names are unique."""
    return (
        requester.kind is RequesterKind.SESSION
        and account == requester.account
        and resource.rpartition("/")[2] == requester.name
        and "/" not in requester.principal_arn.rpartition(":role/")[2]
    )


def _match_unique_id(value: str, user_id: str | None) -> Naming | bool | None:
    """An `AROA...` or `AIDA...`: what the ARN of a deleted role or user turns into."""
    if has_unknown(value):
        return None
    if user_id is None:
        return False
    if value == user_id:
        return Naming.DIRECT
    return Naming.ROLE if user_id.startswith(f"{value}:") else False
