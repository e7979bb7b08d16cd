"""Values are written apart from their places, and come back where things are now."""

from __future__ import annotations

import pytest

from permscope.inventory.located import LocatedStr
from permscope.inventory.placed import Placed, moved_lines, names_a_line, read
from permscope.inventory.placed import write as to_bytes
from permscope.inventory.source import NOWHERE, Source


def texts(*lines: int, file: str = "t.yaml") -> list[LocatedStr]:
    """One text on each of these lines."""
    return [LocatedStr(f"text {number}", Source(file, line, 3)) for number, line in enumerate(lines)]


def write(value: object) -> Placed:
    """A value as bytes."""
    found = to_bytes(value)
    assert found is not None
    return found


def places(value: list[LocatedStr]) -> list[Source]:
    """Where they stand."""
    return [text.source for text in value]


def test_a_value_comes_back_with_its_places() -> None:
    """Files, lines, columns and calls are those that were written."""
    value = [
        *texts(4, 4, 9),
        LocatedStr("live", Source(call="iam.get_role", account="111122223333", region="eu-west-1")),
    ]
    found = read(write(value))
    assert found == value
    assert places(found) == places(value)


def test_nowhere_stays_the_one_it_is() -> None:
    """What asks whether a place is `NOWHERE` gets the same answer."""
    assert read(write([NOWHERE]))[0] is NOWHERE


@pytest.mark.parametrize("lines", [(5, 6, 10), (4, 9, 10), (40, 41, 42)])
def test_what_only_moved_has_the_same_outline(lines: tuple[int, int, int]) -> None:
    """Lines above come and go without changing what is said."""
    assert write(texts(*lines)).outline == write(texts(4, 5, 9)).outline


@pytest.mark.parametrize("lines", [(5, 4, 9), (4, 4, 9), (4, 9, 9)])
def test_another_order_or_a_shared_line_is_another_outline(lines: tuple[int, int, int]) -> None:
    """Findings are sorted by line, and those on one line may be one."""
    assert write(texts(*lines)).outline != write(texts(4, 5, 9)).outline


def test_another_text_column_or_file_is_another_outline() -> None:
    """Only lines are left out."""
    one = write([LocatedStr("a", Source("t.yaml", 4, 3))]).outline
    others = [("b", "t.yaml", 3), ("a", "u.yaml", 3), ("a", "t.yaml", 5)]
    assert all(write([LocatedStr(text, Source(file, 4, column))]).outline != one for text, file, column in others)


def test_lines_are_put_right_in_the_file_that_moved_alone() -> None:
    """What was made of the old lines is read with the new ones."""
    value = [*texts(4, 9), *texts(4, file="u.yaml")]
    then, now = write(value), write([*texts(7, 11), *texts(4, file="u.yaml")])
    moved = moved_lines(then.lines, now.lines)
    assert moved == {"t.yaml": {4: 7, 9: 11}}
    assert places(read(then, moved)) == [Source("t.yaml", 7, 3), Source("t.yaml", 11, 3), Source("u.yaml", 4, 3)]


def test_a_line_whose_new_number_nobody_knows_is_not_guessed() -> None:
    """Then what was made of it is made anew."""
    assert read(write(texts(5)), {"t.yaml": {4: 7}}) is None


def test_what_cannot_be_written_or_read_is_nothing() -> None:
    """A cache that fails costs time, not a run."""
    assert to_bytes(lambda: None) is None
    assert read(Placed(b"broken", ())) is None


@pytest.mark.parametrize(
    "now",
    [
        [("t.yaml", (1, 2))],
        [("u.yaml", (4, 9))],
        [("t.yaml", (4, 9)), ("t.yaml", (4, 9))],
        [],
    ],
    ids=["fewer-lines", "other-file", "more-files", "no-file"],
)
def test_files_that_do_not_correspond_have_not_only_moved(now: list[tuple[str, tuple[int, ...]]]) -> None:
    """Where lines cannot be told from each other, everything is worked out anew."""
    assert moved_lines([("t.yaml", (4, 9, 12))], now) is None


def test_a_file_that_two_stacks_read_moves_once() -> None:
    """Each stack knows some lines of a nested template; together they must agree, in order."""
    then = [("n.yaml", (4,)), ("n.yaml", (6,))]
    assert moved_lines(then, [("n.yaml", (5,)), ("n.yaml", (9,))]) == {"n.yaml": {4: 5, 6: 9}}
    assert moved_lines(then, [("n.yaml", (9,)), ("n.yaml", (5,))]) is None
    assert moved_lines([("n.yaml", (4,)), ("n.yaml", (4,))], [("n.yaml", (5,)), ("n.yaml", (6,))]) is None


def test_a_text_that_says_a_line_is_known() -> None:
    """The words of an edge may name the line of a Deny."""
    said = write(["limited by the Deny at t.yaml:12"])
    assert names_a_line(said, ["t.yaml"])
    assert not names_a_line(said, ["u.yaml"])
    assert isinstance(said, Placed)
