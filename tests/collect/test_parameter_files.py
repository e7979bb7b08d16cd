"""Parameter files."""

from __future__ import annotations

from pathlib import Path

import pytest

from permscope.collect.load import LoadOptions, load
from permscope.collect.parameter_files import read_parameter_file, read_region
from permscope.errors import ConfigError

SPACED = r"""
version = 0.1
[default.deploy.parameters]
stack_name = "s"
parameter_overrides = "A=1 B=\"two words\" C="
"""
LAYERED = """
[default.global.parameters]
parameter_overrides = ["A=1", "B=2"]
[default.deploy.parameters]
parameter_overrides = ["B=3"]
[prod.deploy.parameters]
parameter_overrides = ["A=9"]
"""
PAIRS = """
[prod.deploy.parameters]
parameter_overrides = "ParameterKey=A,ParameterValue=9 ParameterKey=B,ParameterValue=x"
"""


@pytest.mark.parametrize(
    ("name", "text", "values"),
    [
        (
            "cli.json",
            '[{"ParameterKey": "A", "ParameterValue": "1"}, {"ParameterKey": "B", "UsePreviousValue": true}]',
            {"A": "1"},
        ),
        ("deploy.json", '["A=1", "B=x=y"]', {"A": "1", "B": "x=y"}),
        ("pipeline.json", '{"Parameters": {"A": "1", "B": ["x", "y"]}, "Tags": {"t": "v"}}', {"A": "1", "B": "x,y"}),
        ("plain.json", '{"A": "1", "B": 2, "C": true}', {"A": "1", "B": "2", "C": "true"}),
        ("plain.yaml", "A: 012345670123\nB: x\n", {"A": "012345670123", "B": "x"}),
        (
            "samconfig.toml",
            SPACED,
            {"A": "1", "B": "two words", "C": ""},
        ),
        (
            "samconfig.toml",
            LAYERED,
            {"A": "1", "B": "3"},
        ),
        (
            "samconfig.toml",
            PAIRS,
            {"A": "9", "B": "x"},
        ),
    ],
)
def test_every_usual_shape_is_read(tmp_path: Path, name: str, text: str, values: dict[str, str]) -> None:
    """The shapes of the AWS CLI, CodePipeline and the SAM CLI."""
    path = tmp_path / name
    path.write_text(text)
    assert read_parameter_file(str(path)) == values


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("p.json", b'[{"ParameterKey": "A" "x"}]', "not valid JSON"),
        ("p.json", b'"text"', "no parameter values"),
        ("p.json", b"[1, 2]", "no parameter values"),
        ("p.json", b'{"A": {"b": 1}}', "no parameter values"),
        ("p.json", b"\xff\xfe", "not UTF-8"),
        ("p.json", b"[" * 100000, "nested too deep"),
        ("samconfig.toml", b"a = = b", "not valid TOML"),
        ("samconfig.toml", b"version = 0.1", "no parameter values"),
        ("p.yaml", b"a: b: c", "not valid YAML"),
    ],
)
def test_a_broken_file_is_an_error_that_shows_no_value(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    """The error names the file, and a hint says which shapes there are."""
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(Exception, match=message) as caught:
        read_parameter_file(str(path))
    assert str(path) in str(caught.value)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    """It says that there is no such file."""
    with pytest.raises(ConfigError, match="no such file"):
        read_parameter_file(str(tmp_path / "nope.json"))


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ('[default.deploy.parameters]\nregion = "eu-west-1"', "eu-west-1"),
        ('[default.global.parameters]\nregion = "us-east-1"', "us-east-1"),
        (
            '[default.global.parameters]\nregion = "us-east-1"\n[default.deploy.parameters]\nregion = "eu-west-1"',
            "eu-west-1",
        ),
        ('[prod.deploy.parameters]\nregion = "eu-west-1"', "eu-west-1"),
        ('[a.deploy.parameters]\nregion = "eu-west-1"\n[b.deploy.parameters]\nregion = "eu-west-2"', None),
        ('[default.deploy.parameters]\nregion = 5\nparameter_overrides = "A=b"', None),
        ('[default.deploy.parameters]\nregion = "no region"\nparameter_overrides = "A=b"', None),
    ],
)
def test_the_region_of_a_samconfig_is_that_of_its_templates(tmp_path: Path, text: str, region: str | None) -> None:
    """Where nobody says otherwise: `--region`, the path, or a manifest; its profile says nothing here."""
    path = tmp_path / "samconfig.toml"
    path.write_text(text, encoding="utf-8")
    assert read_region(str(path)) == region
    template = tmp_path / "template.yaml"
    template.write_text("Resources: {Q: {Type: 'AWS::SQS::Queue', Properties: {QueueName: q}}}", encoding="utf-8")
    if region is None:
        return
    for options, expected in (
        (LoadOptions(parameter_files=(str(path),)), region),
        (LoadOptions(parameter_files=(str(path),), region="us-west-2"), "us-west-2"),
    ):
        (arn,) = load([str(template)], options).resources
        assert f":sqs:{expected}:" in arn


def test_only_a_samconfig_has_a_region(tmp_path: Path) -> None:
    """A broken one has none here; reading its parameters says what is wrong."""
    for name, text in (("p.json", '{"region": "eu-west-1"}'), ("samconfig.toml", "a = = b")):
        (tmp_path / name).write_text(text, encoding="utf-8")
        assert read_region(str(tmp_path / name)) is None
    assert read_region(str(tmp_path / "missing.toml")) is None
