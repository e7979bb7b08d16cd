"""What people are told who type something wrong, and lists that are read in a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from permscope.cli import COMMANDS, permscope
from permscope.errors import PermscopeError


def said(*words: str) -> str:
    """Everything a command says."""
    result = CliRunner().invoke(permscope, list(words), prog_name="permscope")
    assert result.exception is None or isinstance(result.exception, SystemExit | PermscopeError)
    return f"{result.output}{result.exception}"


def test_a_misspelt_command_is_answered_with_the_one_that_was_meant() -> None:
    """Whatever else there is stands in the help."""
    assert "No such command 'aduit'. Did you mean 'audit'?" in said("aduit")
    assert "Commands are audit, graph" in said("qqqq")


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS), ["rules", "list"], ["rules", "check"]])
def test_help_fits_eighty_columns_and_no_sentence_is_cut(command: list[str]) -> None:
    """What a command does is said in full."""
    text = said(*command, "--help")
    assert all(len(line) <= 80 for line in text.splitlines())
    assert "..." not in text.replace("[PATH]...", "").replace("[ARGS]...", "").replace("FOLDER...", "").replace(
        "NAME...", ""
    ).replace("ID...", "").replace("REGION...", "").replace("`aws-us-gov`, ...", "")


def test_a_file_that_is_not_there_is_named_without_a_word_of_python() -> None:
    """`[Errno 2]` helps nobody."""
    template = str(Path(__file__).parents[2] / "fixtures" / "orders")
    for option in ("--config", "--baseline"):
        text = said("audit", template, option, "nowhere.yaml")
        assert "cannot be read: no such file or directory" in text
        assert "Errno" not in text


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


def test_a_rule_is_explained_with_its_text_under_its_headings() -> None:
    """Found by the name another tool has for it, too."""
    text = said("explain", "CKV_AWS_301", "--width", "80")
    assert text.startswith("permission-public  critical  Anyone can invoke this function\n")
    assert "\n     strangers out" in text


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "cp437"])
@pytest.mark.parametrize("command", ["audit", "graph", "diff"])
def test_an_old_console_gets_ascii_and_never_an_error(
    encoding: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names that the console cannot show are written out."""
    import subprocess
    import sys

    root = Path(__file__).parents[2]
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("PYTHONPATH", str(root))
    paths = ["fixtures/orders", "fixtures/hostile"] if command == "diff" else ["fixtures/hostile"]
    done = subprocess.run(  # noqa: S603 (our own program)
        [sys.executable, "-m", "permscope", command, *paths], capture_output=True, check=False, cwd=root, timeout=120
    )
    assert done.returncode in (0, 1)
    assert done.stderr == b""
    assert done.stdout.decode(encoding)
