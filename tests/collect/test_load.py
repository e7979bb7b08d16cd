"""Everything the command line can name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from permscope.collect.load import LoadOptions, load
from permscope.collect.snapshot import write_snapshot
from permscope.errors import ConfigError, InputError, NothingReadError
from permscope.inventory.facts import Resource, Unknown
from permscope.inventory.source import Source

QUEUE = """
Parameters: {Name: {Type: String}}
Resources: {Q: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !Ref Name}}}
"""
Folder = Callable[[Mapping[str, str | bytes]], Path]


def _name(root: Path, **options: object) -> str:
    inventory = load([str(root / "t.yaml")], LoadOptions(**options))  # type: ignore[arg-type]
    return inventory.of(Resource)[0].name


def test_parameters_of_the_command_line_win_over_files(folder: Folder) -> None:
    """Later files win over earlier ones."""
    root = folder({"t.yaml": QUEUE, "a.json": '{"Name": "a"}', "b.json": '{"Parameters": {"Name": "b", "More": "x"}}'})
    files = (str(root / "a.json"), str(root / "b.json"))
    assert _name(root) == "${Param::Name}"
    assert _name(root, parameter_files=files) == "b"
    assert _name(root, parameter_files=files, parameters={"Name": "c"}) == "c"


def test_a_parameter_that_no_template_has_is_a_mistake(folder: Folder) -> None:
    """The hint lists those there are; a value from a file may be for another template."""
    root = folder({"t.yaml": QUEUE})
    with pytest.raises(ConfigError, match="no template has a parameter `Nmae`") as caught:
        _name(root, parameters={"Nmae": "x"})
    assert caught.value.hint == "there are `Name`"


def test_an_account_that_is_no_account_id_is_a_mistake(folder: Folder) -> None:
    """An account id has 12 digits."""
    with pytest.raises(ConfigError, match="`12` is not an account id"):
        _name(folder({"t.yaml": QUEUE}), account="12")


def test_nothing_readable_is_an_input_error(folder: Folder) -> None:
    """One broken input speaks for itself, several are counted."""
    root = folder({"a.yaml": "a: b: c", "b.yaml": "x: 1"})
    with pytest.raises(InputError, match="nothing to read"):
        load([])
    with pytest.raises(InputError, match="not valid YAML"):
        load([str(root / "a.yaml")])
    with pytest.raises(InputError, match="nothing can be read; 2 inputs are broken"):
        load([str(root / "a.yaml"), str(root / "b.yaml")])


def test_each_of_several_broken_inputs_is_told(folder: Folder) -> None:
    """In a folder too, and also what declares itself a template and has no resources."""
    declared = 'AWSTemplateFormatVersion: "2010-09-09"\nResources: 5\n'
    root = folder({"a.yaml": "Resources: {A: {Type: 'AWS::S", "b.yaml": declared, "c.yaml": "Resources: 5\n"})
    with pytest.raises(NothingReadError) as caught:
        load([str(root)])
    assert [Path(error.source.file).name for error in caught.value.errors if error.source] == ["a.yaml", "b.yaml"]
    assert "`Resources` is not a mapping" in str(caught.value.errors[1])


def test_what_can_be_read_is_read_and_the_rest_is_in_the_errors(folder: Folder) -> None:
    """The exit code can say that the run was incomplete."""
    root = folder({"a.yaml": "Resources:\n  - b: c: d", "t.yaml": QUEUE})
    inventory = load([str(root)])
    assert len(inventory.errors) == 1
    assert len(inventory.files) == 1


@pytest.mark.parametrize("name", ["s.json", "s.json.gz"])
def test_a_snapshot_is_an_input_like_a_template(folder: Folder, name: str) -> None:
    """Its facts join those of templates."""
    root = folder({"t.yaml": QUEUE})
    queue = Resource(id="arn:aws:sqs:eu-west-1:111122223333:q", type="AWS::SQS::Queue", name="q")
    write_snapshot(root / name, [queue], accounts=["111122223333"])
    inventory = load([str(root / "t.yaml"), str(root / name)])
    assert [fact.name for fact in inventory.of(Resource)] == ["${Param::Name}", "q"]
    assert not inventory.errors


def test_a_broken_snapshot_is_an_error(folder: Folder) -> None:
    """The templates beside it are read."""
    root = folder({"t.yaml": QUEUE, "s.json": '{"schema": "permscope/snapshot/1", "facts": 5}'})
    inventory = load([str(root / "t.yaml"), str(root / "s.json")])
    assert len(inventory.errors) == 1


def test_a_snapshot_with_failed_calls_is_incomplete(folder: Folder) -> None:
    """One error for each such snapshot, which counts what is missing; other unknowns make no snapshot incomplete."""
    root = folder({})
    source = Source(call="sqs.list_queues", account="111122223333", region="eu-west-1")
    refused = Unknown(what="`sqs.list_queues`", why="AccessDenied", kind="denied", source=source)
    undecided = Unknown(what="control policies", why="only the management account may read them", kind="organization")
    write_snapshot(root / "whole.json", [Resource(id="q", type="AWS::SQS::Queue", name="q"), undecided])
    write_snapshot(root / "lacking.json", [refused, refused])
    assert load([str(root / "whole.json")]).errors == ()
    (error,) = load([str(root / "whole.json"), str(root / "lacking.json")]).errors
    assert str(error).startswith(f"{(root / 'lacking.json').as_posix()}: is incomplete: 2 calls")
    assert "2 denied; the first: sqs.list_queues" in error.message


@pytest.mark.parametrize(
    ("at", "meets"),
    [("", True), ("@111111111111", True), ("@222222222222", False), ("@111111111111/us-east-1", False)],
)
def test_an_import_meets_exports_of_its_account_and_region(folder: Folder, at: str, *, meets: bool) -> None:
    """What is not said may be either.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-importvalue.html
    """
    root = folder(
        {
            "out.yaml": "Resources: {T: {Type: AWS::SNS::Topic}}\nOutputs: {O: {Value: made, Export: {Name: all}}}\n",
            "in.yaml": "Resources: {Q: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !ImportValue all}}}\n",
        }
    )
    inventory = load([f"{root}/out.yaml@111111111111/eu-west-1", f"{root}/in.yaml{at}"])
    names = [fact.name for fact in inventory.of(Resource) if fact.type == "AWS::SQS::Queue"]
    assert (names == ["made"]) is meets


def test_templates_beside_accounts_that_name_none_are_unknown(folder: Folder) -> None:
    """Once for all of them; those that name an account, and those that stand alone, are not."""
    root = folder({"a.yaml": QUEUE, "b.yaml": QUEUE})
    write_snapshot(root / "estate.json", [Resource(id="q", type="AWS::SQS::Queue", name="q")])
    estate, one, other = (str(root / name) for name in ("estate.json", "a.yaml", "b.yaml"))

    def said(*paths: str, **options: str) -> list[str]:
        found = load(paths, LoadOptions(**options)).of(Unknown)  # type: ignore[arg-type]
        return [unknown.what for unknown in found if unknown.kind == "deployment"]

    assert said(estate, one, other) == [f"the account of `{one}` and 1 more"]
    assert said(estate, one, f"{other}@111122223333") == [f"the account of `{one}`"]
    assert said(estate, one, account="111122223333") == []
    assert said(one, other) == said(estate) == []
