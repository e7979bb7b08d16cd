"""Parties the user vouches for."""

from __future__ import annotations

from permscope.graph.trusted import TrustedParties


def test_an_account_is_trusted_when_it_is_named() -> None:
    """By its id, or by an ARN in it."""
    parties = TrustedParties(accounts=frozenset(["111122223333"]))
    assert parties.trusts_account("111122223333")
    assert parties.trusts_arn("arn:aws:iam::111122223333:role/x")
    assert not parties.trusts_account("444455556666")
    assert not parties.trusts_account(None)
    assert not parties.trusts_arn("role/x")
