"""Who outside the input is trusted: the accounts, organizations and OIDC subjects the user vouches for."""

from __future__ import annotations

from permscope.inventory.arn import split_arn
from permscope.lazy import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedParties:
    """The `trusted:` part of `permscope.yaml`.

    Attributes:
        accounts: 12-digit ids.
        organizations: organization ids (`o-...`).
        oidc_subjects: subject patterns (`repo:my-org/*`), as they stand in `...:sub` conditions of trust policies.
    """

    accounts: frozenset[str] = frozenset()
    organizations: frozenset[str] = frozenset()
    oidc_subjects: tuple[str, ...] = ()

    def trusts_account(self, account: str | None) -> bool:
        """Whether an account is one of the trusted ones."""
        return account is not None and account in self.accounts

    def trusts_arn(self, arn: str) -> bool:
        """Whether an ARN belongs to a trusted account."""
        parts = split_arn(arn)
        return parts is not None and self.trusts_account(parts.account)
