"""The explorer's command."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from permscope.cli import permscope
from permscope.errors import ConfigError

ORDERS = str(Path(__file__).parents[2] / "fixtures" / "orders")


def test_without_textual_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra is named, and there is no traceback."""
    monkeypatch.setitem(sys.modules, "permscope.tui.explorer", None)
    monkeypatch.delitem(sys.modules, "permscope.cli.explore", raising=False)

    class Missing:
        """An import that ends as without textual."""

        def find_spec(self, name: str, *_: object) -> None:
            """Refuse the explorer's library."""
            if name == "permscope.tui.explorer":
                raise ModuleNotFoundError("No module named 'textual'", name="textual")

    monkeypatch.delitem(sys.modules, "permscope.tui.explorer")
    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])
    result = CliRunner().invoke(permscope, ["explore", ORDERS])
    assert isinstance(result.exception, ConfigError)
    assert "permscope[tui]" in str(result.exception)
