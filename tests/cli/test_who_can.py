"""`permscope who-can`: directly, through triggers, by taking over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from permscope.cli import permscope
from permscope.errors import PermscopeError

ORDERS = str(Path(__file__).parents[2] / "fixtures" / "orders" / "template.yaml")


def _asked(*arguments: str) -> dict[str, object]:
    result = CliRunner().invoke(permscope, ["who-can", *arguments, ORDERS, "--format", "json"])
    assert result.exit_code == 0
    found: dict[str, object] = json.loads(result.stdout)
    return found


@pytest.mark.parametrize("action", ["invoke", "INVOKE", "lambda:InvokeFunction", "lambda:invokefunction"])
def test_invoking_is_asked_in_any_spelling(action: str) -> None:
    """Each spelling gives the ways through triggers, too."""
    assert _asked(action, "StoreOrder").keys() > _asked("sqs:SendMessage", "OrdersQueue").keys()


def test_an_action_is_answered_for_people_and_for_programs() -> None:
    """The same principal in both."""
    text = CliRunner().invoke(permscope, ["who-can", "sqs:SendMessage", "OrdersQueue", ORDERS]).stdout
    assert "PlaceOrder" in text
    assert "PlaceOrder" in json.dumps(_asked("sqs:SendMessage", "OrdersQueue"))


def test_a_name_that_nothing_has_is_no_empty_answer() -> None:
    """Nobody is an answer only about a thing that there is."""
    result = CliRunner().invoke(permscope, ["who-can", "invoke", "StoreOrdre", ORDERS])
    assert isinstance(result.exception, PermscopeError)
    assert "StoreOrder" in str(result.exception)
