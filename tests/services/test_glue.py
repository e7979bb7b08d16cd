"""Jobs and crawlers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from permscope.inventory.facts import RoleUse

Read = Callable[..., list[Any]]
ARN = "arn:${AWS::Partition}"


@pytest.mark.parametrize("role", ["etl", "!Ref R", "!GetAtt R.Arn"])
def test_a_role_may_be_given_by_name(read: Read, role: str) -> None:
    """`Role` of a job is a name or an ARN."""
    (use,) = read(
        f"""
Resources:
  R: {{Type: AWS::IAM::Role, Properties: {{RoleName: etl, AssumeRolePolicyDocument: {{Statement: []}}}}}}
  J: {{Type: AWS::Glue::Job, Properties: {{Role: {role}, Command: {{}}}}}}
""",
        RoleUse,
    )
    assert (use.role_arn, use.service) == (f"{ARN}:iam::${{AWS::AccountId}}:role/etl", "glue.amazonaws.com")
