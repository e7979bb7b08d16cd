"""`python -m permscope` ends with the right code, whatever becomes of its output."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TEMPLATE = str(Path(__file__).parent.parent / "fixtures" / "orders" / "template.yaml")
FULL = Path("/dev/full")


def _start(*arguments: str, stdout: int) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - permscope itself
        [sys.executable, "-m", "permscope", *arguments], stdout=stdout, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize(
    ("arguments", "code"), [(["--version"], 0), (["audit", TEMPLATE], 1), (["audit", "no-such-file"], 2), (["nope"], 2)]
)
def test_the_exit_code_is_that_of_the_command(arguments: list[str], code: int) -> None:
    """Help, findings, nothing readable, wrong usage; and all that was said has arrived."""
    process = _start(*arguments, stdout=subprocess.PIPE)
    out, said = process.communicate(timeout=60)
    assert process.returncode == code
    assert bool(out.endswith("\n")) is (code < 2)
    assert bool(said.endswith("\n")) is (code == 2)


@pytest.mark.skipif(not FULL.exists(), reason="there is no device that is always full")
@pytest.mark.parametrize("arguments", [["--help"], ["audit", TEMPLATE], ["graph", "--format", "json", TEMPLATE]])
def test_a_full_disk_is_one_line_on_stderr(arguments: list[str]) -> None:
    """Not a traceback, and not a run that looks as if it had found nothing."""
    with FULL.open("w") as full:
        process = _start(*arguments, stdout=full.fileno())
        _, said = process.communicate(timeout=60)
    assert process.returncode == 2
    assert said == "permscope: the output cannot be written: no space left on device\n"


def test_a_reader_that_has_gone_ends_the_run_quietly() -> None:
    """As with `permscope graph ... | head`."""
    process = _start("graph", "--format", "json", TEMPLATE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(timeout=60) == 1
