"""JSON text to located values."""

from __future__ import annotations

import pytest

from permscope.collect.templates.document import parse_document
from permscope.collect.templates.json_document import JsonError, parse_json
from permscope.errors import TemplateError


def test_json_values_know_their_place() -> None:
    """Tabs indent, and columns count characters from one."""
    value, problems = parse_json('{\n\t"A": {"B": ["x", 1, true, null]}\n}', "t.json")
    assert value == {"A": {"B": ["x", 1, True, None]}}
    assert str(value["A"].source) == "t.json:2:7"
    assert str(next(iter(value["A"])).source) == "t.json:2:8"
    assert str(value["A"]["B"][0].source) == "t.json:2:14"
    assert problems == ()


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ('{"a": 1 "b": 2}', "t.json:1:9", "`,` or `}` is missing"),
        ('{"a": }', "t.json:1:7", "a value is missing"),
        ('{"a": 1,\n}', "t.json:2:1", "a key in double quotes is missing"),
        ("{'a': 1}", "t.json:1:2", "a key in double quotes is missing"),
        ('["a" "b"]', "t.json:1:6", "`,` or `]` is missing"),
        ('{"a" 1}', "t.json:1:6", "`:` is missing after the key `a`"),
        ('{"a": "x\n"}', "t.json:1:9", "invalid control character"),
        ('{"a": "x', "t.json:1:7", "unterminated string"),
        ('{"a": 1} x', "t.json:1:10", "text after the end"),
        ('{"a": nope}', "t.json:1:7", "this is no JSON value"),
        ("{", "t.json:1:2", "a key in double quotes is missing"),
    ],
)
def test_broken_json_is_an_error_with_its_place(text: str, place: str, message: str) -> None:
    """The first thing that is wrong is pointed at."""
    with pytest.raises(JsonError) as caught:
        parse_json(text, "t.json")
    assert str(caught.value.source) == place
    assert message in caught.value.message


def test_a_broken_json_file_is_told_in_terms_of_json() -> None:
    """Reading it as YAML too does not replace the better message."""
    with pytest.raises(TemplateError, match="not valid JSON: `,` or `}` is missing"):
        parse_document('{"a": 1 "b": 2}', "t.json")


def test_yaml_that_begins_with_a_brace_is_yaml() -> None:
    """Flow style is not JSON."""
    assert parse_document("{Resources: {A: !Ref B}}", "t.yaml").value == {"Resources": {"A": {"Ref": "B"}}}


def test_a_repeated_json_key_is_told() -> None:
    """As in YAML: the last one is read."""
    document = parse_document('{"a": 1, "a": 2}', "t.json")
    assert document.value == {"a": 2}
    assert [str(problem.source) for problem in document.problems] == ["t.json:1:10"]


def test_half_a_character_is_replaced() -> None:
    """A lone surrogate could never be written out again."""
    assert parse_json(r'["\ud83d\ude00", "\ud83d"]', "t.json")[0] == ["\U0001f600", "\ufffd"]


def test_numbers_that_would_change_stay_text() -> None:
    """A long account list entry or an exponent is written back as it was."""
    value, _ = parse_json('{"a": 1e3, "b": 1.10, "c": 5, "d": 123456789012345678901234}', "t.json")
    assert value == {"a": "1e3", "b": "1.10", "c": 5, "d": "123456789012345678901234"}
