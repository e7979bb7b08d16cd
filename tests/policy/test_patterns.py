"""Lists of action and resource patterns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permscope.policy.context import RequestContext
from permscope.policy.matching import compare, encode, glob
from permscope.policy.patterns import ActionPatterns, action_patterns, resource_patterns

CONTEXT = RequestContext()


@given(
    st.lists(st.sampled_from(["*", "s3:*", "S3:Get*", "s3:?et*", "*:*Object", "s3:getobject", "sqs:*"]), max_size=4),
    st.sampled_from(["s3:getobject", "s3:putobject", "sqs:sendmessage", "s3-object-lambda:getobject"]),
)
def test_a_list_of_action_patterns_matches_what_one_of_them_matches(texts: list[str], action: str) -> None:
    """The compiled list is as good as trying each."""
    expected = any(text in ("*", "*:*") or glob(text.lower(), action) for text in texts)
    assert ActionPatterns(tuple(texts)).matches(action) is expected


@given(
    st.lists(
        st.sampled_from(["*", "arn:aws:s3:::b", "arn:aws:s3:::b/*", "arn:aws:s3:::*/x", "arn:aws:s3:::?",
                         "arn:${AWS::Partition}:s3:::b/x", "arn:aws:s3:::${Param::B}", "arn:aws:s3:::${B}/*"]),
        max_size=4,
    ),
    st.sampled_from(["arn:aws:s3:::b", "arn:aws-cn:s3:::b/x", "arn:${AWS::Partition}:s3:::b/x", "*",
                     "arn:aws:s3:::${B}/k", "arn:aws:s3:::${Param::C}"]),
)  # fmt: skip
def test_a_list_of_resource_patterns_matches_what_one_of_them_matches(texts: list[str], resource: str) -> None:
    """The compiled list is as good as comparing each."""
    found = [compare(encode(text), encode(resource)) for text in texts]
    expected = True if True in found else None if None in found else False
    patterns = resource_patterns(tuple(texts), variables=True)
    assert patterns.matches(encode(resource), CONTEXT, set()) is expected


def test_equal_lists_share_one_compilation() -> None:
    """Statements that say the same share memory."""
    assert action_patterns(("s3:*",)) is action_patterns(("s3:*",))


def test_variables_without_value_match_nothing() -> None:
    """A known key that leaves it open is named."""
    patterns = resource_patterns(("arn:aws:s3:::${aws:username}",), variables=True)
    assert patterns.matches("arn:aws:s3:::bob", CONTEXT, set()) is False
    assert patterns.resolvable(CONTEXT, set()) is False
    why: set[str] = set()
    partial = RequestContext(complete=False)
    assert patterns.matches("arn:aws:s3:::bob", partial, why) is None
    assert patterns.resolvable(partial, why) is None
    assert why == {"aws:username"}
    assert patterns.matches("arn:aws:sqs:r:1:q", partial, set()) is False


@pytest.mark.parametrize(
    ("text", "resource", "expected"),
    [
        ("execute-api:/prod/GET/*", "arn:aws:execute-api:r:1:api/prod/GET/orders", True),
        ("execute-api:/prod/GET/*", "arn:aws:execute-api:r:1:api/test/GET/orders", False),
        ("execute-api:/*", "arn:aws:execute-api:r:1:api/prod/GET/orders", True),
    ],
)
def test_the_short_form_of_an_api_policy_is_understood(text: str, resource: str, expected: bool) -> None:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-examples.html."""
    assert resource_patterns((text,), variables=True).matches(resource, CONTEXT, set()) is expected
