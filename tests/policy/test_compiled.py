"""Statements compiled from facts and from raw documents."""

from __future__ import annotations

import pytest

from permscope.errors import PolicyError
from permscope.inventory.policies import PolicyKind, parse_policy
from permscope.policy.compiled import compile_document, compile_policies, compile_policy

DOCUMENT = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "One", "Effect": "Allow", "Action": "s3:Get*", "Resource": "*"},
        {"Effect": "Deny", "NotAction": "s3:*", "Resource": "*"},
    ],
}


def test_a_policy_is_compiled_once() -> None:
    """The same policy object gives the same compiled one."""
    policy = parse_policy(DOCUMENT, name="p", kind=PolicyKind.INLINE)
    assert compile_policy(policy) is compile_policy(policy)
    assert compile_policies([policy])[0].policy is policy


def test_both_doors_give_the_same_statements() -> None:
    """A fact and a raw document compile to the same effect, actions and index."""
    facts = compile_policy(parse_policy(DOCUMENT, name="p", kind=PolicyKind.INLINE)).statements
    raw = compile_document(DOCUMENT, name="p", kind=PolicyKind.INLINE).statements
    assert [(s.allow, s.not_action, s.actions.texts, s.sid, s.index, s.policy) for s in facts] == [
        (s.allow, s.not_action, s.actions.texts, s.sid, s.index, s.policy) for s in raw
    ]


def test_statements_are_found_by_action() -> None:
    """`NotAction` is about every other action."""
    compiled = compile_document(DOCUMENT, name="p", kind=PolicyKind.INLINE)
    assert [s.index for s in compiled.about("s3:getobject")] == [0]
    assert [s.index for s in compiled.about("sqs:sendmessage")] == [1]
    assert compiled.about("s3:putobject") == ()


def test_the_memory_of_actions_is_bounded() -> None:
    """Requests from outside cannot fill the memory."""
    compiled = compile_document(DOCUMENT, name="p", kind=PolicyKind.INLINE)
    for number in range(5000):
        compiled.about(f"x:{number}")
    assert len(compiled._by_action) <= 4100


@pytest.mark.parametrize("kind", [PolicyKind.RESOURCE, PolicyKind.TRUST, PolicyKind.RCP])
def test_policies_on_a_resource_need_no_resource_element(kind: PolicyKind) -> None:
    """The resource they hang on is meant."""
    document = {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*"}}
    assert compile_document(document, name="p", kind=kind).statements[0].resources is None
    with pytest.raises(PolicyError, match="needs `Resource` or `NotResource`"):
        compile_document(document, name="p", kind=PolicyKind.INLINE)
