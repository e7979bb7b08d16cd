"""A rule in words, found by any of its names."""

from __future__ import annotations

from click.testing import CliRunner

from permscope.cli import permscope
from permscope.errors import PermscopeError


def said(*words: str) -> str:
    """Everything a command says."""
    return CliRunner().invoke(permscope, list(words), prog_name="permscope").output


def test_a_rule_is_explained_with_its_text_under_its_headings() -> None:
    """Found by the name another tool has for it, too."""
    text = said("explain", "CKV_AWS_301", "--width", "80")
    assert text.startswith("permission-public  critical  Anyone can invoke this function\n")
    assert "\n     strangers out" in text


def test_a_rule_that_there_is_not_is_answered_with_the_closest() -> None:
    """A slip of the finger is mended, and is no answer about another rule."""
    result = CliRunner().invoke(permscope, ["explain", "permission-publik"])
    assert isinstance(result.exception, PermscopeError)
    assert "permission-public" in str(result.exception)
