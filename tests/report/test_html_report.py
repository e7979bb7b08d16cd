"""The HTML report as text: what it lets run, and that no text of a template gets out of its data."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from permscope.audit.findings import Finding
from permscope.errors import InputError
from permscope.graph.model import PermissionGraph
from permscope.inventory.source import Source
from permscope.report.html_report import in_script, render

World = Callable[[str], PermissionGraph]


class Page(HTMLParser):
    """Tags, attributes and script texts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember a tag."""
        self.tags.append((tag, dict(attrs)))
        self._inside = tag
        if tag == "script":
            self.scripts.append("")
        if tag == "style":
            self.styles.append("")

    def handle_endtag(self, tag: str) -> None:
        """Leave a tag."""
        self._inside = ""

    def handle_data(self, data: str) -> None:
        """Remember what stands in a script or style."""
        if self._inside == "script":
            self.scripts[-1] += data
        if self._inside == "style":
            self.styles[-1] += data


def data_of(page: Page) -> dict[str, object]:
    """The data block of a page."""
    found = json.loads(page.scripts[0])
    assert isinstance(found, dict)
    return found


def sha(text: str) -> str:
    """A hash as a Content-Security-Policy writes it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@pytest.mark.parametrize("folder", ["orders", "hostile"])
def test_only_the_scripts_and_styles_of_the_report_itself_may_run(folder: str, world: World) -> None:
    """Each is allowed by its hash; nothing is loaded, framed or sent."""
    page = Page(render(world(folder), []))
    policy = next(dict(attrs)["content"] for tag, attrs in page.tags if dict(attrs).get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "http:" not in policy
    assert set(re.findall(r"'sha256-[^']+'", policy)) == {sha(each) for each in page.scripts[1:] + page.styles}
    assert not any("src" in attrs or ("href" in attrs and attrs["href"] != "#content") for _, attrs in page.tags)
    assert not any(name.startswith("on") or name == "style" for _, attrs in page.tags for name in attrs)


def test_the_structure_of_the_page_does_not_depend_on_names_in_the_template(world: World) -> None:
    """A template full of markup makes the same tags as a plain one."""
    assert Page(render(world("hostile"), [])).tags[3:] == Page(render(world("orders"), [])).tags[3:]


def test_hostile_text_stays_what_it_is_in_the_data(world: World) -> None:
    """It is read back letter by letter, control characters written out."""
    text = json.dumps(data_of(Page(render(world("hostile"), []))), ensure_ascii=False)
    assert "</script>" in text
    assert "\\\\x1b[31m" in text
    assert "\u202e" not in text


@pytest.mark.parametrize("hostile", ["</script>", "<!--<script>", "]]>", "a&amp;b", "\u2028\u2029", "'\"`"])
def test_text_in_the_data_block_cannot_end_it(hostile: str) -> None:
    """No character that HTML or JavaScript gives a meaning is left, and JSON gives the text back."""
    made = in_script([hostile])
    assert not set(made) & {"<", ">", "&", "\u2028", "\u2029"}
    assert json.loads(made) == [hostile]


def test_the_report_has_what_was_found_and_what_could_not_be_read(world: World) -> None:
    """Findings point at their nodes; errors and unknowns are there."""
    graph = world("orders")
    function = next(node for node in graph.nodes.values() if node.label == "StoreOrder")
    finding = Finding(
        rule="some-rule",
        severity="high",
        resource="StoreOrder",
        message="`StoreOrder` may do something",
        fix="Write less.",
        references=("https://docs.aws.amazon.com/x", "javascript:alert(1)"),
        nodes=(function.id, "set:*"),
    )
    error = InputError("it is broken", source=Source(file="other.yaml", line=3), hint="mend it")
    data = data_of(Page(render(graph, [finding], [error], rules=7)))
    nodes, findings, errors = data["nodes"], data["findings"], data["errors"]
    assert isinstance(nodes, list)
    assert isinstance(findings, list)
    assert [nodes[number]["name"] for number in findings[0]["nodes"]] == ["StoreOrder"]
    assert findings[0]["references"] == ["https://docs.aws.amazon.com/x"]
    assert errors == [{"what": "it is broken", "why": "mend it", "place": "other.yaml:3"}]
    assert data["audited"] is True
    assert data_of(Page(render(graph)))["audited"] is False


def test_two_runs_write_the_same_bytes(world: World) -> None:
    """Reports can be compared."""
    assert render(world("orders"), []) == render(world("orders"), [])


def test_grants_on_patterns_are_followed_to_the_known_things_they_match(world: World) -> None:
    """`dynamodb:*` on `*` is a way to the table, without an edge that is drawn."""
    data = data_of(Page(render(world("orders"))))
    nodes, through = data["nodes"], data["through"]
    assert isinstance(nodes, list)
    assert isinstance(through, list)
    assert [(nodes[edge["source"]]["name"], nodes[edge["target"]]["name"]) for edge in through] == [
        ("StoreOrderRole", "OrdersTable")
    ]


def test_the_licences_of_the_libraries_are_in_the_file(world: World) -> None:
    """Their authors ask for that."""
    text = render(world("orders"))
    assert "The Cytoscape Consortium" in text
    assert "Chris Pettitt" in text
