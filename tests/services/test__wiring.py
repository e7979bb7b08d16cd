"""The facts that most wiring comes to."""

from __future__ import annotations

import pytest

from permscope.inventory.source import NOWHERE
from permscope.services._values import Text
from permscope.services._wiring import bucket_text, function_of, need, role_arn
from permscope.services.interface import Stack, TemplateResource

FUNCTION = "arn:aws:lambda:eu-west-1:111122223333:function:f"
STACK = Stack(partition="aws", region="eu-west-1", account="111122223333")
RULE = TemplateResource(logical_id="Rule", type="AWS::Events::Rule", properties={}, stack=STACK)


@pytest.mark.parametrize(
    ("text", "by_name", "arn"),
    [
        (FUNCTION, False, FUNCTION),
        ("f", True, FUNCTION),
        ("f", False, None),
        ("arn:aws:sqs:eu-west-1:111122223333:q", True, None),
        ("${Param::Name}", True, None),
    ],
)
def test_a_bare_name_is_a_function_only_where_one_is_meant(text: str, by_name: bool, arn: str | None) -> None:
    """The ARN of another thing never is, nor a value that only a deployment tells."""
    assert function_of(RULE, Text(text, NOWHERE, None), by_name=by_name) == arn


@pytest.mark.parametrize(
    ("text", "arn"),
    [
        ("arn:aws:iam::1:role/r", "arn:aws:iam::1:role/r"),
        ("r", "arn:aws:iam::111122223333:role/r"),
        ("${Param::Role}", "${Param::Role}"),
    ],
)
def test_a_role_is_given_by_arn_or_name(text: str, arn: str) -> None:
    """A value that is not known stays as it is."""
    assert role_arn(RULE, Text(text, NOWHERE, None)) == arn


@pytest.mark.parametrize("text", ["b", "arn:aws:s3:::b"])
def test_a_bucket_is_given_by_name_or_arn(text: str) -> None:
    """Objects stand behind it."""
    assert bucket_text(RULE, Text(text, NOWHERE, None), "/*").text == "arn:aws:s3:::b/*"
    assert list(need(None, "s3:GetObject", why="x")) == []
