"""`permscope audit`: what is shown of many findings."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from permscope.cli import permscope

ORDERS = str(Path(__file__).parents[2] / "fixtures" / "orders")


def test_a_focus_shows_what_is_wrong_with_one_function_its_role_and_its_routes() -> None:
    """The exit code and the first line are about everything."""
    result = CliRunner().invoke(permscope, ["audit", ORDERS, "--focus", "PlaceOrder"])
    assert result.exit_code == 1
    assert result.stdout.startswith("1 critical 2 high")
    assert "sam-event-open" in result.stdout
    assert "permission-public" not in result.stdout


def test_a_focus_or_all_with_a_format_for_programs_is_refused() -> None:
    """A file for a program always has everything."""
    for option in (["--focus", "PlaceOrder"], ["--all"]):
        result = CliRunner().invoke(permscope, ["audit", ORDERS, "--format", "json", *option])
        assert result.exit_code == 2
        assert f"{option[0]} is for text" in result.stderr


def test_a_name_nobody_has_is_an_error_that_names_the_functions() -> None:
    """What to write instead."""
    result = CliRunner().invoke(permscope, ["audit", ORDERS, "--focus", "PlaceOrdre"])
    assert "PlaceOrder" in str(result.exception)
