"""The hook, the action, the examples and the container file, as far as they can be run here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from permscope.cli import permscope

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "fixtures" / "pull-requests"
COMMAND = re.compile(r"permscope (audit|gate|diff)((?: --?[a-z-]+| [\"'$A-Za-z_/.]+)*)")


def _yaml(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def _options(command: str) -> set[str]:
    found = permscope.get_command(click.Context(permscope), command)
    assert found is not None
    return {option for parameter in found.params for option in parameter.opts}


@pytest.mark.parametrize(
    "name",
    [
        ".pre-commit-hooks.yaml",
        "action.yml",
        "examples/github/permscope.yml",
        "examples/gitlab/.gitlab-ci.yml",
        "examples/codepipeline/buildspec.yml",
    ],
)
def test_every_file_is_yaml_and_every_option_in_it_exists(name: str) -> None:
    """Nobody copies a command that permscope does not know."""
    assert _yaml(name)
    for command, arguments in COMMAND.findall((ROOT / name).read_text(encoding="utf-8")):
        options = set(re.findall(r"--[a-z-]+", arguments))
        assert options <= _options(command)


def test_the_action_puts_no_expression_into_a_script() -> None:
    """What a pull request can name reaches the shell through the environment only.

    https://docs.github.com/en/actions/reference/security/secure-use#good-practices-for-mitigating-script-injection-attacks
    """
    for step in _yaml("action.yml")["runs"]["steps"]:
        assert "${{" not in step.get("run", "")


@pytest.mark.skipif(sys.platform == "win32" or not shutil.which("bash"), reason="needs bash")
@pytest.mark.parametrize(
    ("patch", "verdict", "code"), [("a-route-loses-its-authorizer", "fail", "1"), ("a-table-is-renamed", "pass", "0")]
)
def test_the_steps_of_the_action_give_the_verdict(patch: str, verdict: str, code: str, tmp_path: Path) -> None:
    """The gate step, run as a shell would, writes outputs, summary, SARIF and annotations."""
    work = tmp_path / "work"
    shutil.copytree(FOLDER, work, ignore=shutil.ignore_patterns("*.patch"))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    for role in ("AUTHOR", "COMMITTER"):
        environment |= {f"GIT_{role}_NAME": "test", f"GIT_{role}_EMAIL": "test@example.com"}

    def shell(script: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - scripts of this repository
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script],  # noqa: S607
            cwd=work,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )

    shell(
        "git init -q -b main . && git add -A && git commit -q -m base && git update-ref refs/remotes/origin/main HEAD"
    )
    shell(f"git checkout -q -b pull && git apply '{FOLDER / patch}.patch' && git commit -q -a -m change")
    runner = tmp_path / "runner"
    program = runner / "permscope" / "bin" / "permscope"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m permscope "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    environment |= {
        "RUNNER_TEMP": str(runner),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "PERMSCOPE_BASE_REF": "main",
        "PERMSCOPE_SARIF": "permscope.sarif",
        "PERMSCOPE_PATHS": "app.yaml nested",
        "PERMSCOPE_FORBID": "new-public-entry new-external-principal",
    }
    environment |= dict.fromkeys(("PERMSCOPE_BASE", "PERMSCOPE_FAIL_ON", "PERMSCOPE_BEFORE"), "")
    (step,) = (each for each in _yaml("action.yml")["runs"]["steps"] if each.get("id") == "gate")
    shown = shell(step["run"]).stdout
    assert (tmp_path / "output").read_text(encoding="utf-8").split() == [
        f"verdict={verdict}",
        "sarif-file=permscope.sarif",
        f"code={code}",
    ]
    assert ("::error file=app.yaml" in shown) is (verdict == "fail")
    assert (tmp_path / "summary").read_text(encoding="utf-8").startswith("<!-- permscope -->")
    assert (work / "permscope.sarif").is_file()


def test_the_container_runs_as_an_ordinary_user() -> None:
    """The last user of the image is not root, and no secret or cache is copied in."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert re.findall(r"(?m)^USER (\S+)$", text)[-1] == "10001"
    copied = [name for line in re.findall(r"(?m)^COPY (?!--from)(.+)$", text) for name in line.split()[:-1]]
    assert all((ROOT / name).exists() for name in copied)


def test_the_pipeline_passes_its_own_audit() -> None:
    """What is shown as an example has no finding at or above the default."""
    program = [sys.executable, "-m", "permscope", "audit", "examples/codepipeline/pipeline.yaml"]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0
