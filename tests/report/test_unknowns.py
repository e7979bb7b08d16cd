"""What the input does not tell, below an answer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from permscope.graph.model import PermissionGraph
from permscope.inventory.facts import Unknown
from permscope.inventory.source import Source
from permscope.report.unknowns import print_unknowns, print_what_is_unknown

Draw = Callable[..., str]


def world(number: int) -> PermissionGraph:
    """A graph with so many unknowns."""
    folder = "a/long/way/down/to/a/template/that/stands/in/a/folder/of/its/own"
    return PermissionGraph(
        [
            Unknown(
                what=f"parameter `P{each}`",
                why="it has no default and no value was given",
                kind="parameter",
                source=Source(file=f"{folder}/template.yaml", line=each + 1),
            )
            for each in range(number)
        ]
    )


@pytest.mark.parametrize("width", [80, 120])
def test_a_place_is_never_folded(width: int, shown: Draw) -> None:
    """It is followed and copied."""
    lines = shown(lambda console: print_unknowns(world(1), console), width=width).splitlines()
    assert lines[1] == "1 unknown (what the input does not tell)"
    assert lines[-1].endswith("a/long/way/down/to/a/template/that/stands/in/a/folder/of/its/own/template.yaml:1")


def test_of_many_the_first_are_shown_and_the_rest_is_counted(shown: Draw) -> None:
    """A page of parameters says no more than ten of them."""
    text = shown(lambda console: print_unknowns(world(12), console), width=100)
    assert text.count("parameter `P") == 10
    assert "and 2 more; --format json has them all" in text


@pytest.mark.parametrize(("number", "word"), [(1, "lists it"), (2, "lists them")])
def test_an_answer_says_that_unknowns_may_add_to_it(number: int, word: str, shown: Draw) -> None:
    """Nobody takes an answer for complete that is not."""
    text = shown(lambda console: print_what_is_unknown(world(number), console), width=100)
    assert word in text


def test_nothing_is_said_where_everything_is_known(shown: Draw) -> None:
    """No unknown, no line."""
    assert shown(lambda console: print_unknowns(world(0), console), width=80) == ""
    assert shown(lambda console: print_what_is_unknown(world(0), console), width=80) == ""
