"""Which accounts are read: profiles, assumed roles, a whole organization.

A role is assumed again before its session ends, so a long collection does not stop after an hour
(https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import field
from functools import cache
from typing import TYPE_CHECKING, Any

from permscope.collect.live.account import Limits, LiveAccount, make_client
from permscope.collect.live.faults import Fault, fault_of
from permscope.collect.live.regions import HOMES
from permscope.errors import CollectError
from permscope.inventory.arn import split_arn
from permscope.inventory.facts import Unknown
from permscope.inventory.source import Source
from permscope.lazy import dataclass

if TYPE_CHECKING:
    import boto3
    from botocore.loaders import Loader

DEFAULT_ROLE = "OrganizationAccountAccessRole"
"""What Organizations makes in the accounts it creates."""
OPERATIONS = {
    "organizations.list_accounts": "which accounts the organization has",
    "sts.assume_role": "everything in the account",
}
_HIDES = "everything in the account"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which accounts the user wants.

    Attributes:
        profiles: of the AWS configuration; none means the default credentials.
        accounts: 12-digit ids to assume `role_name` in.
        role_name: name of a role, with its path, that each account has.
        organization: whether to read every active account of the organization.
        external_id: for the role's trust policy.
    """

    profiles: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    role_name: str | None = None
    organization: bool = False
    external_id: str | None = None


@dataclass(slots=True)
class Accounts:
    """What the choice came to.

    Attributes:
        found: accounts that answer, each once.
        unknowns: accounts that do not.
    """

    found: list[LiveAccount] = field(default_factory=list)
    unknowns: list[Unknown] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def fail(self, what: str, fault: Fault, call: str) -> None:
        """Keep an account that cannot be read."""
        why = f"{fault}; not known: {_HIDES}"
        self.unknowns.append(Unknown(what=what, why=why, kind=fault.kind, source=Source(call=call)))
        self.faults.append(fault)


def find_accounts(choice: Choice, limits: Limits) -> Accounts:
    """The accounts to read, each with credentials that work.

    Raises:
        CollectError: when there are no credentials at all to begin with.
    """
    from botocore.exceptions import ProfileNotFound

    accounts = Accounts()
    stopped = threading.Event()
    for profile in choice.profiles or (None,):
        try:
            base = _reached(_boto(profile), limits, profile or "", stopped)
        except ProfileNotFound as error:
            raise CollectError(f"there is no profile `{profile}`", hint="see `aws configure list-profiles`") from error
        except Exception as error:  # noqa: BLE001 - one profile that does not work must not lose the others
            accounts.fail(f"profile `{profile or 'default'}`", fault_of(error), "sts.get_caller_identity")
            continue
        for account in _behind(base, choice, limits, accounts):
            if all(account.id != known.id for known in accounts.found):
                accounts.found.append(account)
    if not accounts.found:
        why = accounts.unknowns[0].why.partition(";")[0] if accounts.unknowns else "none was chosen"
        raise CollectError(f"no account can be read: {why}", hint="check the credentials and the role's trust policy")
    return accounts


def _behind(base: LiveAccount, choice: Choice, limits: Limits, accounts: Accounts) -> Iterator[LiveAccount]:
    """The account of a profile, or those its role can be assumed in."""
    if not choice.organization and not choice.accounts:
        yield base
        return
    wanted = dict.fromkeys(choice.accounts)
    if choice.organization:
        try:
            wanted.update(dict.fromkeys(_members(base)))
        except Exception as error:  # noqa: BLE001 - without the list, the account itself is still read
            accounts.fail("accounts of the organization", fault_of(error), "organizations.list_accounts")
            yield base
    for account_id in wanted:
        if account_id == base.id and choice.organization:
            yield base
            continue
        try:
            yield _assumed(base, account_id, choice, limits)
        except Exception as error:  # noqa: BLE001 - one account must not lose the others
            accounts.fail(f"account `{account_id}`", fault_of(error), "sts.assume_role")


def _members(base: LiveAccount) -> Iterator[str]:
    pages = base.client("organizations", base.home).get_paginator("list_accounts").paginate()
    return (account["Id"] for page in pages for account in page["Accounts"] if account["Status"] == "ACTIVE")


def _boto(profile: str | None) -> boto3.Session:
    import boto3
    from botocore.session import Session

    inner = Session(profile=profile)
    inner.register_component("data_loader", _loader())
    return boto3.Session(botocore_session=inner)


@cache
def _loader() -> Loader:
    """The service descriptions, read once for all accounts: they take longer to read than many an account."""
    from botocore.loaders import create_loader

    return create_loader()


def _reached(boto: boto3.Session, limits: Limits, label: str, stopped: threading.Event) -> LiveAccount:
    """The account behind a session's credentials."""
    home = boto.region_name or "us-east-1"
    identity = make_client(boto, "sts", home, limits).get_caller_identity()
    parts = split_arn(identity["Arn"])
    partition = parts.partition if parts else "aws"
    return LiveAccount(
        id=identity["Account"],
        partition=partition,
        boto=boto,
        home=HOMES.get(partition, home),
        label=label,
        limits=limits,
        stopped=stopped,
    )


def _assumed(base: LiveAccount, account_id: str, choice: Choice, limits: Limits) -> LiveAccount:
    """Another account through its role."""
    import boto3
    from botocore.credentials import DeferredRefreshableCredentials
    from botocore.session import get_session

    role = f"arn:{base.partition}:iam::{account_id}:role/{choice.role_name or DEFAULT_ROLE}"

    def fresh() -> dict[str, Any]:
        more = {"ExternalId": choice.external_id} if choice.external_id else {}
        answer = base.client("sts", base.home).assume_role(RoleArn=role, RoleSessionName="permscope", **more)
        credentials = answer["Credentials"]
        return {
            "access_key": credentials["AccessKeyId"],
            "secret_key": credentials["SecretAccessKey"],
            "token": credentials["SessionToken"],
            "expiry_time": credentials["Expiration"].isoformat(),
        }

    inner = get_session()
    inner.register_component("data_loader", _loader())
    inner._credentials = DeferredRefreshableCredentials(fresh, "assume-role")  # type: ignore[attr-defined]  # noqa: SLF001
    boto = boto3.Session(botocore_session=inner, region_name=base.home)
    return _reached(boto, limits, role, base.stopped)
