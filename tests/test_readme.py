"""The README says what really happens."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from permscope.cli import permscope

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
_BLOCK = re.compile(
    r"(?P<head><!-- (?:output|help): permscope (?P<command>[^\n]+) -->\n```\n)(?P<text>.*?)(?P<tail>```\n<!-- end -->)",
    re.DOTALL,
)


def printed(command: str) -> str:
    """What a command writes to standard output in the checkout."""
    return CliRunner().invoke(permscope, shlex.split(command), prog_name="permscope").stdout


def blocks() -> list[str]:
    """The commands whose output the README shows."""
    return [found["command"] for found in _BLOCK.finditer(README.read_text(encoding="utf-8"))]


def test_the_readme_shows_the_main_job_and_the_help() -> None:
    """There is something to hold to the truth."""
    assert blocks() == ["audit fixtures/orders/template.yaml", "--help"]


@pytest.mark.parametrize("command", blocks())
def test_the_readme_shows_what_the_command_prints(
    command: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Output in the README is the real output, to the letter."""
    monkeypatch.chdir(ROOT)
    real = printed(command)
    text = README.read_text(encoding="utf-8")
    if request.config.getoption("--update-golden"):
        text = _BLOCK.sub(
            lambda found: found["head"] + (real if found["command"] == command else found["text"]) + found["tail"], text
        )
        README.write_text(text, encoding="utf-8")
    shown = next(found["text"] for found in _BLOCK.finditer(text) if found["command"] == command)
    assert shown == real


def test_the_python_example_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What people copy into their tests is a test that runs."""
    monkeypatch.chdir(ROOT)
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, object] = {}
    exec(example, names)  # noqa: S102 - our own README
    tests = [value for name, value in names.items() if name.startswith("test_")]
    assert len(tests) == 1
    for test in tests:
        test()  # type: ignore[operator]
