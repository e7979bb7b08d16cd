"""A rule in words, found by any of its names."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner

from permscope.cli import permscope
from permscope.errors import PermscopeError


def said(*words: str) -> str:
    """Everything a command says."""
    return CliRunner().invoke(permscope, list(words), prog_name="permscope").output


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", ["permission-public", "batch-001", "resource-star-restrictable"])
def test_an_explanation_looks_as_reviewed(name: str, width: int, golden: Callable[[str, str], None]) -> None:
    """A rule whose fix is a sentence, one whose fix is text to write, and an escalation path."""
    golden(f"explain-{name}-{width}.txt", said("explain", name, "--width", str(width)))


def test_a_rule_is_explained_with_its_text_under_its_headings() -> None:
    """Found by the name another tool has for it, too."""
    text = said("explain", "CKV_AWS_301", "--width", "80")
    assert text.startswith("permission-public  critical  Anyone can invoke this function\n")
    assert "\n     strangers out" in text


def test_a_way_to_gain_rights_is_explained_with_the_rule_that_reports_it() -> None:
    """By its id, or by what it is called elsewhere; what it needs comes first."""
    text = said("explain", "batch-003", "--width", "100")
    assert text.startswith(
        "batch-001  Define a job with a passed role and submit it\nneeds: iam:PassRole (role), batch:"
    )
    assert "\nnew-compute-passrole  high  " in text
    assert said("explain", "sts-002").startswith("sts-002  A role that trusts another account\nwhy: ")


def test_a_rule_that_there_is_not_is_answered_with_the_closest() -> None:
    """A slip of the finger is mended, and is no answer about another rule."""
    result = CliRunner().invoke(permscope, ["explain", "permission-publik"])
    assert isinstance(result.exception, PermscopeError)
    assert "permission-public" in str(result.exception)


def test_a_check_that_is_no_rule_says_where_it_is_made() -> None:
    """Comparing two versions is a command of its own."""
    assert said("explain", "DIF004", "--width", "100") == (
        "new-public-entry  DIF004, which is no rule\n"
        "`permscope diff` and `permscope gate` report it as `new-public-entry`.\n"
    )
