"""IAM's wildcards, against a regular expression."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permscope.catalog.wildcard import matches


def by_regex(pattern: str, text: str) -> bool:
    """The same question asked of `re`."""
    words = {"*": ".*", "?": "."}
    return (
        re.fullmatch("".join(words.get(letter, re.escape(letter)) for letter in pattern), text, re.DOTALL) is not None
    )


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("getobject", "getobject", True),
        ("get*", "getobject", True),
        ("get*", "get", True),
        ("*object", "getobject", True),
        ("g?tobject", "getobject", True),
        ("get?", "get", False),
        ("*", "", True),
        ("", "", True),
        ("a*a", "a", False),
        ("a*b*a", "aba", True),
        ("*ab?*d", "xxabcabzd", True),
        ("*ab?c*", "abxdabxc", True),
        ("*ab?c*", "abxdabx", False),
        ("*ab?*", "xab", False),
        ("[gp]etobject", "getobject", False),
        ("get.bject", "getobject", False),
        ("get*\n", "getobject", False),
    ],
)
def test_star_and_question_mark_are_the_only_special_characters(pattern: str, text: str, expected: bool) -> None:
    """Brackets, dots and line feeds mean themselves."""
    assert matches(pattern, text) is expected


@given(st.text("ab?*[.", max_size=9), st.text("ab*?\n", max_size=9))
def test_it_agrees_with_a_regular_expression(pattern: str, text: str) -> None:
    """Whatever the pattern, also when the text itself holds wildcards."""
    assert matches(pattern, text) == by_regex(pattern, text)


@pytest.mark.parametrize("piece", ["a", "?", "a?"])
def test_a_hostile_pattern_stays_cheap(piece: str) -> None:
    """Thousands of stars against a long text that does not match: with backtracking this would never end."""
    assert not matches(f"{piece}*" * 3000 + "b", "a" * 10000)
