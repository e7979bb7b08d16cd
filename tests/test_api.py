"""The public Python API, and the examples of its page."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import permscope

ROOT = Path(__file__).parent.parent
ORDERS = ROOT / "fixtures" / "orders" / "template.yaml"
EXAMPLES = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "api.md").read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def world() -> permscope.World:
    """The small order service."""
    return permscope.load(ORDERS)


@pytest.mark.parametrize("at", range(len(EXAMPLES)))
def test_an_example_of_the_page_runs(at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each block stands on its own, and the tests in it pass."""
    monkeypatch.chdir(ROOT)
    names: dict[str, Any] = {"__name__": "example"}
    exec(compile(EXAMPLES[at], f"docs/api.md, example {at}", "exec"), names)  # noqa: S102 (our own page)
    for test in [value for name, value in names.items() if name.startswith("test_")]:
        test()


@pytest.mark.parametrize("name", permscope.__all__)
def test_every_public_name_is_there(name: str) -> None:
    """Names are found when they are asked for, and listed."""
    assert getattr(permscope, name) is not None
    assert name in dir(permscope)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    """`hasattr` works, and the message says what is missing."""
    with pytest.raises(AttributeError, match="has no `nothing`"):
        _ = permscope.nothing


def test_importing_the_package_imports_nothing_else() -> None:
    """The command line starts before anything of the API is read."""
    code = "import sys, permscope; print([name for name in sys.modules if name.startswith('permscope.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "['permscope.version']"


def test_answers_are_dataclasses(world: permscope.World) -> None:
    """They compare, print and turn into plain values."""
    for holder in world.who_can("dynamodb:*", "OrdersTable"):
        assert dataclasses.asdict(holder)["name"] == holder.name
    for permission in world.what_can("WriteInvoice"):
        assert dataclasses.asdict(permission)["levels"] == permission.levels


def test_a_pattern_of_actions_tells_which_of_them(world: permscope.World) -> None:
    """Each holder has its own part of what was asked for."""
    actions = {holder.name: holder.actions for holder in world.who_can("dynamodb:*Item", "OrdersTable")}
    assert "dynamodb:DeleteItem" in actions["StoreOrderRole"]
    assert "dynamodb:GetItem" in actions["WriteInvoiceRole"]
    assert "dynamodb:DeleteItem" not in actions["WriteInvoiceRole"]


def test_whether_somebody_can_has_three_answers(world: permscope.World, tmp_path: Path) -> None:
    """Surely, not at all, or under conditions."""
    assert world.can("StoreOrder", "dynamodb:PutItem", "OrdersTable") is True
    assert world.can("PlaceOrder", "dynamodb:PutItem", "OrdersTable") is False
    assert world.can("public", "lambda:InvokeFunction", "WriteInvoice") is True
    text = ORDERS.read_text(encoding="utf-8").replace(
        'Resource: "*"', 'Resource: "*"\n              Condition: {IpAddress: {"aws:SourceIp": 10.0.0.0/8}}'
    )
    changed = tmp_path / "template.yaml"
    changed.write_text(text, encoding="utf-8")
    assert permscope.load(changed).can("StoreOrder", "dynamodb:PutItem", "OrdersTable") is None


def test_values_of_parameters_are_taken(tmp_path: Path) -> None:
    """What the caller knows is no unknown."""
    template = tmp_path / "template.yaml"
    template.write_text(
        "Parameters: {Name: {Type: String}}\n"
        "Resources: {Topic: {Type: 'AWS::SNS::Topic', Properties: {TopicName: !Ref Name}}}\n",
        encoding="utf-8",
    )
    assert not permscope.load(template, parameters={"Name": "orders"}).unknowns


@pytest.mark.parametrize(
    "ask",
    [
        lambda world: world.who_can("dynamodb:PutItems", "OrdersTable"),
        lambda world: world.what_can("Nobody"),
        lambda world: world.can("PlaceOrder", "sqs:SendMessage", "Nothing"),
        lambda world: world.as_policy("public"),
    ],
)
def test_a_name_that_means_nothing_is_told(ask: Callable[[permscope.World], object], world: permscope.World) -> None:
    """An answer about something that is not there would be a silent pass."""
    with pytest.raises(permscope.NameNotFoundError):
        ask(world)


def test_findings_are_the_ones_of_the_command(world: permscope.World) -> None:
    """All of them, or those of the rules that are asked for."""
    (public,) = world.audit(only=["permission-public"])
    assert public in world.audit()


def test_policies_are_consolidated(world: permscope.World) -> None:
    """The document of a function is that of its role."""
    assert world.as_policy("StoreOrder") == world.as_policy("StoreOrderRole")
