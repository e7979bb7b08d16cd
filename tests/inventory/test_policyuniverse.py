"""An independent reader of policies, policyuniverse, names the same principals and the same limiting conditions.

Only what it is good at is compared: whom a statement names, which condition values limit it, the account in an ARN.
Verdicts are not: it ORs the keys of a `Condition`, for one.
"""

from __future__ import annotations

import warnings
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from permscope.inventory.arn import account_of
from permscope.inventory.policies import PolicyKind, parse_policy

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    universe = pytest.importorskip("policyuniverse.statement", reason="policyuniverse is not installed")
    from policyuniverse.arn import ARN

ACCOUNTS = st.sampled_from(["111122223333", "012345670123", "999999999999"])
AWS = st.one_of(
    st.just("*"),
    ACCOUNTS,
    ACCOUNTS.map(lambda account: f"arn:aws:iam::{account}:root"),
    ACCOUNTS.map(lambda account: f"arn:aws:iam::{account}:role/team/app"),
    ACCOUNTS.map(lambda account: f"arn:aws:sts::{account}:assumed-role/app/session"),
)
SERVICES = st.sampled_from(["lambda.amazonaws.com", "s3.amazonaws.com", "events.amazonaws.com"])
FEDERATED = st.sampled_from(["cognito-identity.amazonaws.com", "arn:aws:iam::111122223333:oidc-provider/token.actions"])


def one_or_more(values: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """One text, or a list of texts."""
    return values | st.lists(values, min_size=1, max_size=3, unique=True)


PRINCIPALS = st.just("*") | st.fixed_dictionaries(
    {}, optional={"AWS": one_or_more(AWS), "Service": one_or_more(SERVICES), "Federated": one_or_more(FEDERATED)}
).filter(bool)
LIMITS = {
    "aws:SourceArn": "ArnLike",
    "AWS:SourceAccount": "StringEquals",
    "aws:PrincipalOrgID": "StringEquals",
    "aws:sourceip": "IpAddress",
    "aws:SourceVpce": "StringEquals",
    "kms:CallerAccount": "StringEqualsIgnoreCase",
}
CONDITIONS = st.dictionaries(
    st.sampled_from(sorted(LIMITS)), one_or_more(st.sampled_from(["111122223333", "o-abc", "10.0.0.0/8", "x"]))
).map(
    lambda found: {
        operator: {key: value for key, value in found.items() if LIMITS[key] == operator}
        for operator in set(LIMITS.values())
    }
)


@given(PRINCIPALS, CONDITIONS)
def test_whom_a_statement_names_and_what_limits_it(principal: Any, condition: dict[str, Any]) -> None:
    """Both readers see the same principals and the same values of the keys that limit callers."""
    raw = {"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": "*", "Condition": condition}
    policy = parse_policy({"Statement": raw}, name="p", kind=PolicyKind.RESOURCE)
    (ours,) = policy.statements
    theirs = universe.Statement(raw)
    assert {each.value for each in ours.principals or ()} == set(theirs.principals)
    assert {value for entry in ours.conditions for value in entry.values} == {
        entry.value for entry in theirs.condition_entries
    }


@given(AWS.filter(lambda text: text.startswith("arn:")))
def test_the_account_in_an_arn(arn: str) -> None:
    """Leading zeros included."""
    assert account_of(arn) == ARN(arn).account_number
