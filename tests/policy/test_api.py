"""The public Python API."""

from __future__ import annotations

import json

import pytest

from permscope.errors import PolicyError
from permscope.policy.api import Decision, Policy, effective_access, simulate_request

ROLE = "arn:aws:iam::111111111111:role/app"
READ = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}


def test_a_request_is_decided_with_documents_of_any_form() -> None:
    """Mappings, JSON text and policies read before are all taken."""
    for form in (READ, json.dumps(READ), Policy.from_document(READ)):
        verdict = simulate_request(
            principal=ROLE, action="s3:GetObject", resource="arn:aws:s3:::b/k", identity_policies=[form]
        )
        assert verdict.decision is Decision.ALLOW
        assert verdict.allowed is True


def test_every_kind_of_policy_has_its_argument() -> None:
    """Each can turn the decision."""
    none = {"Version": "2012-10-17", "Statement": []}
    base = {"principal": ROLE, "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k", "identity_policies": [READ]}
    deny = {"Statement": {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}}
    assert simulate_request(**base, permissions_boundary=none).decision is Decision.IMPLICIT_DENY  # type: ignore[arg-type]
    assert simulate_request(**base, session_policies=[none]).decision is Decision.IMPLICIT_DENY  # type: ignore[arg-type]
    assert simulate_request(**base, scps=[[none]]).decision is Decision.IMPLICIT_DENY  # type: ignore[arg-type]
    assert simulate_request(**base, rcps=[[deny]]).decision is Decision.EXPLICIT_DENY  # type: ignore[arg-type]
    assert simulate_request(**base, resource_policy=deny).decision is Decision.EXPLICIT_DENY  # type: ignore[arg-type]
    assert simulate_request(**base, resource_account="2" * 12).decision is Decision.IMPLICIT_DENY  # type: ignore[arg-type]


def test_a_partial_context_leaves_conditions_open() -> None:
    """The verdict says what it depends on."""
    statement = {**READ["Statement"], "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}  # type: ignore[dict-item]
    verdict = simulate_request(
        principal=ROLE,
        action="s3:GetObject",
        resource="arn:aws:s3:::b/k",
        context={"aws:SecureTransport": "true"},
        context_is_complete=False,
        identity_policies=[{"Version": "2012-10-17", "Statement": statement}],
    )
    assert (verdict.allowed, verdict.conditional_on) == (None, ("aws:SourceIp",))


def test_effective_access_is_one_call() -> None:
    """Grants come back as dataclasses."""
    (grant,) = effective_access([READ], principal=ROLE).grants
    assert list(grant.actions) == ["s3:GetObject"]


@pytest.mark.parametrize("document", ["{", {"Statement": {}}, 5])
def test_what_aws_would_refuse_raises(document: object) -> None:
    """A broken document is an error of permscope, not of Python."""
    with pytest.raises(PolicyError):
        Policy.from_document(document)  # type: ignore[arg-type]


def test_one_document_where_a_list_belongs_is_told() -> None:
    """A common slip has a clear message."""
    with pytest.raises(PolicyError, match="`identity_policies` must be a list"):
        simulate_request(principal=ROLE, action="s3:x", resource="*", identity_policies=READ)
