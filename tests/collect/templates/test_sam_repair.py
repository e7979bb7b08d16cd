"""The smallest part of a template that the translator rejects is taken out."""

from __future__ import annotations

from typing import Any

import pytest

from permscope.collect.templates.document import parse_document
from permscope.collect.templates.sam_repair import Edit, EditKind, apply
from permscope.inventory.source import Source

TEXT = """\
Globals: {Function: {Timeout: 3, Odd: 1}}
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Odd: 1
    Properties:
      MemorySize: 1
      Policies: [A, B, C]
      Events: {One: {Type: Api, Properties: {Path: !Sub '/${Stage}/${AWS::Region}', Method: get}}, Two: {Type: SQS}}
"""


@pytest.mark.parametrize(
    ("edit", "path", "left"),
    [
        (Edit(EditKind.RESOURCE, "Fn"), ("Resources",), {}),
        (
            Edit(EditKind.POLICY, "Fn", "1"),
            ("Resources", "Fn", "Properties", "Policies"),
            ["A", {"Ref": "AWS::NoValue"}, "C"],
        ),
        (Edit(EditKind.EVENT, "Fn", "One"), ("Resources", "Fn", "Properties", "Events"), {"Two": {"Type": "SQS"}}),
        (Edit(EditKind.GLOBAL, "Function", "Odd"), ("Globals", "Function"), {"Timeout": 3}),
        (
            Edit(EditKind.PATH, "Fn", "One"),
            ("Resources", "Fn", "Properties", "Events", "One", "Properties", "Path"),
            "/prod/${AWS::Region}",
        ),
    ],
)
def test_one_thing_goes_and_the_others_keep_their_number(edit: Edit, path: tuple[str, ...], left: Any) -> None:
    """A policy's place in the list is what SAM names the rest by."""
    found = work = parse_document(TEXT, "t.yaml").value
    apply(edit, work, {"Stage": "prod"})
    for step in path:
        found = found[step]
    assert found == left


@pytest.mark.parametrize("kind", [kind for kind in EditKind if kind is not EditKind.RESOURCE])
@pytest.mark.parametrize("resource", ["text", "{}", "{Properties: []}", "{Properties: {Events: 1, Policies: 2}}"])
def test_a_resource_of_any_shape_is_no_crash(kind: EditKind, resource: str) -> None:
    """Whatever made the translator complain; what is missing is said."""
    work = parse_document(f"Resources: {{Fn: {resource}}}", "t.yaml").value
    edit = Edit(kind, "Fn", "0")
    apply(edit, work, {})
    assert "Fn" in edit.unknown(Source("t.yaml", 1, 1)).what
