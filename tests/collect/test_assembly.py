"""CDK cloud assemblies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from permscope.collect.assembly import asset_of, stacks_of
from permscope.collect.load import load
from permscope.collect.templates.files import Place

Folder = Callable[[Mapping[str, str | bytes]], Path]
STACK = (
    '{"version": "1", "artifacts": {"S": {"type": "aws:cloudformation:stack", "environment": "%s", '
    '"properties": {"templateFile": "%s"}}}}'
)


@pytest.mark.parametrize(
    ("environment", "account", "region"),
    [
        ("aws://111122223333/eu-west-1", "111122223333", "eu-west-1"),
        ("aws://111122223333/us-gov-west-1", "111122223333", "us-gov-west-1"),
        ("aws://unknown-account/unknown-region", None, None),
        ("aws://111122223333/unknown-region", "111122223333", None),
        ("", None, None),
        ("aws://1/../x", None, None),
    ],
)
def test_a_stack_is_bound_to_where_the_app_deploys_it(
    folder: Folder, environment: str, account: str | None, region: str | None
) -> None:
    """An environment the app leaves open stays open."""
    root = folder({"manifest.json": STACK % (environment, "S.template.json")})
    ((path, options),) = stacks_of(root) or []
    assert (path.name, options.account, options.region) == ("S.template.json", account, region)


@pytest.mark.parametrize("name", ["../S.json", "/etc/passwd", "a/b.json", "..", ""])
def test_a_stack_file_elsewhere_is_no_part_of_the_assembly(folder: Folder, name: str) -> None:
    """A manifest names files beside itself."""
    assert stacks_of(folder({"manifest.json": STACK % ("", name)})) == []


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"artifacts": {}}', '{"version": "1", "artifacts": []}', "[" * 9999])
def test_a_manifest_of_something_else_is_no_assembly(folder: Folder, text: str) -> None:
    """None tells it from an assembly without stacks."""
    assert stacks_of(folder({"manifest.json": text})) is None


DIGEST = "0123456789abcdef" * 4
URL = {"Fn::Join": ["", ["https://s3.", {"Ref": "AWS::Region"}, f"/assets/{DIGEST}.json"]]}
ASSETS = '{"files": {"%s": {"source": {"path": "%s", "packaging": "file"}}}}'
NESTED = """
Resources:
  Q: {Type: AWS::SQS::Queue}
"""


def test_a_nested_stack_is_found_by_the_hash_of_its_asset(folder: Folder) -> None:
    """A CDK app that writes no asset metadata names the template of a nested stack by its hash alone."""
    url = "{'Fn::Sub': 'https://s3.${AWS::Region}.amazonaws.com/assets/" + DIGEST + ".json'}"
    parent = f"Resources: {{Inner: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: {url}}}}}}}"
    root = folder(
        {
            "manifest.json": STACK % ("", "P.template.json"),
            "P.template.json": parent,
            "P.assets.json": ASSETS % (DIGEST, "PInner.nested.template.json"),
            "PInner.nested.template.json": NESTED,
        }
    )
    inventory = load([str(root)])
    assert [fact.logical_id for fact in inventory.resources.values()] == ["Inner", "Q"]
    assert not inventory.unknowns


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"P.assets.json": ASSETS % (DIGEST, "a.json")}, "a.json"),
        ({"A.assets.json": ASSETS % (DIGEST, "a.json"), "P.assets.json": ASSETS % (DIGEST, "b.json")}, "b.json"),
        ({"A.assets.json": ASSETS % (DIGEST, "a.json"), "P.assets.json": "{}"}, "a.json"),
        ({"P.assets.json": "["}, None),
        ({"P.assets.json": "[" * 9999}, None),
        ({"P.assets.json": '{"files": []}'}, None),
        ({}, None),
    ],
)
def test_the_asset_manifest_of_the_stack_itself_is_asked_first(
    folder: Folder, files: Mapping[str, str], found: str | None
) -> None:
    """A manifest that is none of that shape names no file."""
    root = folder({**files, "P.template.json": "{}"})
    assert asset_of(URL, Place("P.template.json", root, root)) == found


def test_a_url_without_a_hash_names_no_asset(folder: Folder) -> None:
    """Nor does a template from standard input have files beside it."""
    root = folder({"P.assets.json": ASSETS % (DIGEST, "a.json")})
    assert asset_of({"Ref": "Url"}, Place("P.template.json", root, root)) is None
    assert asset_of(URL, Place("<stdin>")) is None
