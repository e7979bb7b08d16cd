"""Names from templates are data in every output."""

from __future__ import annotations

import re

import pytest

from permscope.report.escape import in_dot, in_markdown, in_mermaid, visible


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("plain name", "plain name"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("two\nlines", "two\\x0alines"),
        ("\x9b31m", "\\x9b31m"),
        ("a\u202eb", "a\\u202eb"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("日本語", "日本語"),
        ("[bold]brackets[/bold]", "[bold]brackets[/bold]"),
    ],
)
def test_control_and_reordering_characters_are_written_out(hostile: str, shown: str) -> None:
    """What a terminal would obey becomes text it shows."""
    assert visible(hostile) == shown


def test_lines_can_be_kept_where_text_has_lines() -> None:
    """Excerpts keep their line feeds and tabs, and nothing else."""
    assert visible("a\n\tb\x1b", keep_lines=True) == "a\n\tb\\x1b"


def test_mermaid_labels_hold_no_html_and_no_quotes() -> None:
    """A label can neither close its quotes nor bring markup."""
    assert in_mermaid('<img src=x onerror="a">]') == "#60;img src=x onerror=#34;a#34;#62;#93;"


def test_graphviz_labels_cannot_close_their_quotes() -> None:
    """Quotes and backslashes are escaped."""
    assert in_dot('a"]; b -> c \\') == 'a\\"]; b -> c \\\\'


@pytest.mark.parametrize("text", ["``` <img> `", "`a` <img> `b`", "<img>", "`a\n\n<img>`", "`` `<img>` ``", "a`<img>"])
def test_backticks_of_a_template_open_no_way_out(text: str) -> None:
    """Whatever runs of backticks a name has, HTML stands in a code span or is escaped."""
    for shown in (in_markdown(text), in_markdown(text, keep_lines=True)):
        assert "<img>" not in re.sub(r"(?<!`)`[^`\n]+`(?!`)", "", shown)
