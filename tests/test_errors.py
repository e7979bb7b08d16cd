"""Errors that say where, what and what to do."""

from __future__ import annotations

import copy
import pickle

import pytest

from permscope.errors import NothingReadError, PermscopeError, TemplateError, why_unreadable
from permscope.inventory.source import Source

BROKEN = TemplateError("no mapping", source=Source("a.yaml", 3, 1), hint="write one")


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (PermscopeError("no account"), "no account"),
        (PermscopeError("no account", hint="name one"), "no account (name one)"),
        (PermscopeError("no account", source=Source("a.yaml")), "a.yaml: no account"),
        (BROKEN, "a.yaml:3:1: no mapping (write one)"),
        (
            NothingReadError([BROKEN, PermscopeError("empty")]),
            "a.yaml:3:1: nothing can be read; 2 inputs are broken, the first: no mapping (write one)",
        ),
    ],
)
def test_an_error_names_its_place_first_and_the_hint_last(error: PermscopeError, text: str) -> None:
    """What is not known leaves no empty brackets and no colon behind."""
    assert str(error) == text


@pytest.mark.parametrize("error", [BROKEN, NothingReadError([BROKEN])])
def test_a_copied_error_says_the_same(error: PermscopeError) -> None:
    """Errors are copied where their file is named anew, and kept where a graph is."""
    for other in (copy.copy(error), pickle.loads(pickle.dumps(error))):  # noqa: S301 - our own bytes
        assert (type(other), str(other)) == (type(error), str(error))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (FileNotFoundError(2, "No such file or directory", "x"), "no such file or directory"),
        (OSError(), "input or output error"),
        (UnicodeDecodeError("utf-8", b"ab\xff", 2, 3, "invalid start byte"), "byte 3 is not UTF-8"),
        (RecursionError("maximum recursion depth exceeded"), "it is nested too deeply"),
    ],
)
def test_what_the_system_says_is_told_without_a_word_of_python(error: Exception, words: str) -> None:
    """Neither numbers of errors nor names of types."""
    assert why_unreadable(error) == words
