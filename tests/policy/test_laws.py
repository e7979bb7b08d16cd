"""Laws that hold for every request and every policy."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from permscope.policy.simulate import simulate_case

A, B = "111111111111", "222222222222"
ACTIONS = ["s3:GetObject", "s3:PutObject", "sqs:SendMessage", "kms:Decrypt", "sts:AssumeRole"]
RESOURCES = ["arn:aws:s3:::b/k", f"arn:aws:sqs:eu-west-1:{A}:q", f"arn:aws:kms:eu-west-1:{B}:key/1",
             f"arn:aws:iam::{A}:role/app"]  # fmt: skip
PRINCIPALS: list[Any] = ["*", f"arn:aws:iam::{A}:user/u", f"arn:aws:iam::{A}:role/app", f"arn:aws:iam::{A}:root",
                         f"arn:aws:sts::{A}:assumed-role/app/s", {"service": "s3.amazonaws.com"}]  # fmt: skip

actions = st.lists(st.sampled_from([*ACTIONS, "*", "s3:*", "s3:Get*", "k?s:*"]), min_size=1, max_size=3)
resources = st.lists(st.sampled_from([*RESOURCES, "*", "arn:aws:s3:::*", "arn:aws:*:1*"]), min_size=1, max_size=3)
conditions = st.sampled_from(
    [
        {},
        {"StringEquals": {"aws:PrincipalAccount": A}},
        {"StringNotEquals": {"aws:x": "1"}},
        {"ForAllValues:StringLike": {"aws:x": ["1", "2*"]}},
        {"Bool": {"aws:SecureTransport": "true"}, "Null": {"aws:x": "false"}},
    ]
)
principals = st.sampled_from(["*", {"AWS": A}, {"AWS": f"arn:aws:iam::{A}:role/app"}, {"Service": "s3.amazonaws.com"}])
contexts = st.sampled_from([{}, {"aws:x": ["1"]}, {"aws:x": ["1", "25"], "aws:SecureTransport": ["true"]}])


@st.composite
def statements(draw: st.DrawFn, *, effect: str | None = None, principal: bool = False) -> dict[str, Any]:
    """One statement."""
    found: dict[str, Any] = {"Effect": effect or draw(st.sampled_from(["Allow", "Allow", "Deny"]))}
    found[draw(st.sampled_from(["Action", "Action", "NotAction"]))] = draw(actions)
    found[draw(st.sampled_from(["Resource", "Resource", "NotResource"]))] = draw(resources)
    if principal:
        found["Principal"] = draw(principals)
    if condition := draw(conditions):
        found["Condition"] = condition
    return found


def doc(items: list[dict[str, Any]]) -> dict[str, Any]:
    """A policy document."""
    return {"Version": "2012-10-17", "Statement": items}


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    """A case with every kind of policy."""
    some = st.lists(statements(), min_size=1, max_size=4)
    return {
        "principal": draw(st.sampled_from(PRINCIPALS)),
        "action": draw(st.sampled_from(ACTIONS)),
        "resource": draw(st.sampled_from(RESOURCES)),
        "resourceAccount": draw(st.sampled_from([None, B])),
        "context": draw(contexts),
        "identityPolicies": [doc(each) for each in draw(st.lists(some, max_size=2))],
        "resourcePolicy": doc(draw(st.lists(statements(principal=True), min_size=1, max_size=3))),
        "permissionBoundary": doc(draw(some)) if draw(st.booleans()) else None,
        "sessionPolicies": [doc(each) for each in draw(st.lists(some, max_size=2))],
        "scps": [[doc(each)] for each in draw(st.lists(some, max_size=2))],
    }


def decide(case: dict[str, Any]) -> str:
    """The decision of a case."""
    found: str = simulate_case(case)["decision"]
    return found


RANK = {"explicitDeny": 0, "implicitDeny": 1, "allowed": 2}


@given(cases(), st.integers())
@settings(max_examples=200)
def test_the_order_of_statements_and_policies_does_not_matter(case: dict[str, Any], seed: int) -> None:
    """Shuffling changes no decision."""
    rng = random.Random(seed)  # noqa: S311 (reproducible, nothing secret)
    shuffled = dict(case)
    shuffled["identityPolicies"] = [
        doc(rng.sample(p["Statement"], len(p["Statement"]))) for p in case["identityPolicies"]
    ]
    rng.shuffle(shuffled["identityPolicies"])
    shuffled["resourcePolicy"] = doc(case["resourcePolicy"]["Statement"][::-1])
    assert decide(shuffled) == decide(case)


@given(cases())
@settings(max_examples=200)
def test_splitting_and_merging_policies_does_not_matter(case: dict[str, Any]) -> None:
    """One policy per statement says what one policy with all statements says."""
    every = [statement for policy in case["identityPolicies"] for statement in policy["Statement"]]
    assert decide({**case, "identityPolicies": [doc(every)]}) == decide(case)
    assert decide({**case, "identityPolicies": [doc([each]) for each in every]}) == decide(case)


@given(cases())
@settings(max_examples=200)
def test_the_case_of_actions_and_keys_does_not_matter(case: dict[str, Any]) -> None:
    """Actions and condition keys ignore case."""

    def lower(policy: dict[str, Any]) -> dict[str, Any]:
        return doc([_upper_keys(statement) for statement in policy["Statement"]])

    changed = {**case, "action": case["action"].upper(), "context": {k.upper(): v for k, v in case["context"].items()}}
    changed["identityPolicies"] = [lower(policy) for policy in case["identityPolicies"]]
    assert decide(changed) == decide(case)


def _upper_keys(statement: dict[str, Any]) -> dict[str, Any]:
    changed = dict(statement)
    for key in ("Action", "NotAction"):
        if key in changed:
            changed[key] = [each.swapcase() for each in changed[key]]
    if "Condition" in changed:
        changed["Condition"] = {
            operator: {key.swapcase(): value for key, value in keys.items()}
            for operator, keys in changed["Condition"].items()
        }
    return changed


@given(cases(), statements(effect="Deny"))
@settings(max_examples=200)
def test_a_deny_never_adds_access(case: dict[str, Any], denying: dict[str, Any]) -> None:
    """One more Deny statement leaves a decision as it is, or takes access away."""
    more = {**case, "identityPolicies": [*case["identityPolicies"], doc([denying])]}
    assert RANK[decide(more)] <= RANK[decide(case)]


@given(cases(), st.lists(statements(), min_size=1, max_size=3))
@settings(max_examples=200)
def test_a_boundary_or_control_policy_never_adds_access(case: dict[str, Any], limit: list[dict[str, Any]]) -> None:
    """What limits cannot grant."""
    without = {**case, "permissionBoundary": None}
    assert RANK[decide({**without, "permissionBoundary": doc(limit)})] <= RANK[decide(without)]
    assert RANK[decide({**case, "scps": [*case["scps"], [doc(limit)]]})] <= RANK[decide(case)]


@given(cases(), statements(effect="Allow"))
@settings(max_examples=200)
def test_an_allow_never_takes_access_away(case: dict[str, Any], more: dict[str, Any]) -> None:
    """One more Allow statement leaves a decision as it is, or grants."""
    assert RANK[decide({**case, "identityPolicies": [*case["identityPolicies"], doc([more])]})] >= RANK[decide(case)]


@given(cases())
@settings(max_examples=200)
def test_an_unrelated_statement_changes_nothing(case: dict[str, Any]) -> None:
    """A statement about another service has no say."""
    other = doc([{"Effect": "Deny", "Action": "glacier:*", "Resource": "*"}])
    assert decide({**case, "identityPolicies": [*case["identityPolicies"], other]}) == decide(case)
