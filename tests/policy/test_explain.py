"""Why a request is decided as it is."""

from __future__ import annotations

from typing import Any

import pytest

from permscope.policy.simulate import simulate_case

A, B = "111111111111", "222222222222"
ROLE = f"arn:aws:iam::{A}:role/app"
SESSION = f"arn:aws:sts::{A}:assumed-role/app/s"
KEY = f"arn:aws:kms:eu-west-1:{A}:key/1"


def doc(*statements: dict[str, Any]) -> dict[str, Any]:
    """A policy document."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: str = "*", resource: str = "*", **more: Any) -> dict[str, Any]:
    """An Allow statement."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


FULL = doc(allow())
NOTHING = doc(allow("sqs:*"))


def ask(principal: Any = ROLE, **fields: Any) -> dict[str, Any]:
    """The explained answer to a request for an object."""
    case = {"id": 1, "principal": principal, "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k", **fields}
    return simulate_case(case, explained=True)


def to(principal: Any, **more: Any) -> dict[str, Any]:
    """A resource's policy."""
    return doc(allow(Principal=principal, **more))


WHY: list[tuple[dict[str, Any], list[str]]] = [
    ({"identityPolicies": [FULL]}, ["statement 0 of `identityPolicies[0]` allows it"]),
    ({"identityPolicies": [doc(allow(Sid="Read"))]}, ["statement `Read` of `identityPolicies[0]` allows it"]),
    ({"identityPolicies": [doc({**allow(), "Effect": "Deny"})]}, ["statement 0 of `identityPolicies[0]` denies it"]),
    ({"resourcePolicy": to("*")}, ["statement 0 of `resourcePolicy` allows it to everyone"]),
    ({"resourcePolicy": to({"AWS": ROLE})}, ["statement 0 of `resourcePolicy` allows it to the role of the session"]),
    ({}, ["no identity policy allows it; nor does the resource's policy"]),
    ({"resourcePolicy": to({"AWS": A})}, ["no identity policy allows it; it hands over to the account only"]),
    ({"identityPolicies": [FULL], "permissionBoundary": NOTHING}, ["the permissions boundary does not allow it"]),
    ({"identityPolicies": [FULL], "sessionPolicies": [NOTHING]}, ["no session policy allows it"]),
    ({"identityPolicies": [FULL], "scps": [[FULL], [NOTHING]]}, ["no policy of `scps[1]` allows it"]),
    ({"identityPolicies": [FULL], "scps": [[]]}, ["`scps[0]` has no policy"]),
    (
        {"identityPolicies": [FULL], "resourceAccount": B},
        ["the resource is in another account, and its policy does not allow it"],
    ),
    (
        {"resourcePolicy": to("*"), "resourceAccount": B},
        ["the resource is in another account, and no identity policy allows it"],
    ),
    (
        {"action": "kms:Decrypt", "resource": KEY, "identityPolicies": [FULL]},
        ["the key policy must allow it, or hand over to the account, and does not"],
    ),
    (
        {"principal": "*"},
        ["the resource's policy does not allow it, and nothing else counts for this principal"],
    ),
    ({"principal": f"arn:aws:iam::{A}:root"}, ["the root user may do everything in its account"]),
    ({"action": "sts:GetCallerIdentity", "resource": "*"}, ["the action needs no permission"]),
    (
        {"principal": f"arn:aws:sts::{A}:federated-user/eve", "identityPolicies": [FULL]},
        ["no session policy allows it; a federated user has only what its session policies and the user share"],
    ),
]


@pytest.mark.parametrize(("fields", "because"), WHY)
def test_an_answer_says_why(fields: dict[str, Any], because: list[str]) -> None:
    """What allows or denies it, or each thing that is missing."""
    assert ask(**fields)["because"] == because


def test_statements_come_with_their_text() -> None:
    """Also where a level of control policies is one document, and where a policy is JSON text."""
    import json

    answer = ask(identityPolicies=[json.dumps(FULL)], scps=[FULL], resourcePolicy=doc(allow(Principal="*")))
    assert [match["layer"] for match in answer["matched"]] == ["identity", "scp", "resource"]
    assert all(match["text"]["Effect"] == "Allow" for match in answer["matched"])


def test_what_nearly_allows_says_what_it_misses() -> None:
    """Principal, resource, conditions; statements about other actions are not near."""
    policies = [
        doc(
            allow("s3:Get*", "arn:aws:s3:::c/*"),
            allow("s3:*", Condition={"Bool": {"aws:SecureTransport": "true"}, "Null": {"aws:username": "false"}}),
            allow("sqs:*"),
        )
    ]
    answer = ask(identityPolicies=policies, resourcePolicy=to({"AWS": B}))
    assert [(near["layer"], near["misses"]) for near in answer["near"]] == [
        ("identity", ["resource"]),
        ("identity", ["condition Bool aws:SecureTransport", "condition Null aws:username"]),
        ("resource", ["principal"]),
    ]


def test_an_action_without_resources_says_that_it_needs_a_star() -> None:
    """An ARN in the statement is no use there."""
    policies = [doc(allow("dynamodb:*", "arn:aws:dynamodb:*:*:table/t"))]
    answer = ask(action="dynamodb:ListTables", resource="*", identityPolicies=policies)
    assert answer["near"][0]["misses"] == ["resource: the action takes `*` only"]


def test_an_implicit_deny_always_names_something() -> None:
    """Whatever is missing, there is a sentence for it."""
    for principal in (ROLE, SESSION, "*", {"service": "s3.amazonaws.com"}, f"arn:aws:iam::{A}:root"):
        for account in (None, B):
            for boundary in (None, NOTHING):
                for policy in (None, to({"AWS": A}), to({"AWS": ROLE})):
                    for scps in ([], [[NOTHING]]):
                        answer = ask(
                            principal,
                            resourceAccount=account,
                            permissionBoundary=boundary,
                            resourcePolicy=policy,
                            scps=scps,
                        )
                        assert answer["because"] or answer["decision"] == "explicitDeny", answer
