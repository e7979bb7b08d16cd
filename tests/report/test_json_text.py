"""The text is that of the standard library, but for what a terminal would act on or hide."""

from __future__ import annotations

import json
from typing import Any

import hypothesis.strategies as st
from hypothesis import given

from permscope.report.escape import in_json
from permscope.report.json_text import indented, members

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES)
def test_it_is_the_text_of_the_standard_library(value: Any) -> None:
    """Whatever the values, and however deep."""
    assert indented(value) == in_json(json.dumps(value, indent=1, ensure_ascii=False))


@given(st.dictionaries(st.text(), VALUES, min_size=1), st.lists(VALUES))
def test_a_list_is_written_item_by_item_as_it_is_written_whole(value: dict[str, Any], items: list[Any]) -> None:
    """An iterator stands for the list of what it gives."""
    whole = in_json(json.dumps({**value, "items": items}, indent=1, ensure_ascii=False)) + "\n"
    assert "".join(members({**value, "items": iter(items)})) == whole


def test_nothing_reaches_the_terminal_that_it_would_act_on() -> None:
    """Control sequences of one character, and what turns the direction of text, are escapes and mean the same."""
    name = "\x9b31m\u202eeman"
    assert indented({name: name}) == '{\n "\\u009b31m\\u202eeman": "\\u009b31m\\u202eeman"\n}'
    assert json.loads(indented([name])) == [name]
