"""The text is that of the standard library, byte for byte."""

from __future__ import annotations

import json
from typing import Any

import hypothesis.strategies as st
from hypothesis import given

from permscope.report.json_text import indented, members

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES)
def test_it_is_the_text_of_the_standard_library(value: Any) -> None:
    """Whatever the values, and however deep."""
    assert indented(value) == json.dumps(value, indent=1, ensure_ascii=False)


@given(st.dictionaries(st.text(), VALUES, min_size=1), st.lists(VALUES))
def test_a_list_is_written_item_by_item_as_it_is_written_whole(value: dict[str, Any], items: list[Any]) -> None:
    """An iterator stands for the list of what it gives."""
    whole = json.dumps({**value, "items": items}, indent=1, ensure_ascii=False) + "\n"
    assert "".join(members({**value, "items": iter(items)})) == whole
