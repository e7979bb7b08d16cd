"""Policy variables: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html."""

from __future__ import annotations

import pytest

from permscope.policy.context import RequestContext
from permscope.policy.variables import Unresolved, expand, has_variable, settle, unescape

CONTEXT = RequestContext({"aws:username": ["bob"], "aws:PrincipalTag/team": ["red"], "aws:TagKeys": ["a", "b"]})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("home/${aws:username}/x", "home/bob/x"),
        ("home/${AWS:UserName}", "home/bob"),
        ("${aws:PrincipalTag/team}", "red"),
        ("${aws:userid, 'anonymous'}", "anonymous"),
        ("${aws:userid,'anonymous'}", "anonymous"),
        ("${ aws:username }", "bob"),
        ("${aws:username, 'anonymous'}", "bob"),
        ("a${*}b${?}c${$}", "a*b?c$"),
        ("${aws:TagKeys, 'none'}", "none"),
    ],
)
def test_a_variable_is_what_the_request_says(text: str, expected: str) -> None:
    """Names ignore case, defaults stand in for missing keys, three characters can be written literally."""
    assert unescape(expand(text, CONTEXT)) == expected


@pytest.mark.parametrize("text", ["${aws:userid}", "${aws:TagKeys}"])
def test_a_variable_without_a_single_value_is_unresolved(text: str) -> None:
    """A missing key, or one with several values, has no value as a variable."""
    with pytest.raises(Unresolved) as caught:
        expand(text, CONTEXT)
    assert caught.value.key is None


def test_an_unknown_key_is_told_from_an_absent_one() -> None:
    """In a partial context the key is named."""
    with pytest.raises(Unresolved) as caught:
        expand("${aws:userid}", RequestContext(complete=False))
    assert caught.value.key == "aws:userid"


@pytest.mark.parametrize("text", ["${AWS::Region}", "${Orders}", "${Param::Name}", "plain", "${Api.RootResourceId}"])
def test_template_tokens_are_no_variables(text: str) -> None:
    """A token has two colons in its name, or none."""
    assert not has_variable(text)


KNOWN = RequestContext({"aws:username": ["bob"], "aws:PrincipalTag/odd": ["a*"]}, complete=False, absent=["aws:userid"])
SETTLED = [
    ("user/${aws:username}", "user/bob"),
    ("home/${AWS:UserName}/*", "home/bob/*"),
    ("${aws:userid, 'none'}/x", "none/x"),
    ("${aws:userid}/x", None),
    ("${aws:PrincipalTag/team}/${aws:username}", "${aws:PrincipalTag/team}/bob"),
    ("${aws:PrincipalTag/odd}", "${aws:PrincipalTag/odd}"),
    ("${aws:userid, '*'}", "${aws:userid, '*'}"),
    ("a${*}", "a${*}"),
]


@pytest.mark.parametrize(("text", "expected"), SETTLED)
def test_what_is_known_of_a_principal_settles_its_variables(text: str, expected: str | None) -> None:
    """A key that is not known stays a variable; one that is surely missing makes the pattern match nothing."""
    assert settle(text, KNOWN) == expected
