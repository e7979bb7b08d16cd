"""What the explorer lists, without a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from permscope.audit.run import run_audit
from permscope.collect.load import LoadOptions, load
from permscope.report.describe import name_of
from permscope.tui.neighbours import Filters, World

ORDERS = str(Path(__file__).parents[2] / "fixtures" / "orders" / "template.yaml")


@pytest.fixture(scope="module")
def world() -> World:
    """The orders with their findings."""
    audit = run_audit(load([ORDERS], LoadOptions()))
    return World(audit.graph, audit.findings)


def test_functions_come_first_and_the_worst_of_them_before_others(world: World) -> None:
    """A filter takes away and orders nothing anew."""
    everything = world.nodes(Filters())
    kinds = [node.kind.value for node in everything]
    assert kinds[0] == "function"
    assert kinds.index("function") < kinds.index("role")
    functions = [node for node in everything if node.kind.value == "function"]
    worst = [min((one.rank for one in world.findings(node)), default=5) for node in functions]
    assert worst == sorted(worst)


@pytest.mark.parametrize(
    "fields", [{"text": " storeORDER "}, {"severity": "medium"}, {"public": True}, {"level": "Write"}]
)
def test_a_filter_leaves_some_and_not_all(world: World, fields: dict[str, Any]) -> None:
    """In their order."""
    everything, left = world.nodes(Filters()), world.nodes(Filters(**fields))
    assert 0 < len(left) < len(everything)
    assert [node for node in everything if node in left] == left


def test_what_is_typed_is_found_in_name_type_and_arn(world: World) -> None:
    """In any case."""
    assert {name_of(node) for node in world.nodes(Filters(text=" storeORDER "))} == {"StoreOrder", "StoreOrderRole"}


def test_a_key_goes_through_the_choices_and_back_to_none() -> None:
    """Where there are no findings there is nothing to go through."""
    seen = [Filters()]
    for _ in range(3):
        seen.append(seen[-1].next_severity(("critical", "low")))
    assert [each.severity for each in seen] == [None, "critical", "low", None]
    assert Filters().next_severity(()) == Filters()
    assert Filters(public=True, level="Write").in_words() == "reached by anyone, level: Write"
    assert Filters().in_words() == "no filter"


def test_edges_are_seen_from_both_ends(world: World) -> None:
    """What leads in comes before what leads out."""
    (node,) = [each for each in world.nodes(Filters(text="StoreOrder")) if name_of(each) == "StoreOrder"]
    found = world.neighbours(node, Filters())
    assert [each.outgoing for each in found] == sorted(each.outgoing for each in found)
    for each in found:
        back = world.neighbours(each.node, Filters())
        assert any(other.edge is each.edge and other.outgoing is not each.outgoing for other in back)


def test_a_grant_on_star_is_taken_apart_and_leads_to_what_it_matches(world: World) -> None:
    """`dynamodb:*` on `*` is every DynamoDB resource, and the table is one of them."""
    role = next(node for node in world.nodes(Filters()) if name_of(node) == "StoreOrderRole")
    out = [each for each in world.neighbours(role, Filters()) if each.outgoing]
    assert [(each.name, each.touch.routine if each.touch else "") for each in out if each.touch is not None] == [
        ("every dynamodb resource (*)", None),
        ("every logs resource (*)", "writes its logs"),
        ("every sqs resource (*)", "polls queues"),
    ]
    tables = next(each for each in out if each.name == "every dynamodb resource (*)")
    (table,) = world.inside(tables)
    assert (table.name, table.edge.target, table.edge.source) == ("OrdersTable", table.node.id, role.id)
    assert table.edge.actions <= tables.edge.actions
    assert "Write" in table.edge.actions.levels()
    assert table.edge.provenance == tables.edge.provenance


def test_only_a_grant_on_a_pattern_has_something_inside(world: World) -> None:
    """A table is a thing, and what a role may pass is looked for elsewhere."""
    role = next(node for node in world.nodes(Filters()) if name_of(node) == "WriteInvoiceRole")
    for each in world.neighbours(role, Filters()):
        if each.touch is None or not each.touch.is_wide:
            assert not world.can_tell_inside(each)
            assert world.inside(each) == []


def test_every_resource_of_a_service_is_touched_by_those_who_may_use_that_service(world: World) -> None:
    """Who may only write logs on `*` does not stand among those who touch every table."""
    star = next(node for node in world.graph.nodes.values() if node.id == "set:*")
    everyone = {each.node.label for each in world.neighbours(star, Filters())}
    tables = world.neighbours(star, Filters(), "dynamodb")
    assert {each.node.label for each in tables} == {"StoreOrderRole"} < everyone
    assert tables[0].edge.actions.services() == ("dynamodb",)
