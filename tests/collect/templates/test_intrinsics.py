"""The resolver: unknown values, alternatives, bounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from permscope.collect.templates.intrinsics import MAX_ALTERNATIVES, NO_VALUE
from permscope.collect.templates.stack import Bound
from permscope.inventory.located import Alternatives
from permscope.inventory.source import Source

TEMPLATE = """
Parameters: {P: {Type: String}}
Conditions:
  A: !Equals [!Ref P, a]
  B: !Equals [!Ref P, b]
  C: !Equals [!Ref P, c]
Resources: {Table: {Type: 'AWS::DynamoDB::Table'}}
"""
PLACE = Source("t.yaml", 1, 1)


def _if(condition: str, one: Any, other: Any) -> dict[str, Any]:
    return {"Fn::If": [condition, one, other]}


def test_each_way_the_conditions_turn_out_gives_one_text(bind: Callable[..., Bound]) -> None:
    """Two conditions give four texts; one that is asked twice turns out the same."""
    resolver = bind(TEMPLATE).resolver
    found = resolver.resolve({"Fn::Join": ["", [_if("A", "1", "2"), _if("B", "x", "y"), _if("A", "1", "2")]]})
    assert isinstance(found, Alternatives)
    assert list(found) == ["1x1", "1y1", "2x2", "2y2"]


def test_too_many_ways_are_an_unknown(bind: Callable[..., Bound]) -> None:
    """More than are kept apart is no list of half of them."""
    names = [f"C{number}" for number in range(6)]
    conditions = "".join(f"  {name}: !Equals [!Ref P, '{name}']\n" for name in names)
    resolver = bind(TEMPLATE.replace("Resources:", f"{conditions}Resources:")).resolver
    found = resolver.resolve({"Fn::Join": ["", [_if(name, "1", "2") for name in names]]})
    assert 2 ** len(names) > MAX_ALTERNATIVES
    assert str(found).startswith("${Unknown::C0")


def test_a_part_of_an_unknown_is_unknown_for_the_same_reason(bind: Callable[..., Bound]) -> None:
    """Whatever uses the part is told of the parameter."""
    resolver = bind(TEMPLATE).resolver
    part = resolver.resolve({"Fn::Select": [1, {"Fn::Split": [",", {"Ref": "P"}]}]})
    assert part == "${Param::P.Split.1}"
    assert resolver.causes[str(part)].what == "parameter `P`"


def test_no_value_drops_out_of_lists_and_mappings(bind: Callable[..., Bound]) -> None:
    """At the top it is told apart from everything else."""
    resolver = bind(TEMPLATE).resolver
    nothing = {"Ref": "AWS::NoValue"}
    assert resolver.resolve([1, nothing]) == [1]
    assert resolver.resolve({"a": nothing, "b": 2}) == {"b": 2}
    assert resolver.resolve(nothing) is NO_VALUE
    assert resolver.plain(nothing) is None


def test_alternatives_tell_when_somebody_looks_at_them(bind: Callable[..., Bound]) -> None:
    """Only then is their condition worth telling."""
    resolver = bind(TEMPLATE).resolver
    found = resolver.alternatives(["a", "b"], "A", PLACE)
    assert resolver.used_conditions == set()
    assert list(found) == ["a", "b"]
    assert resolver.used_conditions == {"A"}


def test_work_beyond_that_of_any_template_is_cut_off(bind: Callable[..., Bound]) -> None:
    """What is left is unknown, not forgotten."""
    resolver = bind(TEMPLATE).resolver
    assert resolver.spend(10**9) is False
    assert resolver.resolve({"a": 1}) == "${Unknown::work}"


def test_deep_intrinsics_are_bounded(bind: Callable[..., Bound]) -> None:
    """Nesting that parsing lets through cannot exhaust the stack."""
    bound = bind(TEMPLATE)
    value: Any = "x"
    for _ in range(400):
        value = {"Fn::Join": ["", [value]]}
    assert "${Unknown::nesting}" in str(bound.resolver.resolve(value))


def test_text_cannot_grow_without_end(bind: Callable[..., Bound]) -> None:
    """Mappings that refer to each other doubling a text stop at a bound."""
    bound = bind(TEMPLATE)
    value: Any = "x" * 1000
    for _ in range(30):
        value = {"Fn::Join": ["", [value, value]]}
        found = bound.resolver.resolve(value)
        if "Unknown" in found:
            break
        value = found
    assert found == "${Unknown::length}"
