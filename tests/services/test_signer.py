"""Signing profiles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import ResourcePolicy

Read = Callable[..., list[Any]]
HERE = "${AWS::Region}:${AWS::AccountId}"
ARN = "arn:${AWS::Partition}"


def test_another_account_may_sign(read: Read) -> None:
    """An account id becomes the account's root."""
    (found,) = read(
        """
Resources:
  P:
    Type: AWS::Signer::ProfilePermission
    Properties: {ProfileName: p, Principal: '111122223333', Action: 'signer:StartSigningJob', StatementId: s}
""",
        ResourcePolicy,
    )
    assert found.resource_arn == f"{ARN}:signer:{HERE}:/signing-profiles/p"
    assert found.policy.statements[0].principals == (("AWS", f"{ARN}:iam::111122223333:root"),)
