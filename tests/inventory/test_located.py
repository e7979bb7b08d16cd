"""Located values are ordinary values that keep their place."""

from __future__ import annotations

import copy
import pickle

from permscope.inventory.located import (
    Alternatives,
    LocatedDict,
    LocatedList,
    LocatedStr,
    as_list,
    as_text,
    options_of,
    value_source,
)
from permscope.inventory.source import Source

AT = Source("t.yaml", 3, 7)


def test_places_survive_copies() -> None:
    """A transform that copies its input carries the lines along."""
    value = LocatedDict({LocatedStr("k", AT): LocatedList([LocatedStr("v", AT)], AT)}, AT)
    for again in (copy.deepcopy(value), pickle.loads(pickle.dumps(value))):  # noqa: S301 - our own bytes
        assert again == value
        assert again.source == AT
        assert again["k"][0].source == AT
        assert next(iter(again)).source == AT


def test_a_number_takes_the_place_of_its_key() -> None:
    """Numbers and booleans cannot carry a place themselves."""
    value = LocatedDict({LocatedStr("Enabled", AT): True}, Source("t.yaml", 1))
    assert value_source(value, "Enabled") == AT


def test_alternatives_are_flattened_in_lists_and_offered_one_by_one() -> None:
    """Both branches of an undecided condition are seen."""
    either = Alternatives(["b", "c"], "IsProd")
    assert list(as_list(["a", either])) == ["a", "b", "c"]
    assert list(options_of(Alternatives([either, "d"], "Other"))) == ["b", "c", "d"]


def test_scalars_become_policy_text() -> None:
    """`true` is written as JSON writes it; a mapping is no text."""
    assert [as_text(value) for value in (True, False, 7, "x", None, {}, [])] == [
        "true",
        "false",
        "7",
        "x",
        None,
        None,
        None,
    ]
