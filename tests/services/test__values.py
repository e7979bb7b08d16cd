"""Values behind undecided conditions."""

from __future__ import annotations

from permscope.inventory.located import Alternatives, LocatedDict, LocatedStr
from permscope.inventory.source import Source
from permscope.services._values import Item, dig, json_value, mappings, texts, walk

PLACE = Source("template.yaml", 4, 2)


def test_every_alternative_is_given_with_its_condition() -> None:
    """A wiring behind `Fn::If` is never lost."""
    value = Alternatives([LocatedStr("a", PLACE), None, Alternatives(["b"], "Inner")], "Outer")
    assert [(text.text, text.only_if) for text in texts(value)] == [("a", "Outer"), ("b", "Outer and Inner")]


def test_a_text_knows_its_place_or_takes_that_of_its_key() -> None:
    """Numbers and plain text take the place of the key they stand behind."""
    item = Item(LocatedDict({LocatedStr("Arn", PLACE): "a"}), None)
    assert [text.source for text in item.texts("Arn")] == [PLACE]


def test_a_path_goes_through_alternatives() -> None:
    """The first alternative that has the path is taken."""
    assert dig({"A": Alternatives([{"C": 1}, {"B": 2}], "X")}, "A", "B") == 2


def test_lists_and_single_mappings_are_read_alike() -> None:
    """CloudFormation takes one for the other."""
    assert [item.value for item in mappings([{"a": 1}, "no", {"b": 2}])] == [{"a": 1}, {"b": 2}]
    assert [item.value for item in mappings({"a": 1})] == [{"a": 1}]


def test_text_that_is_no_json_is_nothing() -> None:
    """A broken document is the caller's to report."""
    assert json_value("{broken") is None
    assert json_value('{"a": 1}') == {"a": 1}


def test_walking_ends() -> None:
    """A document nested without end is cut off."""
    value: dict[str, object] = {}
    for _ in range(500):
        value = {"a": value}
    assert len(list(walk(value))) < 100
