"""Patterns: wildcards, intersection, cover, and template tokens."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permscope.policy.matching import (
    compare,
    covers,
    decode,
    encode,
    glob,
    literal_prefix,
    opened,
    patterns_intersect,
    relation,
)

PATTERNS = st.text(alphabet="ab*?", max_size=6)
TEXTS = ["".join(letters) for length in range(6) for letters in itertools.product("abc", repeat=length)]

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
RESOURCES = [
    ("*", "arn:aws:s3:::b", True),
    ("arn:aws:s3:::b/*", "arn:aws:s3:::b/a/b/c", True),
    ("arn:aws:s3:::b/*", "arn:aws:s3:::b", False),
    ("arn:aws:s3:::b/*/test/*", "arn:aws:s3:::b/1/2/3/test/4", True),
    ("arn:aws:s3:::b?/*", "arn:aws:s3:::bc/x", True),
    ("arn:aws:s3:::B", "arn:aws:s3:::b", False),
    ("arn:aws:sqs:*:111111111111:q", "arn:aws:sqs:eu-west-1:111111111111:q", True),
    ("arn:aws:sqs:*", "arn:aws:sqs:eu-west-1:111111111111:q", True),
    ("arn:aws:dynamodb:*:table/T", "arn:aws:dynamodb:eu-west-1:111111111111:table/T", True),
    ("arn:aws:lambda:r:1:function:f", "arn:aws:lambda:r:1:function:f:live", False),
    ("arn:aws:lambda:r:1:function:f:*", "arn:aws:lambda:r:1:function:f:live", True),
    ("arn:aws:lambda:r:1:function:f:*", "arn:aws:lambda:r:1:function:f", False),
    ("arn:aws:lambda:r:1:function:f*", "arn:aws:lambda:r:1:function:f:live", True),
    ("arn:aws:lambda:r:1:function:f*", "arn:aws:lambda:r:1:function:ff", True),
]

TOKENS = [
    ("arn:aws:s3:::${Bucket}", "arn:aws:s3:::${Bucket}", True),
    ("arn:aws:s3:::${Bucket}/*", "arn:aws:s3:::${Bucket}/x", True),
    ("arn:aws:s3:::${Bucket}", "arn:aws:s3:::${Other}", False),
    ("arn:aws:s3:::${Bucket}", "arn:aws:s3:::reports", False),
    ("arn:aws:sqs:eu-west-1:${AWS::AccountId}:q", "arn:aws:sqs:eu-west-1:111111111111:q", False),
    ("arn:aws:sqs:*:${AWS::AccountId}:q", "arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:q", True),
    ("arn:${AWS::Partition}:s3:::b", "arn:aws:s3:::b", True),
    ("arn:aws:s3:::b", "arn:${AWS::Partition}:s3:::b", True),
    ("arn:aws-us-gov:s3:::b", "arn:${AWS::Partition}:s3:::b", True),
    ("arn:aws-cn:s3:::b", "arn:aws:s3:::b", False),
    ("arn:aws:s3:::${Param::Name}", "arn:aws:s3:::${Param::Name}", True),
    ("arn:aws:s3:::${Param::Name}", "arn:aws:s3:::reports", None),
    ("arn:aws:s3:::reports", "arn:aws:s3:::${Param::Name}", None),
    ("arn:aws:s3:::${Param::Name}", "arn:aws:sqs:eu-west-1:1:q", False),
    ("arn:aws:s3:::${Param::Name}-x", "arn:aws:s3:::reports-y", False),
    ("api/*/GET/orders", "api/${Param::Stage}/GET/things/*", False),
    ("api/*/GET/things/*", "api/${Param::Stage}/GET/things/*", True),
    ("arn:aws:s3:::*", "arn:aws:s3:::${Param::Name}", True),
    ("*Id*", "${AWS::AccountId}", False),
]


@pytest.mark.parametrize(("pattern", "text", "expected"), RESOURCES)
def test_a_wildcard_takes_any_text_across_separators(pattern: str, text: str, expected: bool) -> None:
    """`*` crosses slashes and colons, `?` is one character, and case counts."""
    assert glob(pattern, text) is expected
    assert compare(pattern, text) is expected


@pytest.mark.parametrize(("pattern", "text", "expected"), TOKENS)
def test_tokens_are_compared_as_what_they_stand_for(pattern: str, text: str, expected: bool | None) -> None:
    """An identity token equals itself only; an unknown token leaves the answer open."""
    assert compare(encode(pattern), encode(text)) is expected


@given(PATTERNS, st.text(alphabet="abc*?", max_size=6))
def test_wildcards_mean_what_the_simplest_reading_says(pattern: str, text: str) -> None:
    """Matching is that of a definition by cases."""
    assert glob(pattern, text) is _by_definition(pattern, text)


def _by_definition(pattern: str, text: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] == "*":
        return _by_definition(pattern[1:], text) or (bool(text) and _by_definition(pattern, text[1:]))
    return bool(text) and pattern[0] in ("?", text[0]) and _by_definition(pattern[1:], text[1:])


@given(PATTERNS, PATTERNS)
def test_patterns_intersect_exactly_when_a_text_matches_both(one: str, other: str) -> None:
    """Intersection is decided as by trying every text of a small world."""
    witness = any(glob(one, text) and glob(other, text) for text in TEXTS)
    if witness:
        assert patterns_intersect(one, other)
    if patterns_intersect(one, other) and len(one) + len(other) <= 5:
        assert witness


@given(PATTERNS, PATTERNS)
def test_cover_is_never_claimed_wrongly(wide: str, narrow: str) -> None:
    """When a pattern is said to cover another, no text matches the other alone."""
    if covers(wide, narrow):
        assert not [text for text in TEXTS if glob(narrow, text) and not glob(wide, text)]


@given(st.text(alphabet="ab*", max_size=5), st.text(alphabet="ab*", max_size=5))
def test_cover_is_found_where_only_stars_are_used(wide: str, narrow: str) -> None:
    """Without `?`, a pattern that matches all that another matches is found to cover it."""
    if all(glob(wide, text) for text in TEXTS if glob(narrow, text)) and any(glob(narrow, text) for text in TEXTS):
        assert covers(wide, narrow)


@pytest.mark.parametrize(
    ("pattern", "target", "expected"),
    [
        ("*", "arn:aws:s3:::b", True),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/x/*", True),
        ("arn:aws:s3:::b/x/*", "arn:aws:s3:::b/*", None),
        ("arn:aws:s3:::c/*", "arn:aws:s3:::b/*", False),
        ("arn:aws:s3:::b/${aws:username}", "arn:aws:s3:::b/x", None),
        ("arn:aws:s3:::b/${aws:username}", "arn:aws:s3:::c/x", False),
        ("arn:aws:s3:::b/${aws:username}", "arn:aws:s3:::b/${aws:username}", True),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/${aws:username}", True),
        ("arn:aws:s3:::${Param::B}/*", "arn:aws:s3:::${Param::B}/x", True),
    ],
)
def test_relation_tells_all_part_or_nothing(pattern: str, target: str, expected: bool | None) -> None:
    """A pattern has all of a target, nothing of it, or a part."""
    assert relation(encode(pattern), encode(target)) is expected


@pytest.mark.parametrize("text", ["arn:${AWS::Partition}:s3:::${Bucket}/${Param::Key}", "plain", "${aws:username}"])
def test_decode_gives_back_what_was_encoded(text: str) -> None:
    """Encoding loses nothing."""
    assert decode(encode(text)) == text


def test_literal_prefix_ends_at_the_first_open_part() -> None:
    """Wildcards, unknown tokens and variables end it; identity tokens do not."""
    assert literal_prefix("arn:aws:s3:::b*") == "arn:aws:s3:::b"
    assert literal_prefix("arn:aws:s3:::${aws:username}/x") == "arn:aws:s3:::"
    assert literal_prefix(encode("a${Param::X}b")) == "a"
    assert decode(literal_prefix(encode("a${Bucket}/*"))) == "a${Bucket}/"


def test_opened_puts_a_wildcard_for_what_is_not_known() -> None:
    """Unknown tokens and variables become `*`."""
    assert opened(encode("a${Param::X}b${aws:username}c")) == "a*b*c"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("*a" * 200, "a" * 2000 + "b"),
        ("a*" * 200 + "b", "*a" * 200 + "c"),
        ("?*" * 300, "*?" * 300),
        ("*a?" * 500 + "b", "a" * 9000),
    ],
)
def test_hostile_patterns_stay_fast(one: str, other: str) -> None:
    """No pattern makes matching take exponential time."""
    start = time.process_time()
    glob(one, other)
    patterns_intersect(one, other)
    covers(one, other)
    assert time.process_time() - start < 5
