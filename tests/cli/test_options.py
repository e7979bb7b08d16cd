"""Options that commands share."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from permscope.cli import permscope
from permscope.cli.options import read_world, write_json
from permscope.errors import ConfigError
from permscope.inventory.facts import Resource

QUEUE = """\
Parameters: {Name: {Type: String}}
Resources: {Q: {Type: AWS::SQS::Queue, Properties: {QueueName: !Ref Name}}}
"""


@pytest.fixture
def template(tmp_path: Path) -> str:
    """A queue that is named by a parameter."""
    path = tmp_path / "template.yaml"
    path.write_text(QUEUE, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("given", "configured_name", "name"),
    [(["Name=a"], None, "a"), (["Name=a=b"], None, "a=b"), ([], "c", "c"), (["Name=a"], "c", "a")],
)
def test_a_parameter_is_what_stands_behind_the_first_sign(
    template: str, given: list[str], configured_name: str | None, name: str
) -> None:
    """The command line comes before the configuration."""
    defaults = {"Name": configured_name} if configured_name else None
    inventory = read_world([template], parameter=given, configured_parameters=defaults, account="111122223333")
    (queue,) = inventory.of(Resource)
    assert queue.name == name


@pytest.mark.parametrize("item", ["Name", "=a", ""])
def test_a_parameter_without_a_name_is_a_mistake(template: str, item: str) -> None:
    """It would be passed over otherwise, and the answer be about another stack."""
    with pytest.raises(ConfigError, match="is not KEY=VALUE"):
        read_world([template], parameter=[item])


def test_a_broken_input_beside_others_is_told_and_ends_in_its_code(template: str, tmp_path: Path) -> None:
    """What can be read is answered; nobody takes it for all."""
    (tmp_path / "broken.yaml").write_text("Resources: [\n", encoding="utf-8")
    result = CliRunner().invoke(permscope, ["graph", template, str(tmp_path / "broken.yaml")])
    assert result.exit_code == 3
    assert "broken.yaml" in result.stderr
    assert result.stdout


def test_json_is_harmless_in_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """A name that moves the cursor is written as an escape."""
    write_json({"name": "\x9b31m"})
    assert capsys.readouterr().out == '{\n "name": "\\u009b31m"\n}\n'
