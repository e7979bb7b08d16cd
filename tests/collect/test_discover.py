"""Finding templates by content."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from permscope import cache
from permscope.collect import discover
from permscope.collect.load import collect_templates
from permscope.collect.templates.document import parse_document
from permscope.inventory.facts import Account, Resource, Unknown
from permscope.inventory.inventory import Collected

QUEUE = "Resources: {Q: {Type: 'AWS::SQS::Queue'}}\n"
Folder = Callable[[Mapping[str, str | bytes]], Path]


def _read(root: Path, found: Collected) -> list[str]:
    return [Path(file).relative_to(root).as_posix() for file in found.files]


def test_templates_are_found_by_content_not_by_name(folder: Folder) -> None:
    """Other YAML and JSON is skipped quietly, whatever it is called."""
    root = folder(
        {
            "template.yaml": "just: settings\n",
            "odd-name.json": '{"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}',
            "stack.template": QUEUE,
            "noextension": QUEUE,
            "notes.txt": QUEUE,
            "a/b/c.yml": QUEUE,
            "k8s.yaml": "apiVersion: v1\n---\nkind: x\n",
            "compose.yaml": "Resources: see below\ntype: AWS::SQS::Queue\n",
            "values.yaml": "Resources:\n  limits: {cpu: 1}\n# AWS::Thing\n",
            "broken-but-other.yaml": "a: b: c\n",
            "package.json": "{}",
            "code.py": QUEUE,
            "picture.yaml": b"\x89PNG\x00Resources: AWS::X",
            "empty.yaml": "",
        }
    )
    found = collect_templates([str(root)])
    assert _read(root, found) == ["noextension", "notes.txt", "odd-name.json", "stack.template", "a/b/c.yml"]
    assert not found.errors


def test_packages_hidden_folders_and_builds_are_left_out(folder: Folder) -> None:
    """What others wrote, and what was built from the source, is not the user's template."""
    names = (
        ".git/t.yaml",
        "node_modules/x/t.yaml",
        ".venv/t.yaml",
        "env/lib/t.yaml",
        "site-packages/t.yaml",
        ".aws-sam/build/template.yaml",
        ".hidden/t.yaml",
        "__pycache__/t.yaml",
    )
    root = folder({**dict.fromkeys(names, QUEUE), "env/pyvenv.cfg": "", "src/t.yaml": QUEUE})
    assert _read(root, collect_templates([str(root)])) == ["src/t.yaml"]


def test_a_sam_build_is_read_where_it_is_all_there_is(folder: Folder) -> None:
    """Named itself, or in a folder without a template of its own."""
    root = folder({"app/.aws-sam/build/template.yaml": QUEUE})
    for path in ("app", "app/.aws-sam/build", "app/.aws-sam", "app/.aws-sam/build/template.yaml"):
        assert _read(root, collect_templates([str(root / path)])) == ["app/.aws-sam/build/template.yaml"]


def test_links_in_a_circle_end_and_links_out_are_not_followed(
    folder: Folder, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A directory is read once, and nothing outside of it."""
    root = folder({"a/t.yaml": QUEUE})
    outside = tmp_path_factory.mktemp("outside")
    (outside / "t.yaml").write_text(QUEUE)
    (root / "a" / "loop").symlink_to(root)
    (root / "out").symlink_to(outside)
    (root / "self").symlink_to(root / "self")
    assert _read(root, collect_templates([str(root)])) == ["a/t.yaml"]


def test_a_glob_takes_the_templates_among_its_matches(folder: Folder) -> None:
    """`**` reaches into folders; what matches but is none is skipped."""
    root = folder({"a/one.yaml": QUEUE, "a/other.yaml": "x: 1\n", "b/c/two.yaml": QUEUE})
    assert _read(root, collect_templates([f"{root}/**/*.yaml"])) == ["a/one.yaml", "b/c/two.yaml"]
    assert [error.message for error in collect_templates([f"{root}/*.json"]).errors] == [
        f"no template matches `{root}/*.json`"
    ]


def test_a_file_named_twice_is_read_once(folder: Folder) -> None:
    """By name, through its directory, and through a glob."""
    root = folder({"t.yaml": QUEUE})
    found = collect_templates([str(root / "t.yaml"), str(root), f"{root}/*.yaml", f"{root}/../{root.name}/t.yaml"])
    assert len(found.files) == 1


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.yaml", "a: 1\n", "the template has no `Resources` section"),
        ("x.json", "{}", "the template has no `Resources` section"),
        ("x.png", b"\x89PNG\x00", "the file is binary"),
        ("x.yaml", "a: b: c\n", "not valid YAML"),
        ("x.yaml", "", "the file is empty"),
    ],
)
def test_a_named_file_that_is_no_template_is_an_error(
    folder: Folder, name: str, content: str | bytes, message: str
) -> None:
    """The user meant it to be one; the other files are read."""
    root = folder({name: content, "good.yaml": QUEUE})
    found = collect_templates([str(root / name), str(root / "good.yaml")])
    assert len(found.errors) == 1
    assert message in found.errors[0].message
    assert len(found.files) == 1


def test_a_broken_template_in_a_directory_is_an_error(folder: Folder) -> None:
    """It says it is a template, so skipping it would hide something."""
    root = folder({"a.yaml": "AWSTemplateFormatVersion: x\nResources:\n  A: {Type: 'AWS::X::Y'\n", "b.yaml": QUEUE})
    found = collect_templates([str(root)])
    assert [Path(str(error.source.file)).name for error in found.errors if error.source] == ["a.yaml"]
    assert _read(root, found) == ["b.yaml"]


@pytest.mark.parametrize(
    ("path", "message"),
    [("gone.yaml", "there is no file or directory"), ("bad\0name", ""), ("x" * 5000, "")],
)
def test_a_path_that_leads_nowhere_is_an_error(folder: Folder, path: str, message: str) -> None:
    """With a hint."""
    folder({})
    found = collect_templates([path])
    assert len(found.errors) == 1
    assert message in found.errors[0].message


def test_a_directory_without_templates_is_an_error(folder: Folder) -> None:
    """An empty scan is never a pass."""
    root = folder({"readme.md": "x"})
    assert [error.message for error in collect_templates([str(root)]).errors] == [f"no template in `{root.as_posix()}`"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_a_file_that_may_not_be_read_is_an_error(folder: Folder) -> None:
    """The reason is the system's."""
    root = folder({"t.yaml": QUEUE})
    (root / "t.yaml").chmod(0)
    assert "permission denied" in collect_templates([str(root / "t.yaml")]).errors[0].message


def test_a_pipe_is_not_waited_for(folder: Folder) -> None:
    """Only regular files are opened."""
    root = folder({"t.yaml": QUEUE})
    os.mkfifo(root / "pipe.yaml")
    assert _read(root, collect_templates([str(root)])) == ["t.yaml"]
    assert "not a regular file" in collect_templates([str(root / "pipe.yaml")]).errors[0].message


def test_standard_input_is_a_template(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has a name in messages, and no files beside it."""
    stream = io.TextIOWrapper(io.BytesIO(QUEUE.encode()))
    monkeypatch.setattr(sys, "stdin", stream)
    found = collect_templates(["-"])
    assert found.files == ("<stdin>",)
    assert [fact.source.file for fact in found.facts if isinstance(fact, Resource)] == ["<stdin>"]


def test_several_stacks_have_labels_of_their_folders(folder: Folder) -> None:
    """What CloudFormation generates in one stack is never taken for that of another."""
    root = folder({"a/template.yaml": QUEUE, "b/template.yaml": QUEUE, "b/other.yaml": QUEUE})
    names = {fact.stack: fact.name for fact in collect_templates([str(root)]).facts if isinstance(fact, Resource)}
    assert names == {"a": "${a/Q}", "b": "${b/Q}", "b/other": "${b/other/Q}"}


MANIFEST = """{"version": "36.0.0", "artifacts": {
  "Tree": {"type": "cdk:tree"},
  "Shop": {"type": "aws:cloudformation:stack", "environment": "aws://111122223333/eu-west-1",
           "properties": {"templateFile": "Shop.template.json", "stackName": "shop"}},
  "Open": {"type": "aws:cloudformation:stack", "environment": "aws://unknown-account/unknown-region",
           "properties": {"templateFile": "Open.template.json"}},
  "Stage": {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Stage"}},
  "Evil": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "../outside.json"}},
  "Loop": {"type": "cdk:cloud-assembly", "properties": {"directoryName": ".."}},
  "Odd": 5}}"""
INNER = """{"version": "36.0.0", "artifacts": {
  "Prod": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "Prod.template.json"}},
  "Gone": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "Gone.template.json"}}}}"""
SHOP = """{"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "AWS::StackName"}}},
  "N": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": {"Fn::Sub": "https://s3.${AWS::Region}/x.json"}},
        "Metadata": {"aws:asset:path": "N.nested.template.json", "aws:asset:property": "TemplateURL"}}}}"""
JSON_QUEUE = '{"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}'


@pytest.mark.parametrize("path", ["", "cdk.out", "cdk.out/manifest.json"])
def test_a_cdk_assembly_is_read_through_its_manifest(folder: Folder, path: str) -> None:
    """Stacks are bound to the account and Region the app fixes; nested stacks are found through their assets."""
    root = folder(
        {
            "cdk.out/manifest.json": MANIFEST,
            "cdk.out/Shop.template.json": SHOP,
            "cdk.out/Open.template.json": JSON_QUEUE,
            "cdk.out/N.nested.template.json": '{"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}',
            "cdk.out/assembly-Stage/manifest.json": INNER,
            "cdk.out/assembly-Stage/Prod.template.json": JSON_QUEUE,
            "cdk.out/asset.123/stray.json": JSON_QUEUE,
            "outside.json": JSON_QUEUE.replace("Q", "Evil"),
        }
    )
    (root / "outside.json").unlink(missing_ok=path == "")
    found = collect_templates([str(root / path)])
    arns = {fact.stack: fact.arn for fact in found.facts if isinstance(fact, Resource) and fact.logical_id == "Q"}
    assert arns["Shop"] == "arn:aws:sqs:eu-west-1:111122223333:shop"
    assert arns["Open"] == "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${Open/Q}"
    assert set(arns) == {"Shop", "Open", "assembly-Stage/Prod"}
    assert [fact.stack for fact in found.facts if isinstance(fact, Resource) and fact.logical_id == "T"] == ["Shop/N"]
    assert not any(isinstance(fact, Unknown) for fact in found.facts)
    assert ["Gone" in error.message for error in found.errors] == [True]


def test_a_manifest_of_something_else_is_no_assembly(folder: Folder) -> None:
    """Web apps have a `manifest.json` too."""
    root = folder({"manifest.json": '{"name": "app", "icons": []}', "t.yaml": QUEUE})
    assert _read(root, collect_templates([str(root)])) == ["t.yaml"]


def test_a_template_that_was_read_before_is_known_by_its_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It gives the same facts and stays nested where it is; what it becomes when it changes is seen."""
    monkeypatch.delenv("PERMSCOPE_NO_CACHE", raising=False)
    monkeypatch.setenv("PERMSCOPE_CACHE_DIR", str(tmp_path / "kept"))
    cache._folder.cache_clear()
    (tmp_path / "in").mkdir()
    outer = "Resources: {Inner: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: inner.yaml}}}\n"
    (tmp_path / "in" / "outer.yaml").write_text(outer)
    (tmp_path / "in" / "inner.yaml").write_text("Resources: {Queue: {Type: AWS::SQS::Queue}}\n")
    first, second = (collect_templates([str(tmp_path / "in")]) for _ in range(2))
    assert list(map(repr, first.facts)) == list(map(repr, second.facts))
    assert first.key == second.key
    assert [fact.stack for fact in second.facts if isinstance(fact, Resource) and fact.type == "AWS::SQS::Queue"] == [
        "Inner"
    ]
    (tmp_path / "in" / "outer.yaml").write_text("Resources: {}\n# no longer: AWS::CloudFormation::Stack\n")
    third = collect_templates([str(tmp_path / "in")])
    assert third.key != second.key
    assert [fact.stack for fact in third.facts if isinstance(fact, Resource)] == [""]
    cache._folder.cache_clear()


def test_a_large_json_file_that_is_no_template_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without being parsed with places; a large template is read."""
    rows = [{"Resources": [1], "kind": "AWS::S3::Bucket", "text": "x" * 200}] * 2000
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    (tmp_path / "deep.json").write_text(json.dumps({"rows": rows}))
    (tmp_path / "t.json").write_text(
        json.dumps({"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Metadata": {"rows": rows}}}})
    )
    parsed: list[str] = []
    monkeypatch.setattr(
        discover, "parse_document", lambda text, file: parsed.append(file) or parse_document(text, file)
    )
    found = collect_templates([str(tmp_path)])
    assert [fact.type for fact in found.facts if isinstance(fact, Resource)] == ["AWS::SQS::Queue"]
    assert [Path(file).name for file in parsed] == ["t.json"]
    assert not found.errors


def test_a_path_says_where_it_is_deployed(folder: Folder) -> None:
    """Each path has its own account and Region; what it leaves open, and paths without, have those of the options."""
    root = folder({"a.yaml": QUEUE, "b/b.yaml": QUEUE, "c.yaml": QUEUE, "d@111111111111": QUEUE})
    paths = [
        f"{root}/a.yaml@222222222222/us-east-1",
        f"{root}/b@333333333333",
        f"{root}/c.yaml",
        f"{root}/d@111111111111",
    ]
    found = collect_templates(paths, discover.LoadOptions(account="444444444444", region="eu-west-1"))
    places = [fact.arn.split(":")[3:5] for fact in found.facts if isinstance(fact, Resource) and fact.arn]
    assert found.errors == []
    assert places == [
        ["us-east-1", "222222222222"],
        ["eu-west-1", "333333333333"],
        ["eu-west-1", "444444444444"],
        ["eu-west-1", "444444444444"],
    ]


@pytest.mark.parametrize("end", ["@22222", "@222222222222/", "@222222222222/x", "@", "@222222222222@", "@222222222222"])
def test_a_path_that_is_not_there_is_an_error_with_or_without_an_account(folder: Folder, end: str) -> None:
    """What only looks like an account is a part of the name."""
    found = collect_templates([f"{folder({})}/no.yaml{end}"])
    assert [error.message.startswith("there is no file or directory") for error in found.errors] == [True]


def test_a_file_may_be_read_for_several_accounts(folder: Folder) -> None:
    """Each is a deployment of its own, also in another Region; the same one twice is the same input."""
    path = f"{folder({'a.yaml': QUEUE})}/a.yaml"
    places = ("111111111111/eu-west-1", "222222222222/eu-west-1", "222222222222/us-east-1")
    found = collect_templates([f"{path}@{place}" for place in (*places, places[0])])
    assert found.errors == []
    assert sorted(fact.id for fact in found.facts if isinstance(fact, Account)) == ["111111111111", "222222222222"]
    queues = [fact.arn or "" for fact in found.facts if isinstance(fact, Resource)]
    assert sorted(":".join(arn.split(":")[3:5]) for arn in queues) == sorted(
        ":".join(reversed(place.split("/"))) for place in places
    )
    assert {fact.stack for fact in found.facts if isinstance(fact, Resource)} == {
        "a@111111111111",
        "a@222222222222-eu-west-1",
        "a@222222222222-us-east-1",
    }


def test_folders_may_be_read_for_several_accounts(folder: Folder) -> None:
    """Each file of them, but for one that is named for its own."""
    top = folder({"a.yaml": QUEUE, "b.yaml": QUEUE})
    found = collect_templates([f"{top}/a.yaml@333333333333", f"{top}@111111111111", f"{top}@222222222222"])
    assert found.errors == []
    queues = [fact for fact in found.facts if isinstance(fact, Resource)]
    assert sorted((fact.source.file or "")[-6:] + (fact.account or "")[:1] for fact in queues) == [
        "a.yaml3",
        "b.yaml1",
        "b.yaml2",
    ]
    assert collect_templates([str(top), str(top)]).errors == []


def test_a_file_that_is_named_for_an_account_and_for_none_is_an_error(folder: Folder) -> None:
    """Whether that is the same account is not told, and the second one would be left out without a word."""
    path = f"{folder({'a.yaml': QUEUE})}/a.yaml"
    for second in (f"{path}@222222222222", f"{path}@222222222222/eu-west-1"):
        twice = collect_templates([path, second])
        assert ["without" in error.message for error in twice.errors] == [True]
    twice = collect_templates([f"{path}@222222222222", f"{path}@222222222222/eu-west-1"])
    assert ["without" in error.message for error in twice.errors] == [True]
