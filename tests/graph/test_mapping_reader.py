"""Parts of a mapping, and mistakes at their lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from permscope.errors import RuleError
from permscope.graph.located_yaml import parse_located
from permscope.graph.mapping_reader import MappingReader, no_such
from permscope.inventory.source import NOWHERE, Source

GIVEN = """\
name: a
words: >-
  two
  lines
fix: |
  first
    second
list: [x, y]
sure: true
"""


def reader(text: str = GIVEN) -> MappingReader:
    """A mapping that must have a name."""
    raw = parse_located(text, "x.yaml", RuleError)
    keys = ("words", "fix", "list", "sure", "count")
    return MappingReader(raw, Source("x.yaml", 1, 1), what="part", whole="it", required=("name",), optional=keys)


def test_each_part_is_read_as_what_it_is() -> None:
    """Texts in one line, blocks with their lines, a single text as a list of one."""
    found = reader()
    assert (found.text("words"), found.block("fix")) == ("two lines", "first\n  second")
    assert (found.texts("list"), found.texts("name"), found.texts("count")) == (("x", "y"), ("a",), ())
    assert (found.flag("sure"), found.flag("count")) == (True, False)
    assert found.one_of("name", found.raw["name"], ("a", "b")) == "a"


@pytest.mark.parametrize(
    ("text", "read", "said", "line"),
    [
        ("name: a\nwrods: b\n", None, "no part `wrods`", 2),
        ("words: b\n", None, "it needs `name`", 1),
        ("name: ''\n", None, "it needs `name`", 1),
        ("name: a\ncount: 3\n", lambda it: it.text("count"), "`count` must be text", 2),
        ("name: a\nlist:\n- x\n- [y]\n", lambda it: it.texts("list"), "`list` must be text or a list of text", 4),
        ("name: a\nsure: maybe\n", lambda it: it.flag("sure"), "`sure` must be `true` or `false`", 2),
        ("name: c\n", lambda it: it.one_of("name", it.raw["name"], ("a", "b")), "no name `c`", 1),
    ],
)
def test_a_mistake_is_said_with_its_line(
    text: str, read: Callable[[MappingReader], Any] | None, said: str, line: int
) -> None:
    """A misspelt key is never a rule that finds nothing; an item of a list has its own line."""
    with pytest.raises(RuleError) as caught:
        (read or (lambda _: None))(reader(text))
    assert said in str(caught.value)
    assert caught.value.source is not None
    assert caught.value.source.line == line


@pytest.mark.parametrize(("name", "hint"), [("rol", "did you mean `role`?"), ("zzz", "known: role, user")])
def test_a_name_that_there_is_not_gets_the_closest(name: str, hint: str) -> None:
    """Or those there are."""
    assert no_such("kind", name, ("user", "role"), NOWHERE).hint == hint
