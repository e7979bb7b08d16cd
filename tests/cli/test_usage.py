"""What people are told who type something wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

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
