"""Templates of one run together."""

from __future__ import annotations

import pytest

from permscope.collect.templates.collect import _labels, read_templates
from permscope.collect.templates.document import parse_document
from permscope.collect.templates.files import Place
from permscope.collect.templates.options import LoadOptions
from permscope.collect.templates.world import Template, _fits
from permscope.inventory.facts import Resource, Unknown


@pytest.mark.parametrize(
    ("files", "labels"),
    [
        (["a/template.yaml"], [""]),
        (["a/template.yaml", "b/template.yaml"], ["a", "b"]),
        (["x/a/template.yaml", "x/b/template.yaml"], ["a", "b"]),
        (["x/one.yaml", "x/two.json"], ["one", "two"]),
        (["/abs/x/Shop.template.json", "/abs/x/Other.template.json"], ["Shop", "Other"]),
        (["template.yaml", "sub/template.yaml"], ["template", "sub"]),
        (["a/t.yaml", "a/t.json"], ["t", "t~2"]),
        (["a b/t.yaml", "c{d}/t.yaml"], ["a_b/t", "c_d_/t"]),
        (["<stdin>", "a/t.yaml"], ["_stdin_", "a/t"]),
    ],
)
def test_a_label_is_as_short_as_the_paths_allow(files: list[str], labels: list[str]) -> None:
    """One stack needs none; equal ones are numbered; nothing in them can end a token."""
    assert _labels(files) == labels


@pytest.mark.parametrize(
    ("exported", "name", "fits"),
    [
        ("${AWS::StackName}-q", "prod-q", True),
        ("${net/AWS.StackName}-q", "prod-q", True),
        ("${AWS::StackName}-q", "prod-r", False),
        ("${AWS::StackName}-q", "-q", False),
        ("a-${AWS::StackName}-q", "a-prod-q", True),
        ("prod-q", "prod-q", False),
        ("${AWS::StackName}-q", "${Param::X}-q", False),
        ("${AWS::StackName}.q", "prodxq", False),
    ],
)
def test_an_export_fits_an_import_but_for_the_name_of_its_stack(exported: str, name: str, fits: bool) -> None:
    """Equal names are found before."""
    assert _fits(exported, name) is fits


def test_one_unknown_of_several_stacks_is_told_once_each() -> None:
    """Two stacks with a parameter of the same name have two parameters."""
    text = """
Parameters: {Bus: {Type: String}}
Resources: {Q: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !Ref Bus}}}
"""
    templates = [
        Template(place=Place(f"{name}.yaml"), document=parse_document(text, f"{name}.yaml"), options=LoadOptions())
        for name in ("a", "b")
    ]
    facts = read_templates(templates).facts
    assert [fact.name for fact in facts if isinstance(fact, Resource)] == ["${Param::a/Bus}", "${Param::b/Bus}"]
    assert [(fact.what, fact.stack) for fact in facts if isinstance(fact, Unknown)] == [
        ("parameter `Bus`", "a"),
        ("parameter `Bus`", "b"),
    ]
