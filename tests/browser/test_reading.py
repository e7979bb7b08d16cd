"""The HTML report as a screen reader walks it: the accessibility tree of a real browser, read from top to bottom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver

pytestmark = pytest.mark.browser
Open = Callable[..., "WebDriver"]
PARTS = ("summary", "functions", "graph", "findings", "access", "unknowns")
FOLDERS = ("fixtures/orders", "fixtures/hostile")
INTERACTIVE = {"button", "link", "tab", "searchbox", "combobox", "checkbox", "listbox", "DisclosureTriangle"}


class Said(NamedTuple):
    """What a reader says at one place of the tree.

    Attributes:
        level: of a heading; 0 for others.
        under: the roles around it, outermost first.
    """

    role: str
    name: str
    level: int
    under: tuple[str, ...]


def read(browser: WebDriver) -> list[Said]:
    """The tree in reading order, without what is there for the layout only."""
    nodes = browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    by_id = {node["nodeId"]: node for node in nodes}

    def walk(node: dict[str, Any], under: tuple[str, ...]) -> Iterator[Said]:
        role = node.get("role", {}).get("value", "")
        if not node.get("ignored") and role not in ("none", "generic", "InlineTextBox"):
            properties = {each["name"]: each["value"].get("value") for each in node.get("properties", ())}
            level = int(properties.get("level", 0)) if role == "heading" else 0
            yield Said(role, node.get("name", {}).get("value", ""), level, under)
            under = (*under, role)
        for child in node.get("childIds", ()):
            if child in by_id:
                yield from walk(by_id[child], under)

    return list(walk(nodes[0], ()))


@pytest.fixture
def unknown(tmp_path: Path) -> str:
    """A template with more that nobody knows than fits on a screen."""
    template = tmp_path / "template.yaml"
    queues = "".join(
        f"  Q{at}: {{Type: 'AWS::SQS::Queue', Properties: {{QueueName: !Ref P{at}}}}}\n" for at in range(60)
    )
    parameters = "".join(f"  P{at}: {{Type: String}}\n" for at in range(60))
    template.write_text(f"Parameters:\n{parameters}Resources:\n{queues}", encoding="utf-8")
    return str(template)


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("part", PARTS)
def test_whatever_can_be_used_has_a_name(folder: str, part: str, opened: Open) -> None:
    """A button without a name is `button` to who does not see it."""
    found = [said for said in read(opened(folder, part)) if said.role in INTERACTIVE]
    assert len(found) > 8
    assert [said for said in found if not said.name.strip()] == []


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("part", PARTS)
def test_headings_step_down_one_level_at_a_time(folder: str, part: str, opened: Open) -> None:
    """The outline begins with the report and the part that is open; readers jump along it."""
    levels = [said.level for said in read(opened(folder, part)) if said.role == "heading"]
    names = [said.name for said in read(opened(folder, part)) if said.role == "heading"]
    assert levels[:2] == [1, 2]
    assert names[:2] == ["permscope", part.capitalize()]
    assert all(below <= above + 1 for above, below in pairwise(levels))


@pytest.mark.parametrize("part", ["summary", "access", "unknowns"])
def test_tables_say_what_they_are_and_what_their_columns_are(part: str, unknown: str, opened: Open) -> None:
    """Cells are read with the header of their column."""
    browser = opened(unknown if part == "unknowns" else "fixtures/orders", part)
    said = read(browser)
    tables = [each for each in said if each.role == "table"]
    assert tables
    assert all(each.name for each in tables)
    assert browser.execute_script("return document.querySelectorAll('section:not([hidden]) thead th').length") == len(
        [each for each in said if each.role == "columnheader" and each.name]
    )


def test_letters_of_access_levels_are_read_as_words(opened: Open) -> None:
    """`LRWTP` is no word; the cell says the levels, and the row which function has them."""
    said = read(opened("fixtures/orders", "access"))
    cells = [each.name for each in said if each.role == "cell" and each.name]
    assert "List, Read, Write, Tagging, Permissions management" in cells
    assert all(set(name) - set("LRWTP()") for name in cells)
    assert {each.name for each in said if each.role == "rowheader"} == {"PlaceOrder", "StoreOrder", "WriteInvoice"}


def test_a_verdict_is_read_as_a_word(opened: Open) -> None:
    """A check mark is read as its Unicode name, which says nothing of wirings."""
    said = read(opened("fixtures/orders", "functions"))
    assert "authorized" in [each.name for each in said if each.role == "image"]
    spoken = [each for each in said if each.role == "StaticText" and "image" not in each.under]
    assert [each for each in spoken if "\u2713" in each.name] == []


def test_the_buttons_that_copy_say_what_they_copy(opened: Open) -> None:
    """Five buttons named `Copy` are told apart by nobody who hears them."""
    browser = opened("fixtures/orders", "findings")
    browser.execute_script("document.querySelectorAll('details.finding').forEach((each) => { each.open = true; })")
    names = [each.name for each in read(browser) if each.role == "button" and each.name.startswith("Copy")]
    assert names[0] == "Copy the fix of permission-public"
    assert len(names) == 5


@pytest.mark.parametrize(
    ("part", "field", "typed", "announced"),
    [
        ("functions", "filter-functions", "orderstable", "1 function found"),
        ("findings", "filter-findings", "StoreOrder", "1 of 5 findings, by severity"),
        ("access", "filter-matrix", "sqs", "1 function"),
        ("graph", "depth", "3", "13 nodes, 13 edges"),
        ("graph", "find", "Invoi", "4 names found"),
        ("graph", "find", "nothing like it", "No name matches"),
    ],
)
def test_a_filter_announces_how_much_is_left(part: str, field: str, typed: str, announced: str, opened: Open) -> None:
    """Who does not see the list shrink is told; before that nothing is announced."""
    browser = opened("fixtures/orders", part)
    assert browser.execute_script("return document.getElementById('said').textContent") == ""
    if part == "access":
        browser.execute_script(
            "const box = document.getElementById('matrix-columns'); box.value = 'services';"
            "box.dispatchEvent(new Event('input'))"
        )
    browser.execute_script(
        "const box = document.getElementById(arguments[0]); box.value = arguments[1];"
        "box.dispatchEvent(new Event('input'))",
        field,
        typed,
    )
    assert browser.execute_script("return document.getElementById('said').textContent").startswith(announced)
    assert browser.execute_script("return document.getElementById('said').getAttribute('aria-live')") == "polite"


def test_the_tab_key_reaches_everything_in_the_order_it_is_read(opened: Open) -> None:
    """From the link that skips the head to the last button; the drawing is walked in the panel."""
    browser = opened("fixtures/orders", "graph")
    browser.execute_script("document.activeElement.blur(); getSelection().removeAllRanges()")
    order = []
    for _ in range(60):
        browser.execute_cdp_cmd(
            "Input.dispatchKeyEvent", {"type": "keyDown", "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9}
        )
        found = browser.execute_script(
            "const at = document.activeElement;"
            "return at === document.body ? null : at.id || at.getAttribute('aria-label') || at.textContent"
        )
        if found is None or (order and found == order[0]):
            break
        order.append(found)
    expected = ["Skip to the content", "theme", "print", "tab-graph", "find", "depth", "graph-severity", "only-public"]
    assert order[: len(expected)] == expected
    assert [name for name in order if name in ("WriteInvoice", "PlaceOrder", "StoreOrder")] == [
        "WriteInvoice",
        "PlaceOrder",
        "StoreOrder",
    ]


def test_a_part_does_not_open_scrolled(unknown: str, opened: Open) -> None:
    """The address names the part; the page begins at its top."""
    for part in PARTS:
        browser = opened(unknown, part)
        assert browser.execute_script("return scrollY") == 0
