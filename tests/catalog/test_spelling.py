"""Hints for misspelt actions, and short spellings of sets."""

from __future__ import annotations

import pytest

from permscope.catalog.actions import load
from permscope.catalog.spelling import closest, shortest_prefixes


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("s3:GetObjcet", "s3:GetObject"),
        ("S3:getobjects", "s3:GetObject"),
        ("lamda:InvokeFunction", "lambda:InvokeFunction"),
        ("dynamo:PutItem", "dynamodb:PutItem"),
        ("s3:ListObjects", "s3:ListBucket"),
        ("s3:HeadObject", "s3:GetObject"),
        ("lambda:Invoke", "lambda:InvokeFunction"),
        ("cloudwatchlogs:PutLogEvents", "logs:PutLogEvents"),
        ("sqs:SendMessageBatch", "sqs:SendMessage"),
        ("xyzzy:Plugh", None),
        ("s3:Qwertyuiop", None),
        ("s3", None),
    ],
)
def test_a_slip_is_answered_with_what_was_meant(written: str, meant: str | None) -> None:
    """Letters swapped, API operations for actions, SDK names for prefixes; no guess when nothing is near."""
    assert closest(load(), written) == meant
    assert load().closest(written) == meant


@pytest.mark.parametrize(
    ("granted", "expected"),
    [
        (["GetItem", "GetRecords"], ["Get*"]),
        (["GetItem"], ["GetItem"]),
        (["GetItem", "PutItem"], ["GetItem", "PutItem"]),
        (["PutItem", "PutItemTags"], ["PutItem*"]),
        (["GetItem", "PutItemTags", "Putt"], ["GetItem", "PutItemTags", "Putt"]),
        (["GetItem", "GetRecords", "PutItem", "PutItemTags", "Putt"], ["Get*", "Put*"]),
        ([], []),
    ],
)
def test_prefixes_end_at_words(granted: list[str], expected: list[str]) -> None:
    """A pattern covers at least two names and only granted ones."""
    names = ["GetItem", "GetRecords", "PutItem", "PutItemTags", "Putt"]
    mask = sum(1 << names.index(name) for name in granted)
    assert shortest_prefixes(names, mask) == expected
