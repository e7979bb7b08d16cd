"""The graph's command: its views and formats."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from permscope.cli import permscope

ORDERS = str(Path(__file__).parents[2] / "fixtures" / "orders")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "writes its logs"),
        (["--matrix"], "L List  R Read"),
        (["--routes"], "1 route, 1 open to anyone"),
        (["--focus", "OrdersQueue", "--depth", "1"], "OrdersQueue"),
        (["--format", "html"], "<!DOCTYPE html>"),
        (["--format", "mermaid"], "flowchart LR"),
    ],
)
def test_each_view_and_format_is_written(options: list[str], words: str) -> None:
    """Views for people and for programs."""
    result = CliRunner().invoke(permscope, ["graph", ORDERS, "--width", "100", *options])
    assert result.exit_code == 0
    assert words in result.stdout


@pytest.mark.parametrize("view", ["--matrix", "--routes"])
def test_a_view_is_text_only(view: str) -> None:
    """Asking for a view in another format is wrong usage, and says what there is."""
    result = CliRunner().invoke(permscope, ["graph", ORDERS, view, "--format", "json"])
    assert result.exit_code == 2
    assert "text only" in result.output
