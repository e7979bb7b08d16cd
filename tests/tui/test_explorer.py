"""The terminal explorer, driven by textual's own pilot."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from permscope.audit.run import run_audit
from permscope.collect.load import LoadOptions, load
from permscope.report.describe import name_of

pytest.importorskip("textual", reason="the extra permscope[tui] is not installed")

if TYPE_CHECKING:
    from permscope.tui.explorer import Explorer

ROOT = Path(__file__).parents[2]


def driven(folder: str, steps: Callable[[Explorer, Any], Awaitable[None]], size: tuple[int, int] = (140, 40)) -> None:
    """Run the explorer on a fixture, on a screen of a size, and do steps in it."""
    from permscope.tui.explorer import Explorer

    inventory = load([str(ROOT / "fixtures" / folder)], LoadOptions())
    audit = run_audit(inventory)

    async def run() -> None:
        app = Explorer(audit.graph, audit.findings)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await steps(app, pilot)

    asyncio.run(run())


def said(app: Explorer) -> str:
    """What stands in the right column."""
    from textual.widgets import Static

    return str(app.query_one("#text", Static).render())


def test_a_search_leaves_what_matches_and_enter_goes_to_the_list() -> None:
    """Type a part of a name."""

    async def steps(app: Explorer, pilot: Any) -> None:
        await pilot.press("slash", *"storeorder", "enter")
        await pilot.pause()
        assert [name_of(node) for node in app.listed] == ["StoreOrder", "StoreOrderRole"]
        assert app.focused is not None
        assert app.focused.id == "nodes"

    driven("orders", steps)


def test_edges_are_walked_in_and_back_with_their_statements() -> None:
    """From a function along `runs as` to its role, and back again."""

    async def steps(app: Explorer, pilot: Any) -> None:
        await pilot.press("slash", *"storeorder", "enter", "enter")
        await pilot.pause()
        at = next(number for number, each in enumerate(app.around) if each.edge.kind.value == "executes_as")
        for _ in range(at):
            await pilot.press("down")
        await pilot.press("right")
        await pilot.pause()
        assert app.node is not None
        assert name_of(app.node) == "StoreOrderRole"
        while "dynamodb:*" not in said(app):
            await pilot.press("down")
        assert "lines are those of" in said(app)
        assert "  :49" in said(app)
        await pilot.press("left")
        assert name_of(app.node) == "StoreOrder"

    driven("orders", steps)


def test_filters_leave_severity_public_and_level() -> None:
    """Each key narrows the list and says so above it."""

    async def steps(app: Explorer, pilot: Any) -> None:
        every = len(app.listed)
        await pilot.press("s")
        assert "WriteInvoice" in [name_of(node) for node in app.listed]
        assert len(app.listed) < every
        assert "critical" in app.sub_title
        await pilot.press("s", "s", "s")
        assert app.filters.severity is None  # nothing is medium or low: those are passed over
        assert len(app.listed) == every
        await pilot.press("p")
        assert "WriteInvoiceNightly" not in [name_of(node) for node in app.listed]
        assert "PlaceOrder" in [name_of(node) for node in app.listed]
        await pilot.press("p", "l", "l")
        assert app.filters.level == "Read"
        assert "OrdersTable" in [name_of(node) for node in app.listed]

    driven("orders", steps)


def test_the_fix_of_the_worst_finding_is_copied() -> None:
    """And where there is no finding, that is said."""

    async def steps(app: Explorer, pilot: Any) -> None:
        await pilot.press("slash", *"writeinvoice", "enter", "c")
        await pilot.pause()
        assert app.clipboard.startswith("Name the caller")

    driven("orders", steps)


def test_hostile_names_are_shown_letter_by_letter() -> None:
    """No markup and no terminal escape of a template takes effect."""

    async def steps(app: Explorer, pilot: Any) -> None:
        await pilot.press("slash", *"javascript:alert(2)", "enter")
        await pilot.pause()
        assert "[bold]javascript" in said(app)
        assert "\\x1b[31m" in said(app)

    driven("hostile", steps)


def test_a_filter_that_leaves_nothing_says_so_and_escape_brings_all_back() -> None:
    """No stale edges stand beside an empty list."""

    async def steps(app: Explorer, pilot: Any) -> None:
        every = len(app.listed)
        await pilot.press("x")
        await pilot.pause()
        assert app.listed == []
        assert (app.node, app.around) == (None, [])
        assert "nothing is left" in said(app)
        await pilot.press("right", "c", "escape")
        await pilot.pause()
        assert len(app.listed) == every

    driven("orders", steps)


def test_the_keys_are_explained_by_one_of_them() -> None:
    """`?` opens the list, any key closes it."""

    async def steps(app: Explorer, pilot: Any) -> None:
        from permscope.tui.explorer import Help

        await pilot.press("question_mark")
        await pilot.pause()
        assert isinstance(app.screen, Help)
        await pilot.press("p")
        await pilot.pause()
        assert not isinstance(app.screen, Help)
        assert not app.filters.public

    driven("orders", steps)


def test_a_small_terminal_puts_edges_and_statements_below_each_other() -> None:
    """Eighty columns are two columns of text, not three."""

    async def steps(app: Explorer, pilot: Any) -> None:
        edges, detail = app.query_one("#edges").region, app.query_one("#detail").region
        assert edges.x == detail.x
        assert edges.width >= 40
        await pilot.resize_terminal(140, 40)
        await pilot.pause()
        edges, detail = app.query_one("#edges").region, app.query_one("#detail").region
        assert edges.y == detail.y

    driven("orders", steps, (80, 24))


def test_the_way_walked_stands_below_the_edges() -> None:
    """So that nobody gets lost."""

    async def steps(app: Explorer, pilot: Any) -> None:
        await pilot.press("right", "right")
        await pilot.pause()
        assert app.node is not None
        assert str(app.query_one("#edges").border_subtitle) == f"WriteInvoice > {name_of(app.node)}"

    driven("orders", steps)


def test_a_grant_on_star_is_walked_into_what_it_matches_and_back() -> None:
    """From the role to every DynamoDB resource, to the table, and back to the very edge."""

    async def steps(app: Explorer, pilot: Any) -> None:
        await pilot.press("slash", *"storeorderrole", "enter", "right")
        await pilot.pause()
        at = next(at for at, each in enumerate(app.around) if each.name == "every dynamodb resource (*)")
        await pilot.press(*["down"] * at, "right")
        await pilot.pause()
        assert app.around[0].name == "OrdersTable"
        await pilot.press("right")
        await pilot.pause()
        assert app.node is not None
        assert name_of(app.node) == "OrdersTable"
        await pilot.press("left", "left")
        await pilot.pause()
        assert name_of(app.node) == "StoreOrderRole"
        edges = app.query_one("#edges", OptionList)
        assert edges.highlighted == at
        assert "Action: dynamodb:*" in said(app)

    from textual.widgets import OptionList

    driven("orders", steps)
