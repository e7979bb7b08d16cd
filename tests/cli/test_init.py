"""`permscope init` writes a configuration that permscope reads, and prints a snippet for the CI."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from permscope.audit.config import load_config
from permscope.audit.contracts import parse_contracts
from permscope.audit.gate import parse_gate
from permscope.cli.init import SNIPPETS
from permscope.errors import ConfigError


@pytest.mark.parametrize("ci", SNIPPETS)
def test_the_configuration_can_be_read_and_the_snippet_is_yaml(
    ci: str, tmp_path: Path, run: Callable[..., Any]
) -> None:
    """What is written holds without an edit."""
    result = run("init", "--ci", ci, str(tmp_path))
    assert result.exit_code == 0
    assert isinstance(yaml.safe_load(result.stdout), dict)
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
