"""`permscope init` writes a configuration that permscope reads, and prints a snippet for the CI."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from permscope.audit.config import load_config
from permscope.audit.contracts import parse_contracts
from permscope.audit.gate import parse_gate
from permscope.cli.init import SNIPPETS
from permscope.errors import ConfigError, InputError


@pytest.mark.parametrize("source", [(), ("--repository", "my-org/permscope")])
@pytest.mark.parametrize("ci", SNIPPETS)
def test_the_configuration_can_be_read_and_the_snippet_is_yaml(
    ci: str, source: tuple[str, ...], tmp_path: Path, run: Callable[..., Any]
) -> None:
    """What is written holds without an edit: where permscope comes from is a variable of the CI, or was given."""
    result = run("init", "--ci", ci, *source, str(tmp_path))
    assert result.exit_code == 0
    assert isinstance(yaml.safe_load(result.stdout), dict)
    assert ("my-org/permscope" in result.stdout) is bool(source)
    assert not re.search(r"\{[a-z]+\}|OWNER", result.stdout)
    config = load_config(tmp_path / "permscope.yaml")
    assert "new-public-entry" in parse_gate(config.gate).forbid
    assert len(parse_contracts(config.contracts)) == 2


def test_nothing_is_written_over(tmp_path: Path, run: Callable[..., Any]) -> None:
    """A configuration that is there stays, unless `--force` says otherwise."""
    path = tmp_path / "permscope.yaml"
    path.write_text("fail_on: low\n", encoding="utf-8")
    assert isinstance(run("init", str(tmp_path)).exception, ConfigError)
    assert path.read_text(encoding="utf-8") == "fail_on: low\n"
    assert run("init", "--force", str(tmp_path)).exit_code == 0
    assert isinstance(run("init", str(tmp_path / "nowhere")).exception, ConfigError)
    assert isinstance(run("init", "--repository", "https://x", str(tmp_path)).exception, ConfigError)


def test_what_was_written_works_at_once(
    checkout: Any, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Audit and gate go by it without a word about it; alone in a folder it is taken for no template."""
    assert run("init").exit_code == 0
    audit = run("audit", ".")
    assert (audit.exit_code, audit.stderr) == (1, "")  # the application has findings
    checkout.commit()
    gate = run("gate", "--base", "HEAD")
    assert (gate.exit_code, gate.stderr) == (0, "")
    assert "2 of 2 contracts hold" in gate.stdout
    empty = checkout.top / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    assert run("init").exit_code == 0
    assert isinstance(run("audit", ".").exception, InputError)
