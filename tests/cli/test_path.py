"""`permscope path`: hop by hop, and what to cut."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from permscope.cli import permscope
from permscope.errors import PermscopeError

ORDERS = str(Path(__file__).parents[2] / "fixtures" / "orders" / "template.yaml")


def _run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(permscope, ["path", ORDERS, *arguments])
    return result.exit_code, result.stdout


def test_a_way_from_the_internet_is_told_hop_by_hop() -> None:
    """Every function on it is named."""
    code, out = _run("--from", "public", "--to", "OrdersQueue")
    assert code == 0
    assert "PlaceOrder" in out


def test_a_cut_is_told_where_it_is_asked_for() -> None:
    """For programs as for people."""
    both = ("--from", "public", "--to", "OrdersQueue", "--format", "json")
    plain, cut = (json.loads(_run(*both, *more)[1]) for more in ((), ("--cut",)))
    assert set(cut) - set(plain) == {"cut"}


def test_no_more_ways_than_asked_for() -> None:
    """At least one is asked for."""
    code, out = _run("--from", "public", "--to", "OrdersQueue", "--limit", "1", "--format", "json")
    assert code == 0
    assert len(json.loads(out)["paths"]) == 1
    assert _run("--from", "public", "--to", "OrdersQueue", "--limit", "0")[0] == 2


@pytest.mark.parametrize("ends", [("nobody", "OrdersQueue"), ("public", "nothing")])
def test_an_end_that_there_is_not_is_named(ends: tuple[str, str]) -> None:
    """No way is an answer only between things that there are."""
    result = CliRunner().invoke(permscope, ["path", ORDERS, "--from", ends[0], "--to", ends[1]])
    assert isinstance(result.exception, PermscopeError)
