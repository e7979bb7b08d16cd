"""Answers of APIs in the spelling of CloudFormation."""

from __future__ import annotations

from typing import Any

import pytest

from permscope.services._answers import capitalised, differing, json_text, picked


@pytest.mark.parametrize(
    ("answer", "keep", "written"),
    [
        ({"roleArn": "a"}, (), {"RoleArn": "a"}),
        ({"a": [{"b": {"c": 1}}]}, (), {"A": [{"B": {"C": 1}}]}),
        ({"params": {"method.x": "y"}, "b": {"c": 1}}, ("Params",), {"Params": {"method.x": "y"}, "B": {"C": 1}}),
        ({"": 1}, (), {"": 1}),
        ("text", (), "text"),
    ],
)
def test_names_of_properties_begin_in_upper_case(answer: Any, keep: tuple[str, ...], written: Any) -> None:
    """At every depth; keys that the user chose stay as he wrote them."""
    assert capitalised(answer, keep) == written


def test_a_part_that_is_not_there_is_no_property() -> None:
    """False, nothing and empty are values; None is none."""
    answer = {"a": False, "b": None, "c": "", "d": 1}
    assert picked(answer, "a", "b", "c", "e") == {"a": False, "c": ""}
    assert differing(answer, a=False, c="x", d=2, e=1) == {"c": "", "d": 1}


@pytest.mark.parametrize(
    ("value", "read"), [('{"a": 1}', {"a": 1}), ("{broken", None), ({"a": 1}, {"a": 1}), (None, None)]
)
def test_a_document_is_read_whether_it_comes_as_text_or_not(value: object, read: object) -> None:
    """Services differ in that."""
    assert json_text(value) == read
