"""`permscope collect`: what it refuses before it calls anybody, and what it prints."""

from __future__ import annotations

import json
from pathlib import Path

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


def test_the_policy_is_printed_without_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is JSON, ready for `aws iam create-policy`."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    result = CliRunner().invoke(command, ["--print-policy"])
    assert result.exit_code == 0
    policy = json.loads(result.stdout)
    assert "iam:GetAccountAuthorizationDetails" in policy["Statement"][0]["Action"]
