"""`permscope diff`: what is compared with what, in every format, without a traceback."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from permscope.cli.diff import FORMATS
from permscope.errors import ConfigError, PermscopeError

FOLDER = Path(__file__).parents[2] / "fixtures" / "pull-requests"
PATCH = FOLDER / "a-route-loses-its-authorizer.patch"


@pytest.mark.parametrize("old", ["main", "main:app.yaml", "HEAD~1"])
def test_a_side_may_be_a_git_revision(old: str, checkout: Any, run_json: Callable[..., dict[str, Any]]) -> None:
    """A branch, a commit, or one of its files."""
    checkout.git("apply", str(PATCH))
    checkout.commit()
    new = "app.yaml" if ":" in old else "."
    kinds = {each["kind"] for each in run_json("diff", old, new)["changes"]}
    assert kinds == {"new-public-entry", "new-exposure-path"}


def test_two_revisions_are_compared(checkout: Any, run_json: Callable[..., dict[str, Any]]) -> None:
    """Neither has to be checked out."""
    checkout.git("apply", str(PATCH))
    checkout.commit()
    checkout.git("checkout", "-q", "main")
    assert run_json("diff", "main", "pull-request")["summary"]["risks"] == 2
    backwards = run_json("diff", "pull-request", "main")["changes"]
    assert {each["kind"] for each in backwards} <= {"access-removed", "new-invoker", "weakened"}


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("command", [("diff",), ("gate",)])
def test_every_format_is_written(
    format_: str, command: tuple[str, ...], checkout: Any, run: Callable[..., Any]
) -> None:
    """Each format says what is new, and nothing but the report is on standard output."""
    checkout.git("apply", str(PATCH))
    result = run(*command, "--base", "HEAD", "--format", format_)
    assert result.exit_code == (1 if command == ("gate",) else 0)
    assert "PUT /users/{id}" in result.stdout
    assert result.stderr == ""


def test_an_audit_writes_the_same_formats(checkout: Any, run: Callable[..., Any]) -> None:
    """Whoever has no older version gets its findings in the same forms."""
    for format_ in ("sarif", "gitlab"):
        json.loads(run("audit", "app.yaml", "--format", format_).stdout)
    assert run("audit", "app.yaml", "--format", "junit").stdout.startswith("<?xml")
    assert run("audit", "app.yaml", "--format", "markdown").stdout.startswith("<!-- permscope -->")


def test_unknowns_of_both_sides_are_said(checkout: Any, run_json: Callable[..., dict[str, Any]]) -> None:
    """What is new among them is told apart."""
    checkout.edit("reports.yaml", ("Resources:\n", "Parameters: {Extra: {Type: String}}\nResources:\n"))
    checkout.edit("reports.yaml", ("Action: sqs:SendMessage", "Action: [sqs:SendMessage, !Ref Extra]"))
    found = run_json("diff", "--base", "HEAD")
    assert [each["what"] for each in found["unknowns"]["gained"]] == ["parameter `Extra`"]
    assert found["unknowns"]["old"] == []


def test_a_first_version_is_compared_with_nothing(checkout: Any, run_json: Callable[..., dict[str, Any]]) -> None:
    """Everything is new, and nothing is an error."""
    checkout.git("checkout", "-q", "--orphan", "fresh")
    checkout.git("rm", "-rq", "--cached", ".")
    checkout.git("commit", "-q", "--allow-empty", "-m", "empty")
    found = run_json("diff", "--base", "HEAD", ".")
    assert {each["kind"] for each in found["changes"]} >= {"new-public-entry", "new-access"}
    assert found["exit"] == 0


def test_a_broken_template_makes_the_answer_incomplete(checkout: Any, run: Callable[..., Any]) -> None:
    """A broken new file is exit code 3; a broken old one is said, and mending it passes."""
    checkout.write({"app.yaml": "Resources: ["})
    assert run("gate", "--base", "HEAD").exit_code == 3
    checkout.commit("broken")
    checkout.git("checkout", "-q", "main", "--", "app.yaml")
    result = run("gate", "--base", "HEAD", "--fail-on", "never")
    assert result.exit_code == 0
    assert "in the old version: app.yaml" in result.stderr


WRONG = {
    "one path": ("diff", "app.yaml"),
    "a path that is none": ("diff", "nowhere.yaml", "app.yaml"),
    "a base that is none": ("diff", "--base", "nowhere"),
    "an option as base": ("diff", "--base", "--upload-pack=x"),
    "standard input": ("diff", "--base", "HEAD", "-"),
    "a parameter that is none": ("diff", "app.yaml", "app.yaml", "--parameter", "x"),
    "both kinds of base": ("gate", "--base", "HEAD", "--old", "app.yaml", "app.yaml"),
    "a kind that is none": ("gate", "--forbid", "new-public"),
}


@pytest.mark.parametrize("arguments", WRONG.values(), ids=WRONG)
def test_what_cannot_be_compared_is_an_error(
    arguments: tuple[str, ...], checkout: Any, run: Callable[..., Any]
) -> None:
    """Each mistake is said with a hint, as an error of permscope."""
    result = run(*arguments)
    assert isinstance(result.exception, PermscopeError)


def test_without_git_two_paths_can_be_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Callable[..., Any]
) -> None:
    """`--base` needs a repository, OLD and NEW do not."""
    monkeypatch.chdir(tmp_path)
    assert run("diff", str(FOLDER), str(FOLDER)).stdout.startswith("nothing new can happen")
    assert isinstance(run("diff", "--base", "HEAD").exception, ConfigError)


def test_a_suppressed_change_does_not_fail(checkout: Any, run_json: Callable[..., dict[str, Any]]) -> None:
    """A reason in `permscope.yaml` holds, and that the configuration is new is said."""
    checkout.git("apply", str(FOLDER / "a-partner-may-invoke.patch"))
    ignore = "ignore:\n  - {rule: '*', resource: '*', reason: the partner is ours}\n"
    checkout.write({"permscope.yaml": ignore})
    found = run_json("gate", "--base", "HEAD")
    assert (found["verdict"], found["failing"], found["exit"]) == ("review", [], 0)
    assert {each["suppressed"] for each in found["other"]} == {"the partner is ours"}
    assert found["notes"] == ["the configuration is new with this change"]


def test_contracts_are_checked_by_the_gate(checkout: Any, run_json: Callable[..., dict[str, Any]]) -> None:
    """A contract that a change breaks fails with its counter-example."""
    contract = "contracts:\n  - {name: no way to the secret, never: {from: public, reaches: DbSecret}}\n"
    checkout.write({"permscope.yaml": contract + "gate: {fail_on: high}\n"})
    checkout.commit("a contract")
    assert run_json("gate", "--base", "HEAD")["verdict"] == "pass"
    checkout.git("apply", str(FOLDER / "a-second-function-shares-a-role.patch"))
    found = run_json("gate", "--base", "HEAD")
    assert found["verdict"] == "fail"
    (result,) = found["contracts"]
    labels = [each["label"] for each in result["violations"][0]["path"]]
    assert labels == ["anyone on the internet", "GET /health", "GetUserFunction", "WorkerRole", "DbSecret"]
