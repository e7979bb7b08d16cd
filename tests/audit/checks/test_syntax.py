"""Names that AWS does not know."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(
    ("action", "rule"),
    [
        ("s3:GetObjcet", "unknown-action"),
        ("s4:GetObject", "unknown-service"),
        ("GetObject", "unknown-service"),
        ("s3:GetObject*", None),
        ("s3:getobject", None),
        ("s*:GetObject", None),
        ("sqs:DeleteMessageBatch", None),
    ],
)
def test_a_name_is_unknown_where_it_stands_for_nothing(rules_of: Any, action: str, rule: str | None) -> None:
    """A pattern that matches something, other letters, and the batch names of SAM's own template are known."""
    found = rules_of({"Effect": "Allow", "Action": action, "Resource": "arn:aws:s3:::orders/*"})
    assert found & {"unknown-action", "unknown-service"} == ({rule} if rule else set())


def test_each_wrong_name_is_shown_by_itself(audit: Any, role: Any) -> None:
    """Each has a line of its own; the whole statement below each of them would be said over and over."""
    names = ["s3:GetObjcet", "s3:GetObject", "s3:PutObjcet"]
    statement = {"Effect": "Allow", "Action": names, "Resource": "arn:aws:s3:::orders/*"}
    found = audit({"Role": role(statement)})["unknown-action"]
    assert [finding.excerpt for finding in found] == [f"Effect: Allow\nAction: {name}" for name in (names[0], names[2])]
