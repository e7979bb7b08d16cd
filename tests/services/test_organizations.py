"""Organizations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from permscope.inventory.facts import AnyFact, ControlPolicy

Read = Callable[..., list[AnyFact]]
WORLD = """
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.13}}
  Role: {Type: AWS::IAM::Role, Properties: {Path: /}}
"""


def facts_of(read: Read, resource: str, kind: type) -> list[Any]:
    """The facts of one kind that one resource gives."""
    return [fact for fact in read(f"{WORLD}  X: {resource}\n") if isinstance(fact, kind) and fact.logical_id == "X"]


@pytest.mark.parametrize(("kind", "read_as"), [("SERVICE_CONTROL_POLICY", "scp"), ("RESOURCE_CONTROL_POLICY", "rcp")])
def test_a_control_policy_knows_its_targets(read: Read, kind: str, read_as: str) -> None:
    """`Content` is a document or JSON text."""
    resource = (
        f"{{Type: AWS::Organizations::Policy, Properties: {{Name: p, Type: {kind}, TargetIds: [r-1, '012345670123'], "
        'Content: \'{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", '
        '"Resource": "*", "Principal": "*"}]}\'}}'
    )
    (found,) = facts_of(read, resource, ControlPolicy)
    assert (found.policy.kind, found.targets) == (read_as, ("r-1", "012345670123"))
    assert [statement.effect for statement in found.policy.statements] == ["Deny"]


def test_other_policies_are_no_control_policies(read: Read) -> None:
    """A tag policy decides nothing about access."""
    resource = "{Type: AWS::Organizations::Policy, Properties: {Name: p, Type: TAG_POLICY, Content: {tags: {}}}}"
    assert facts_of(read, resource, ControlPolicy) == []
