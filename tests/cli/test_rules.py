"""The list of rules as it is read in a terminal, and what is said of a rule file that is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from permscope.audit.rules import load_rules
from permscope.cli import permscope


def said(*words: str) -> str:
    """Everything a command says."""
    return CliRunner().invoke(permscope, list(words), prog_name="permscope").output


@pytest.mark.parametrize("width", [80, 120])
def test_the_list_looks_as_reviewed(
    width: int, monkeypatch: pytest.MonkeyPatch, golden: Callable[[str, str], None]
) -> None:
    """The rules of three families, so that it stays what it is when another one comes."""
    shown = [rule for rule in load_rules() if rule.family in ("api", "exposure", "passrole")]
    monkeypatch.setattr("permscope.audit.rules.load_rules", lambda _: shown)
    golden(f"rules-list-{width}.txt", said("rules", "list", "--width", str(width)))


def test_the_rules_are_listed_worst_first_and_fold_under_their_titles() -> None:
    """No line begins in the middle of a sentence."""
    lines = said("rules", "list", "--width", "80").splitlines()
    headings = [line for line in lines if line in ("critical", "high", "medium", "low", "info")]
    assert headings == ["critical", "high", "medium", "low", "info"]
    assert all(cell_len(line) <= 80 for line in lines)
    assert "rules; permscope explain RULE" in lines[0]


def test_the_rules_that_come_along_are_in_order_escalation_paths_too() -> None:
    """`rules check` understands every file of the folder that people copy from."""
    text = said("rules", "check", str(Path(__file__).parents[2] / "rules"))
    assert "rule files, 0 wrong" in text


def test_each_mistake_is_named_with_its_line_and_fails_the_check(tmp_path: Path) -> None:
    """A rule that would never fire is told from one that is right, and CI sees it."""
    (tmp_path / "wrong.yaml").write_text("id: wrong\nseverity: terrible\n", encoding="utf-8")
    result = CliRunner().invoke(permscope, ["rules", "check", str(tmp_path)])
    assert result.exit_code == 1
    assert "1 rule file, 1 wrong" in result.output
    assert "wrong.yaml:" in result.output
