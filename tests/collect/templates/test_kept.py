"""Facts kept from an earlier run are those that reading again would give."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from permscope import cache
from permscope.collect.load import LoadOptions, load
from permscope.collect.templates import collect as reading
from permscope.inventory.facts import AnyFact

EXPORTER = """
Resources:
  Table: {Type: AWS::DynamoDB::Table, Properties: {TableName: %s}}
Outputs:
  Name: {Value: !Ref Table, Export: {Name: shared-table}}
"""
IMPORTER = """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: {Effect: Allow, Action: "sts:AssumeRole", Principal: {Service: lambda.amazonaws.com}}
      Policies:
        - PolicyName: p
          PolicyDocument:
            Statement:
              Effect: Allow
              Action: dynamodb:GetItem
              Resource: !Sub
                - "arn:aws:dynamodb:eu-west-1:111122223333:table/${Name}"
                - {Name: !ImportValue shared-table}
"""
MACHINE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Flow:
    Type: AWS::Serverless::StateMachine
    Properties: {DefinitionUri: flow.asl.json, Role: "arn:aws:iam::111122223333:role/r"}
"""


@pytest.fixture
def bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A cache of the test's own; the list tells which templates were bound rather than fetched."""
    monkeypatch.delenv("PERMSCOPE_NO_CACHE", raising=False)
    monkeypatch.setenv("PERMSCOPE_CACHE_DIR", str(tmp_path / "cache"))
    cache._folder.cache_clear()
    files: list[str] = []
    real = reading.bind_template

    def counted(value: object, place: reading.Place, *args: object, **options: object) -> object:
        files.append(Path(place.file).name)
        return real(value, place, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(reading, "bind_template", counted)
    yield files
    cache._folder.cache_clear()


def facts(folder: Path) -> tuple[AnyFact, ...]:
    """What a folder says."""
    return load([str(folder)], LoadOptions()).facts


def test_a_second_run_binds_nothing_and_says_the_same(tmp_path: Path, bound: list[str]) -> None:
    """Unchanged templates cost a look-up."""
    (tmp_path / "a.yaml").write_text(EXPORTER % "one", encoding="utf-8")
    (tmp_path / "b.yaml").write_text(IMPORTER, encoding="utf-8")
    first = facts(tmp_path)
    assert sorted(bound) == ["a.yaml", "b.yaml"]
    bound.clear()
    assert facts(tmp_path) == first
    assert bound == []


def test_a_changed_export_reaches_a_template_that_did_not_change(tmp_path: Path, bound: list[str]) -> None:
    """What another stack exports is part of what a stack says."""
    (tmp_path / "a.yaml").write_text(EXPORTER % "one", encoding="utf-8")
    (tmp_path / "b.yaml").write_text(IMPORTER, encoding="utf-8")
    facts(tmp_path)
    (tmp_path / "a.yaml").write_text(EXPORTER % "two", encoding="utf-8")
    bound.clear()
    assert "table/two" in str(facts(tmp_path))
    assert sorted(bound) == ["a.yaml", "b.yaml"]


def test_one_changed_template_binds_one(tmp_path: Path, bound: list[str]) -> None:
    """A change that nothing else depends on costs one file."""
    (tmp_path / "a.yaml").write_text(EXPORTER % "one", encoding="utf-8")
    (tmp_path / "b.yaml").write_text(IMPORTER, encoding="utf-8")
    facts(tmp_path)
    (tmp_path / "b.yaml").write_text(IMPORTER.replace("GetItem", "PutItem"), encoding="utf-8")
    bound.clear()
    assert "dynamodb:PutItem" in str(facts(tmp_path))
    assert bound == ["b.yaml"]


def test_a_file_beside_the_template_counts_when_it_comes_changes_and_goes(tmp_path: Path, bound: list[str]) -> None:
    """A definition file is part of what its template says, also when it is not there."""
    (tmp_path / "t.yaml").write_text(MACHINE, encoding="utf-8")
    missing = facts(tmp_path)
    definition = '{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "%s", "End": true}}}'
    (tmp_path / "flow.asl.json").write_text(definition % "arn:aws:states:::sqs:sendMessage", encoding="utf-8")
    bound.clear()
    assert facts(tmp_path) != missing
    (tmp_path / "flow.asl.json").write_text(definition % "arn:aws:states:::sns:publish", encoding="utf-8")
    assert "sns" in str(facts(tmp_path))
    (tmp_path / "flow.asl.json").unlink()
    assert facts(tmp_path) == missing
    assert set(bound) == {"t.yaml"}


def test_other_options_are_another_entry(tmp_path: Path, bound: list[str]) -> None:
    """A bound account changes every ARN."""
    (tmp_path / "a.yaml").write_text(EXPORTER % "one", encoding="utf-8")
    facts(tmp_path)
    found = load([str(tmp_path / "a.yaml")], LoadOptions(account="111122223333")).facts
    assert "111122223333" in str(found)
    assert len(bound) == 2


def test_facts_that_only_moved_are_known_by_the_same_name(tmp_path: Path, bound: list[str]) -> None:
    """Comments and what permscope does not read change nothing that is made of the facts but lines."""
    text = EXPORTER.lstrip() % "one"
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    before = load([str(tmp_path)], LoadOptions()).key
    (tmp_path / "a.yaml").write_text(f"# moved\nDescription: down\n{text}", encoding="utf-8")
    after = load([str(tmp_path)], LoadOptions()).key
    assert before is not None
    assert after is not None
    assert before.name == after.name
    assert before.lines != after.lines
    (tmp_path / "a.yaml").write_text(EXPORTER.lstrip() % "two", encoding="utf-8")
    other = load([str(tmp_path)], LoadOptions()).key
    assert other is not None
    assert other.name != before.name
    assert len(bound) == 3


def test_two_versions_of_a_comparison_bind_what_they_share_once(
    tmp_path: Path, bound: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where nothing is kept between runs; what differs is read for itself."""
    monkeypatch.setenv("PERMSCOPE_NO_CACHE", "1")
    cache._folder.cache_clear()
    monkeypatch.chdir(tmp_path)
    texts = {"a.yaml": EXPORTER % "zero", "b.yaml": IMPORTER}
    found = []
    with cache.sharing():
        for version, table in (("old", "one"), ("new", "two")):
            (tmp_path / version / "t").mkdir(parents=True)
            for name, text in texts.items():
                (tmp_path / version / "t" / name).write_text(text, encoding="utf-8")
            (tmp_path / version / "t" / "c.yaml").write_text(
                EXPORTER.replace("shared", table) % table, encoding="utf-8"
            )
            monkeypatch.chdir(tmp_path / version)
            found.append(load(["t"], LoadOptions()))
    assert sorted(bound) == ["a.yaml", "b.yaml", "c.yaml", "c.yaml"]
    old, new = found
    assert old.facts[1] is new.facts[1]
    assert old.key != new.key


def test_values_from_a_file_and_from_the_command_line_make_one_entry(tmp_path: Path, bound: list[str]) -> None:
    """Where a parameter's value comes from is no part of what a template says."""
    queue = "{Type: AWS::SQS::Queue, Properties: {QueueName: !Ref Name}}"
    template = f"Parameters: {{Name: {{Type: String}}}}\nResources: {{Queue: {queue}}}"
    (tmp_path / "a.yaml").write_text(template, encoding="utf-8")
    (tmp_path / "p.json").write_text('{"Parameters": {"Name": "jobs"}}', encoding="utf-8")
    one = load([str(tmp_path / "a.yaml")], LoadOptions(parameters={"Name": "jobs"}))
    other = load([str(tmp_path / "a.yaml")], LoadOptions(parameter_files=(str(tmp_path / "p.json"),)))
    assert one.facts == other.facts
    assert bound == ["a.yaml"]


def test_an_uploaded_template_that_moved_is_read_where_it_is_now(tmp_path: Path, bound: list[str]) -> None:
    """The same text in another folder stands at other places."""
    url = "https://s3.amazonaws.com/bucket/network.yaml"
    parent = f"Resources: {{Net: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: '{url}'}}}}}}"
    (tmp_path / "t.yaml").write_text(parent, encoding="utf-8")
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "network.yaml").write_text(EXPORTER % "one", encoding="utf-8")
    before = load([str(tmp_path / "t.yaml")], LoadOptions()).files
    assert any(file.endswith("one/network.yaml") for file in before)
    (tmp_path / "one").rename(tmp_path / "two")
    after = load([str(tmp_path / "t.yaml")], LoadOptions()).files
    assert any(file.endswith("two/network.yaml") for file in after)
    assert load([str(tmp_path / "t.yaml")], LoadOptions()).files == after
    assert bound == ["t.yaml", "t.yaml"]
