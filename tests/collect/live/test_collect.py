"""The command as people run it: files, summary, exit codes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess, run
from typing import Any

import pytest


@pytest.fixture
def permscope(tmp_path: Path) -> Callable[..., CompletedProcess[str]]:
    """Run permscope in a folder of its own, with the environment of the test."""

    def call(*arguments: str) -> CompletedProcess[str]:
        command = [sys.executable, "-m", "permscope", *arguments]
        return run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603

    return call


COLLECT = ("collect", "-o", "estate.json.zst", "--region", "eu-west-1", "--rate", "1000")


def test_a_snapshot_is_audited_like_a_template(deploy: Any, permscope: Callable[..., CompletedProcess[str]]) -> None:
    """Collect, then audit and graph: the public permission is found, with the call that told of it.

    The server lacks operations, so the snapshot is incomplete, and the audit says so by itself.
    """
    deploy.orders()
    collected = permscope(*COLLECT)
    assert collected.stdout == ""
    assert "1 function, 1 role" in collected.stderr
    assert "API calls" in collected.stderr
    assert "per 1,000 functions" in collected.stderr
    assert "wrote estate.json.zst" in collected.stderr
    audited = permscope("audit", "estate.json.zst")
    assert audited.returncode == 3
    assert "permission-public" in audited.stdout
    assert "estate.json.zst: is incomplete" in audited.stderr
    assert "orders" in permscope("graph", "estate.json.zst").stdout


def test_what_could_not_be_read_is_summed_up(
    aws: Any, deploy: Any, permscope: Callable[..., CompletedProcess[str]]
) -> None:
    """Exit code 3, with operation, error code and what that hides."""
    deploy.orders()
    aws.break_calls("ListQueues", code="AccessDeniedException")
    collected = permscope(*COLLECT)
    assert collected.returncode == 3
    assert "denied: sqs.list_queues (1x, 123456789012 eu-west-1): AccessDeniedException" in collected.stderr
    assert "not known: which queues there are" in collected.stderr


def test_no_credentials_are_one_line(
    aws: Any, permscope: Callable[..., CompletedProcess[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 2, no traceback, nothing written."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    collected = permscope(*COLLECT)
    assert collected.returncode == 2
    assert "no account can be read: NoCredentialsError" in collected.stderr
    assert "Traceback" not in collected.stderr
