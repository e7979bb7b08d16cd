"""The index of ARN patterns gives what trying every pattern gives."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from permscope.policy.matching import encode, opened, patterns_intersect
from permscope.policy.pattern_index import PatternIndex

ARNS = st.sampled_from(
    [
        "*",
        "arn:aws:s3:::*",
        "arn:aws:s3:::b",
        "arn:aws:s3:::b/*",
        "arn:${AWS::Partition}:s3:::b",
        "arn:*:s3:::b*",
        "arn:aws:s3:::${aws:username}",
        "arn:aws:s3:::${Param::Bucket}",
        "arn:aws:s3:::${Bucket}",
        "arn:aws-cn:s3:::b",
        "arn:a*",
        "a*",
        "arn:aws:sqs:*:1:q",
        "arn:aws:sqs:eu-west-1:1:q?",
        "arn",
        "",
    ]
)


@given(st.lists(ARNS, max_size=12), ARNS)
def test_the_index_finds_exactly_the_patterns_that_touch(patterns: list[str], target: str) -> None:
    """Nothing that can meet the target is missed, nothing else is found."""
    index: PatternIndex[int] = PatternIndex()
    for number, pattern in enumerate(patterns):
        index.add(pattern, number)
    wanted = opened(encode(target))
    expected = [
        number
        for number, pattern in enumerate(patterns)
        if encode(pattern) == wanted or patterns_intersect(opened(encode(pattern)), wanted)
    ]
    assert sorted(number for _, number in index.touching(target)) == expected
    assert len(index) == len(patterns)
