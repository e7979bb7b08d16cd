"""CodeBuild."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import AnyFact, RoleUse

Read = Callable[..., list[AnyFact]]
P = "arn:${AWS::Partition}"
ROLE = f"{P}:iam::${{AWS::AccountId}}:role/${{Role}}"
WORLD = """
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.13}}
  Role: {Type: AWS::IAM::Role, Properties: {Path: /}}
"""


def facts_of(read: Read, resource: str, kind: type) -> list[Any]:
    """The facts of one kind that one resource gives."""
    return [fact for fact in read(f"{WORLD}  X: {resource}\n") if isinstance(fact, kind) and fact.logical_id == "X"]


def test_a_build_may_do_what_its_role_allows(read: Read) -> None:
    """Build commands are code, so the use is not exact."""
    resource = (
        "{Type: AWS::CodeBuild::Project, Properties: {ServiceRole: !Ref Role, Source: {Type: NO_SOURCE}, "
        "Artifacts: {Type: NO_ARTIFACTS}, Environment: {}}}"
    )
    found = [(use.role_arn, use.service, use.exact) for use in facts_of(read, resource, RoleUse)]
    assert found == [(ROLE, "codebuild.amazonaws.com", False)]
