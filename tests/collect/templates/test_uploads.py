"""Nested templates on S3 whose file stands beside the parent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from permscope.collect.templates.uploads import uploaded_file, uploaded_reference
from permscope.inventory.facts import Resource, Unknown
from permscope.inventory.inventory import Collected

CHILD = (
    "Parameters: {Name: {Type: String}}\nResources: {Q: {Type: AWS::SQS::Queue, Properties: {QueueName: !Ref Name}}}"
)
PARENT = """
Parameters: {Base: {Type: String}}
Resources:
  Child:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: WHERE, Parameters: {Name: given}}
"""


@pytest.mark.parametrize(
    ("value", "reference"),
    [
        ("https://b.s3.eu-west-1.amazonaws.com/app/child.yaml", "uploaded:app/child.yaml"),
        ("https://s3.amazonaws.com/b/child.json?versionId=3", "uploaded:b/child.json"),
        ("s3://b/child.template", "uploaded:child.template"),
        ({"Fn::Sub": "https://${B}.s3.${AWS::URLSuffix}/v1/child.yaml"}, "uploaded:v1/child.yaml"),
        ({"Fn::Sub": ["${Base}/app/child.yml", {"Base": "x"}]}, "uploaded:app/child.yml"),
        ({"Fn::Join": ["/", [{"Ref": "Base"}, "app", "child.yaml"]]}, "uploaded:app/child.yaml"),
        ({"Fn::Sub": "https://b.s3.amazonaws.com/${Name}.yaml"}, None),
        ("https://b.s3.amazonaws.com/app/", None),
        ("child.yaml", None),
        ({"Ref": "Url"}, None),
    ],
)
def test_a_url_on_s3_tells_the_name_of_the_file(value: object, reference: str | None) -> None:
    """`TemplateURL` is the address of a file in a bucket (aws-resource-cloudformation-stack.html)."""
    assert uploaded_reference(value) == reference


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (["child.yaml"], "child.yaml"),
        (["a/b/child.yaml"], "a/b/child.yaml"),
        (["a/child.yaml", "app/child.yaml"], "app/child.yaml"),
        (["a/child.yaml", "b/child.yaml"], None),
        ([".git/child.yaml", "node_modules/x/child.yaml"], None),
        ([], None),
    ],
)
def test_the_one_file_of_that_name_is_taken(tmp_path: Path, files: list[str], found: str | None) -> None:
    """Of several, the one whose folder is that of the URL; where that decides nothing, none."""
    for file in files:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(CHILD, encoding="utf-8")
    path = uploaded_file("uploaded:app/child.yaml", tmp_path, "parent.yaml")
    assert (path == tmp_path / found) if found else isinstance(path, str)


def test_a_template_is_not_nested_in_itself(tmp_path: Path) -> None:
    """`template.yaml` often names another `template.yaml`."""
    (tmp_path / "template.yaml").write_text(CHILD, encoding="utf-8")
    assert isinstance(uploaded_file("uploaded:x/template.yaml", tmp_path, "template.yaml"), str)


def test_the_file_is_read_with_the_parameters_of_its_parent(collect: Callable[..., Collected]) -> None:
    """It is one of the stacks of the parent, and none of its own."""
    parent = PARENT.replace("WHERE", "!Sub '${Base}/stacks/child.yaml'")
    found = collect({"template.yaml": parent, "stacks/child.yaml": CHILD}, paths=("template.yaml",))
    assert [fact.name for fact in found.facts if isinstance(fact, Resource) and "SQS" in fact.type] == ["given"]


def test_a_file_that_is_not_there_is_said(collect: Callable[..., Collected]) -> None:
    """The reason says where it was looked for."""
    found = collect({"template.yaml": PARENT.replace("WHERE", "https://b.s3.amazonaws.com/far/child.yaml")})
    (unknown,) = [fact for fact in found.facts if isinstance(fact, Unknown) and fact.kind == "nested-stack"]
    assert unknown.why.startswith("`far/child.yaml`: it is on S3, and no file of that name stands beside")
