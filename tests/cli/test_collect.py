"""`permscope collect`: what it refuses before it calls anybody, and what it prints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from permscope.cli.collect import _repeated, command
from permscope.errors import ConfigError


def test_a_list_option_takes_several_values() -> None:
    """`--profile a b c` is `--profile a --profile b --profile c`."""
    given = ["--profile", "a", "b", "-o", "x.json", "--region", "eu-west-1", "eu-west-2", "--resume"]
    assert list(_repeated(given)) == [
        *("--profile", "a", "--profile", "b", "-o", "x.json"),
        *("--region", "eu-west-1", "--region", "eu-west-2", "--resume"),
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "`-o FILE` is missing"),
        (["-o", "estate.yaml"], "no ending of a snapshot"),
        (["-o", "missing/estate.json"], "there is no folder"),
        (["-o", "estate.json", "--account", "12", "--role-name", "r"], "is not an account id"),
        (["-o", "estate.json", "--account", "111122223333"], "needs `--role-name`"),
        (["-o", "estate.json", "--role-name", "r"], "need accounts"),
    ],
)
def test_wrong_usage_is_said_before_anything_is_called(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line, with what to do."""
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(command, arguments)
    assert isinstance(result.exception, ConfigError)
    assert message in str(result.exception)
    assert result.exception.hint


def documents(text: str) -> list[dict[str, Any]]:
    """JSON documents that stand one after the other."""
    found, at = [], 0
    while at < len(text.rstrip()):
        document, at = json.JSONDecoder().raw_decode(text, at)
        found.append(document)
        at += len(text[at:]) - len(text[at:].lstrip())
    return found


def test_the_policies_are_printed_without_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is a JSON document ready for `aws iam create-policy`, and that there are several is said."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    result = CliRunner().invoke(command, ["--print-policy"])
    assert result.exit_code == 0
    policies = documents(result.stdout)
    actions = [action for policy in policies for action in policy["Statement"][0]["Action"]]
    assert "iam:GetAccountAuthorizationDetails" in actions
    assert f"{len(policies)} documents" in result.stderr


def test_each_policy_is_written_to_a_file_of_its_own(tmp_path: Path) -> None:
    """With `-o`, as the CLI reads policies from files."""
    printed = documents(CliRunner().invoke(command, ["--print-policy"]).stdout)
    result = CliRunner().invoke(command, ["--print-policy", "-o", str(tmp_path / "read.json")])
    assert (result.exit_code, result.stdout) == (0, "")
    files = [tmp_path / f"read-{number}.json" for number in range(1, len(printed) + 1)]
    assert sorted(tmp_path.iterdir()) == files
    assert [json.loads(file.read_text(encoding="utf-8")) for file in files] == printed
    missing = CliRunner().invoke(command, ["--print-policy", "-o", str(tmp_path / "missing" / "read.json")])
    assert isinstance(missing.exception, ConfigError)


@pytest.mark.parametrize(
    ("region", "environment", "partition"),
    [
        ("us-gov-west-1", None, "aws-us-gov"),
        (None, "cn-north-1", "aws-cn"),
        ("eu-west-1", "cn-north-1", "aws"),
        (None, None, "aws"),
    ],
)
def test_the_policy_is_for_the_partition_of_the_region(
    region: str | None, environment: str | None, partition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That of `--region`, or of the Region that the SDK is told; IAM refuses the ARNs of another partition."""
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    if environment:
        monkeypatch.setenv("AWS_DEFAULT_REGION", environment)
    result = CliRunner().invoke(command, ["--print-policy", *(["--region", region] if region else [])])
    resources = [
        arn
        for policy in documents(result.stdout)
        for statement in policy["Statement"]
        for arn in statement["Resource"]
        if statement["Resource"] != "*"
    ]
    assert resources
    assert {arn.split(":")[1] for arn in resources} == {partition}
