"""A git repository with a small application, and pull requests against it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from permscope.cli import permscope

APPLICATION = Path(__file__).parents[2] / "fixtures" / "pull-requests"
FILES = ("app.yaml", "reports.yaml", "nested/store.yaml")


@dataclass
class Checkout:
    """A work tree on its own branch.

    Attributes:
        top: its root.
    """

    top: Path

    def git(self, *arguments: str) -> str:
        """Run git as somebody."""
        who = {
            f"GIT_{role}_{what}": f"test{'@example.com' if what == 'EMAIL' else ''}"
            for role in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        }
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | who
        environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        done = subprocess.run(  # noqa: S603 - git with arguments of this file
            ["git", "-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false", *arguments],  # noqa: S607
            cwd=self.top,
            env=environment,
            capture_output=True,
            check=True,
            text=True,
        )
        return done.stdout

    def write(self, files: Mapping[str, str]) -> None:
        """Write files below the root."""
        for name, text in files.items():
            path = self.top / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def edit(self, file: str, *edits: tuple[str, str]) -> None:
        """Replace texts in a file, each of which must be there."""
        path = self.top / file
        text = path.read_text(encoding="utf-8")
        for before, after in edits:
            assert before in text, before
            text = text.replace(before, after)
        path.write_text(text, encoding="utf-8")

    def commit(self, message: str = "change") -> str:
        """Commit everything; the id of the commit."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD").strip()


@pytest.fixture(scope="session")
def _repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    checkout = Checkout(tmp_path_factory.mktemp("repository"))
    checkout.git("init", "-q")
    checkout.write({name: (APPLICATION / name).read_text(encoding="utf-8") for name in FILES})
    checkout.commit("the application")
    checkout.git("checkout", "-q", "-b", "pull-request")
    return checkout.top


@pytest.fixture
def checkout(_repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """A work tree of the application on a branch of its own, as working directory."""
    top = tmp_path / "work"
    shutil.copytree(_repository, top)
    monkeypatch.chdir(top)
    return Checkout(top)


@pytest.fixture
def run() -> Callable[..., Any]:
    """Run the command line; errors of permscope become exit code 2 as in `main`."""

    def call(*arguments: str) -> Any:
        return CliRunner().invoke(permscope, list(arguments))

    return call


@pytest.fixture
def run_json(run: Callable[..., Any]) -> Callable[[Sequence[str]], dict[str, Any]]:
    """Run a command with `--format json`; its document, and the exit code under `exit`."""

    def call(*arguments: str) -> dict[str, Any]:
        result = run(*arguments, "--format", "json")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return {**json.loads(result.stdout), "exit": result.exit_code}

    return call  # type: ignore[return-value]
