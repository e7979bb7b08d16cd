"""YAML of rule files and configuration: text stays text, and every mistake has its line."""

from __future__ import annotations

from typing import Any

import pytest

from permscope.errors import RuleError
from permscope.graph.located_yaml import parse_located
from permscope.inventory.located import key_source, source_of


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 012345678901", "012345678901"),
        ("a: 12", 12),
        ("a: '12'", "12"),
        ("a: 2012-10-17", "2012-10-17"),
        ("a: no", "no"),
        ("a: true", True),
        ("a: 'true'", "true"),
        ("a: 1e3", "1e3"),
        ("a: ~", None),
        ("a: ''", ""),
        ("a: 123456789012", "123456789012"),
        ("a: !!python/name:os.system x", "x"),
    ],
)
def test_a_scalar_is_what_its_author_wrote(text: str, value: Any) -> None:
    """Account ids, versions and `no` are text; a tag makes nothing."""
    found = parse_located(text, "rule.yaml", RuleError)["a"]
    assert (found, type(found) is bool) == (value, type(value) is bool)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "`a` is there twice"),
        ("a: &x [1]\nb: *x\n", 2, "YAML aliases"),
        ("a: 1\n? [b]\n: 2\n", 2, "a key must be text"),
        ("a: [1\nb: 2\n", 2, "not valid YAML"),
        ("[" * 60 + "]" * 60, 1, "nested too deeply"),
    ],
)
def test_a_mistake_is_named_with_its_line(text: str, line: int, said: str) -> None:
    """Nothing is read as something else, and nothing ends in a traceback."""
    with pytest.raises(RuleError) as caught:
        parse_located(text, "rule.yaml", RuleError)
    assert said in caught.value.message
    assert caught.value.source is not None
    assert caught.value.source.line == line


def test_every_value_knows_its_place() -> None:
    """1-based, of keys and of values."""
    found = parse_located("a:\n  - b\nc: d\n", "rule.yaml", RuleError)
    places = [source_of(found["a"][0]), key_source(found, "c"), source_of(found["c"])]
    assert [(each.line, each.column) for each in places] == [(2, 5), (3, 1), (3, 4)]
    assert parse_located("# nothing\n", "rule.yaml", RuleError) is None
