"""Lines, columns and trees."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from permscope.report.layout import Branch, cell_width, fitting, fold, print_groups, print_line, print_title, print_tree
from permscope.report.terminal import make_console, text

_WORDS = st.text(st.sampled_from("ab /:-注文🙂"), max_size=60)


@given(name=_WORDS, under=st.lists(_WORDS, max_size=4), width=st.integers(40, 100))
def test_a_tree_stays_within_its_width_and_loses_nothing(name: str, under: list[str], width: int) -> None:
    """Folding changes white space only."""
    out = io.StringIO()
    root = Branch(text(name))
    for each in under:
        root.add(each).add(each)
    print_tree(root, make_console(width=width, no_color=True, file=out))
    lines = out.getvalue().splitlines()
    assert all(cell_len(line) <= width and line == line.rstrip() for line in lines)
    drawn = "".join(character for character in out.getvalue() if character not in "├└─│ \n")
    assert drawn == "".join(name.split()) + "".join("".join(each.split()) * 2 for each in under)


@given(rows=st.lists(st.tuples(_WORDS, _WORDS, _WORDS), min_size=1, max_size=4), width=st.integers(38, 120))
def test_columns_fit_into_the_width(rows: list[tuple[str, str, str]], width: int) -> None:
    """The widest columns give way first."""
    cells = [tuple(text(cell) for cell in row) for row in rows]
    assert sum(fitting(cells, width)) + 4 <= width
    out = io.StringIO()
    print_groups({"file": cells}, make_console(width=width + 2, no_color=True, file=out))
    assert all(cell_len(line) <= width + 2 for line in out.getvalue().splitlines())


def test_a_place_that_does_not_fit_beside_a_name_stands_below_it_in_full() -> None:
    """It is followed and copied, so nothing of it is left out and it is not folded."""
    for width, expected in ((40, "F  a/b/t.yaml:3\n"), (20, "Name of a function\n  a/b/t.yaml:3\n")):
        out = io.StringIO()
        name = "F" if width > 20 else "Name of a function"
        print_title(text(name), "a/b/t.yaml:3", make_console(width=width, file=out))
        assert out.getvalue() == expected


def test_a_folded_line_hangs_under_its_first() -> None:
    """The continuation is indented."""
    out = io.StringIO()
    print_line(text("one two three four five six seven eight"), make_console(width=24, file=out), indent=2, hang=4)
    first, *rest = out.getvalue().splitlines()
    assert first == "  one two three four"
    assert all(line.startswith("      ") for line in rest)


@pytest.mark.parametrize(
    ("words", "width", "lines"),
    [
        ("APITestingLambdaFunctionRole", 27, ["APITestingLambdaFunction", "Role"]),
        ("runs StoreOrderFromTheQueue at night", 24, ["runs", "StoreOrderFromTheQueue", "at night"]),
        ("runs AFunctionWithANameLongerThanALine now", 24, ["runs AFunctionWithAName", "LongerThanALine now"]),
        ("arn:aws:s3:::some-bucket/prefix", 20, ["arn:aws:s3:::some-", "bucket/prefix"]),
        ("averyverylongnamewithoutanyjoint", 20, ["averyverylongnamewit", "houtanyjoint"]),
        ("\u6ce8\u6587" * 12, 20, ["\u6ce8\u6587" * 5, "\u6ce8\u6587" * 5, "\u6ce8\u6587" * 2]),
    ],
)
def test_a_line_is_folded_between_words_and_long_names_at_their_joints(
    words: str, width: int, lines: list[str]
) -> None:
    """A name that has to be broken is still read as its parts; an arrow before it is not left alone."""
    assert [line.plain for line in fold(text(words), width)] == lines


@given(
    words=st.text(st.sampled_from("aB /:-\u6ce8\u6587"), max_size=200),
    width=st.integers(16, 60),
    hang=st.integers(0, 4),
)
def test_folding_loses_nothing_and_stays_within_the_width(words: str, width: int, hang: int) -> None:
    """Only white space goes, at the ends of lines."""
    found = fold(text(words), width, hang=hang)
    assert "".join("".join(line.plain.split()) for line in found) == "".join(words.split())
    if len(found) > 1:
        assert all(cell_width(line) <= max(width, 16) for line in found)


def test_folding_a_name_of_a_hundred_thousand_letters_takes_no_time() -> None:
    """A hostile template has such names; each letter is looked at once."""
    assert len(fold(text("x" * 100_000), 80)) == 1250
