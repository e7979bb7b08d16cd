"""YAML text to located values.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
"""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permscope.collect.templates.document import MAX_DEPTH, decode, parse_document
from permscope.errors import TemplateError
from permscope.inventory.located import LocatedDict, LocatedStr, key_source, value_source


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("012345670123", "012345670123"),
        ("123456789012", 123456789012),
        ("2012-10-17", "2012-10-17"),
        ("2010-09-09", "2010-09-09"),
        ("190:20:30", "190:20:30"),
        ("1_000", "1_000"),
        ("0x1F", "0x1F"),
        ("0o17", "0o17"),
        ("017", "017"),
        ("1.10", "1.10"),
        ("1.5", 1.5),
        ("1e3", "1e3"),
        ("-7", -7),
        ("0", 0),
        ("true", True),
        ("Yes", True),
        ("on", True),
        ("NO", False),
        ("off", False),
        ("y", "y"),
        ("n", "n"),
        ("~", None),
        ("null", None),
        ("", None),
        ('"true"', "true"),
        ("'012'", "012"),
        (".inf", ".inf"),
        ("12345678901234567890123", "12345678901234567890123"),
    ],
)
def test_plain_scalars_stay_what_cloudformation_reads(scalar: str, value: Any) -> None:
    """Text that would change when it is written back stays text."""
    found = parse_document(f"a: {scalar}", "t.yaml").value["a"]
    assert found == value
    assert type(found) in (LocatedStr, type(value))
    assert isinstance(found, bool) == isinstance(value, bool)


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("!Ref A", {"Ref": "A"}),
        ("!GetAtt A.B", {"Fn::GetAtt": ["A", "B"]}),
        ("!GetAtt A.Outputs.B", {"Fn::GetAtt": ["A", "Outputs.B"]}),
        ("!GetAtt [A, B]", {"Fn::GetAtt": ["A", "B"]}),
        ("!Sub '${A}-x'", {"Fn::Sub": "${A}-x"}),
        ("!Sub ['${A}', {A: !Ref B}]", {"Fn::Sub": ["${A}", {"A": {"Ref": "B"}}]}),
        ("!Join ['', [a, b]]", {"Fn::Join": ["", ["a", "b"]]}),
        ("!If [C, !Ref A, !Ref 'AWS::NoValue']", {"Fn::If": ["C", {"Ref": "A"}, {"Ref": "AWS::NoValue"}]}),
        ("!Condition C", {"Condition": "C"}),
        ("!Equals [a, b]", {"Fn::Equals": ["a", "b"]}),
        ("!ImportValue x", {"Fn::ImportValue": "x"}),
        ("!Transform {Name: M}", {"Fn::Transform": {"Name": "M"}}),
        ("!Base64 x", {"Fn::Base64": "x"}),
        ("!Split [',', 'a,b']", {"Fn::Split": [",", "a,b"]}),
        ("!ToJsonString {a: 1}", {"Fn::ToJsonString": {"a": 1}}),
        ("!Ref 012345670123", {"Ref": "012345670123"}),
    ],
)
def test_short_forms_become_long_forms(short: str, long: Any) -> None:
    """A tag says the same as its function name."""
    assert parse_document(f"a: {short}", "t.yaml").value == {"a": long}


def test_every_value_knows_its_place() -> None:
    """Keys, text, mappings and lists have file, line and column; numbers take the place of their key."""
    value = parse_document("A:\n  B: text\n  C: [x, {D: 1}]\n", "t.yaml").value
    assert str(key_source(value, "A")) == "t.yaml:1:1"
    assert str(value["A"]["B"].source) == "t.yaml:2:6"
    assert str(value["A"]["C"].source) == "t.yaml:3:6"
    assert str(value["A"]["C"][1].source) == "t.yaml:3:10"
    assert str(value_source(value["A"]["C"][1], "D")) == "t.yaml:3:11"


def test_merge_keys_and_aliases_are_followed() -> None:
    """A merge key never replaces a key that stands in the mapping itself."""
    text = "Base: &base {Runtime: python, Timeout: 3}\nF:\n  <<: *base\n  Timeout: 9\nG: *base\n"
    value = parse_document(text, "t.yaml").value
    assert value["F"] == {"Timeout": 9, "Runtime": "python"}
    assert value["G"] == {"Runtime": "python", "Timeout": 3}


def test_of_several_merged_mappings_the_first_wins() -> None:
    """As https://yaml.org/type/merge.html says."""
    text = "A: &a {x: 1}\nB: &b {x: 2, y: 2}\nC:\n  <<: [*a, *b]\n"
    assert parse_document(text, "t.yaml").value["C"] == {"x": 1, "y": 2}


def test_a_repeated_key_is_told_with_its_line() -> None:
    """CloudFormation does not define which one holds; the last one is read."""
    document = parse_document("a: 1\nb: 2\na: 3\n", "t.yaml")
    assert document.value == {"b": 2, "a": 3}
    assert [(problem.what, str(problem.source)) for problem in document.problems] == [("the key `a`", "t.yaml:3:1")]


def test_a_key_repeated_with_the_same_value_is_nothing_to_tell() -> None:
    """Whichever holds, the template is the same."""
    assert parse_document("a: [x]\na: [x]\n", "t.yaml").problems == ()


def _bomb(levels: int) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("data", "line", "message"),
    [
        (b"", 1, "the file is empty"),
        (b"# only a comment\n", 1, "the file is empty"),
        (b"a: b: c", 1, "not valid YAML: mapping values are not allowed"),
        (b"a:\n\t- b", 2, "not valid YAML"),
        (b"a: !!python/object/apply:os.system [id]", 1, "`!!python/object/apply:os.system` is not a tag"),
        (b"a: 1\nb: !Reff x", 2, "`!Reff` is not a tag of CloudFormation"),
        (b"a: !!binary aGk=", 1, "`!!binary` is not a tag"),
        (b"a: &x [*x]", 1, "alias `*x` stands inside what it names"),
        (b"a: *nowhere", 1, "alias `*nowhere` names no anchor"),
        (b"a: 1\n---\nb: 2\n", 2, "several YAML documents"),
        (b"? [a]\n: b", 1, "a key must be text"),
        (b"<<: text", 1, "a merge key `<<` must name mappings"),
        (b"a: \xff", 1, "byte 0xff is not valid UTF-8"),
        (b"x: 1\na: \xe9", 2, "byte 0xe9 is not valid UTF-8"),
        (b"\x00\x01\x02", 1, "the file is binary"),
        (b"PK\x03\x04\x00\x00", 1, "the file is binary"),
        ("Resources: {}".encode("utf-32"), 1, "the file is UTF-32"),
        (b"[" * 5000, 1, f"more than {MAX_DEPTH} levels deep"),
        (b'{"a":' * 5000, 1, f"more than {MAX_DEPTH} levels deep"),
        (b"- " * 5000, 1, f"more than {MAX_DEPTH} levels deep"),
        ("".join(f"{' ' * n}a:\n" for n in range(600)).encode(), 101, f"more than {MAX_DEPTH} levels deep"),
        (_bomb(12).encode(), 7, "aliases expand to more than"),
        (b"{{ jinja }}: x", 1, "a key must be text"),
        (b"a: {% if x %}", 1, "not valid YAML"),
        (b"a: %b", 1, "not valid YAML"),
        (b"a: [1, 2", 2, "not valid YAML"),
        (b"a: 'x", 1, "not valid YAML"),
        (b"a: \x07", 1, "not valid YAML"),
    ],
)
def test_broken_and_hostile_files_are_errors_with_a_place(data: bytes, line: int, message: str) -> None:
    """A file that cannot be read is one error with its place and a hint; nothing is constructed, nothing overflows."""
    with pytest.raises(TemplateError) as caught:
        parse_document(decode(data, "t.yaml"), "t.yaml")
    assert message in caught.value.message
    assert caught.value.source is not None
    assert caught.value.source.file == "t.yaml"
    assert caught.value.source.line == line
    assert caught.value.source.column
    assert caught.value.hint


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbfResources: {A: x}",
        "Resources: {A: x}".encode("utf-16"),
        b"Resources:\r\n  A: x\r\n",
        b"---\nResources:\n  A: x\n...\n",
        b"%YAML 1.1\n---\nResources:\n  A: x\n",
    ],
    ids=["utf-8 mark", "utf-16", "crlf", "document markers", "directive"],
)
def test_unusual_but_valid_files_are_read(data: bytes) -> None:
    """A byte order mark, carriage returns and document markers are no part of a template."""
    assert parse_document(decode(data, "t.yaml"), "t.yaml").value == {"Resources": {"A": "x"}}


def test_a_huge_file_is_refused_with_its_size() -> None:
    """Reading stops at a bound, whatever is in the file."""
    with pytest.raises(TemplateError, match="at most"):
        decode(b" " * (17 * 1024 * 1024), "t.yaml")


def test_tabs_in_the_indentation_are_named() -> None:
    """The hint says what to do."""
    with pytest.raises(TemplateError) as caught:
        parse_document("Resources:\n\tA: x\n", "t.yaml")
    assert caught.value.hint == "indent with spaces; YAML does not allow tabs"


@given(st.text(max_size=200))
def test_no_text_ends_in_anything_but_a_value_or_a_template_error(text: str) -> None:
    """Whatever the text, reading it gives a value or one deliberate error."""
    with contextlib.suppress(TemplateError):
        assert parse_document(text, "t.yaml") is not None


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
        max_leaves=12,
    )
)
def test_json_text_and_the_same_text_as_yaml_give_the_same_value(value: Any) -> None:
    """JSON values survive reading unchanged."""
    import json

    text = json.dumps({"value": value})
    assert parse_document(text, "t.json").value == {"value": value}
    assert isinstance(parse_document(text, "t.json").value, LocatedDict)
