"""Certificate authorities."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import ResourcePolicy

Read = Callable[..., list[Any]]


def test_acm_may_issue_for_one_account(read: Read) -> None:
    """Actions are given without their prefix."""
    (found,) = read(
        """
Resources:
  P:
    Type: AWS::ACMPCA::Permission
    Properties:
      CertificateAuthorityArn: arn:aws:acm-pca:eu-west-1:111122223333:certificate-authority/1
      Principal: acm.amazonaws.com
      SourceAccount: '111122223333'
      Actions: [IssueCertificate, GetCertificate]
""",
        ResourcePolicy,
    )
    (statement,) = found.policy.statements
    assert statement.actions == ("acm-pca:IssueCertificate", "acm-pca:GetCertificate")
    assert statement.conditions[0][:3] == ("StringEquals", "aws:SourceAccount", ("111122223333",))
