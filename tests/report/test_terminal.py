"""The one place that knows width, colour and what a terminal can draw."""

from __future__ import annotations

import io

import pytest

from permscope.report.terminal import ASCII, LETTERS, UNICODE, count, levels, make_console, symbols, text


def test_a_pipe_gets_a_fixed_width_unless_the_environment_says_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same report in every CI; a width that is no number counts as none."""
    assert make_console(file=io.StringIO()).width == 100
    for columns, width in (("72", 72), ("0", 100), ("wide", 100)):
        monkeypatch.setenv("COLUMNS", columns)
        assert make_console(file=io.StringIO()).width == width
    assert make_console(file=io.StringIO(), width=40).width == 40


@pytest.mark.parametrize(
    ("encoding", "drawn"), [("utf-8", UNICODE), ("ascii", ASCII), ("cp1252", ASCII), ("", UNICODE)]
)
def test_what_an_output_cannot_encode_is_drawn_in_ascii(encoding: str, drawn: object) -> None:
    """No report ends in an error of encoding."""
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding or "utf-8")
    assert symbols(make_console(file=file)) is drawn
    assert symbols(make_console(file=file, ascii_only=True)) is ASCII


def test_the_drawing_characters_of_ascii_are_ascii() -> None:
    """Each has its own."""
    assert "".join(ASCII).isascii()
    assert not "".join(UNICODE).isascii()


def test_a_name_neither_colours_nor_moves_anything() -> None:
    """Markup and control characters are text; lines stay where they are asked to."""
    shown = text("[bold]x[/bold]\x1b[31m", ("a\nb", "red")).plain
    assert shown == "[bold]x[/bold]\\x1b[31ma\\x0ab"
    assert text("a\nb", keep_lines=True).plain == "a\nb"


def test_levels_are_named_and_all_of_them_in_three_words() -> None:
    """A list of five says nothing that `every` does not."""
    assert "".join(part for part, _ in levels(("Read", "Write"))) == "Read, Write"
    assert [part for part, _ in levels(tuple(LETTERS))] == ["every access level"]


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 entries"), (1, "1 entry"), (2, "2 entries"), (12345, "12,345 entries")]
)
def test_a_number_goes_with_its_noun(number: int, words: str) -> None:
    """One is singular, none is not."""
    assert count(number, "entry", "entries") == words
