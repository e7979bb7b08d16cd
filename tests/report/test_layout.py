"""Lines, columns and trees."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from permscope.report.layout import Branch, cut, ending, fitting, print_groups, print_line, print_tree
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


@given(rows=st.lists(st.tuples(_WORDS, _WORDS, _WORDS), min_size=1, max_size=4), width=st.integers(60, 120))
def test_columns_fit_into_the_width(rows: list[tuple[str, str, str]], width: int) -> None:
    """The widest columns give way first."""
    cells = [tuple(text(cell) for cell in row) for row in rows]
    assert sum(fitting(cells, width)) + 4 <= width
    out = io.StringIO()
    print_groups({"file": cells}, make_console(width=width + 2, no_color=True, file=out))
    assert all(cell_len(line) <= width + 2 for line in out.getvalue().splitlines())


def test_a_long_path_keeps_its_end() -> None:
    """The file name is what tells files apart."""
    console = make_console(width=80, file=io.StringIO())
    assert ending("a/b/template.yaml:3", 40, console) == "a/b/template.yaml:3"
    assert ending("some/very/long/folder/template.yaml:3", 26, console) == "…/folder/template.yaml:3"
    assert ending("folder/template.yaml:3", 4, console) == "…/template.yaml:3"


def test_what_is_cut_says_so() -> None:
    """An ellipsis stands where something is missing, counted in cells."""
    console = make_console(width=80, file=io.StringIO())
    assert cut(text("short"), 10, console).plain == "short"
    assert cut(text("注文と在庫"), 5, console).plain == "注文…"


def test_a_folded_line_hangs_under_its_first() -> None:
    """The continuation is indented."""
    out = io.StringIO()
    print_line(text("one two three four five six seven eight"), make_console(width=24, file=out), indent=2, hang=4)
    first, *rest = out.getvalue().splitlines()
    assert first == "  one two three four"
    assert all(line.startswith("      ") for line in rest)
