"""Findings for other programs, with the paths that those programs know files by."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from permscope.audit.findings import Finding
from permscope.cli.machine_formats import sarif_text, write_findings
from permscope.errors import ConfigError, NothingReadError, TemplateError
from permscope.graph.model import PermissionGraph
from permscope.inventory.source import Source


def _finding(file: str) -> Finding:
    place = Source(file, 3, 1)
    return Finding(rule="r", severity="high", resource="x", message="m", source=place, steps=(("x", place),))


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("b.yaml", "nested/b.yaml"),
        ("../app.yaml", "app.yaml"),
        ("{top}/nested/b.yaml", "nested/b.yaml"),
        ("../../outside.yaml", "../../outside.yaml"),
    ],
)
def test_a_file_is_named_by_its_path_in_the_repository(
    checkout: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], file: str, uri: str
) -> None:
    """Whatever folder permscope runs in; a file outside stays as it is."""
    monkeypatch.chdir(checkout.top / "nested")
    finding = _finding(file.format(top=checkout.top.as_posix()))
    write_findings("github", [finding], (), PermissionGraph(()))
    assert f"file={uri},line=3" in capsys.readouterr().out
    assert finding.source.file != uri or file == uri


def test_errors_are_moved_and_stay_as_they_were(checkout: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error that is printed elsewhere keeps its own place."""
    monkeypatch.chdir(checkout.top / "nested")
    errors = [TemplateError("no mapping", source=Source("b.yaml", 1, 1))]
    text = sarif_text([], [*errors, NothingReadError(errors)], ())
    assert text.count('"nested/b.yaml"') >= 2
    assert errors[0].source == Source("b.yaml", 1, 1)
    assert json.loads(text)["version"] == "2.1.0"


def test_outside_of_a_repository_files_stay_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing here needs git."""
    monkeypatch.chdir(tmp_path)
    write_findings("csv", [_finding("a.yaml")], (), PermissionGraph(()))
    write_findings("github", [_finding("a.yaml")], (), PermissionGraph(()))
    assert capsys.readouterr().out.count("a.yaml") == 2
    with pytest.raises(ConfigError):
        write_findings("pdf", (), (), PermissionGraph(()))


@pytest.mark.parametrize(
    ("said", "server", "uri"),
    [
        ("owner/permscope", "https://github.com", "https://github.com/owner/permscope"),
        ("group/sub/permscope", "https://git.example.com:8443/", "https://git.example.com:8443/group/sub/permscope"),
        ("https://git.example.com/tools/permscope", "", "https://git.example.com/tools/permscope"),
        ("owner/permscope", "", None),
        ("", "https://github.com", None),
        ("javascript:alert(1)", "https://github.com", None),
        ("owner/perm scope", "https://github.com", None),
    ],
)
def test_sarif_says_where_permscope_comes_from_where_the_ci_says_it(
    said: str, server: str, uri: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No address is made up: without the variable there is none."""
    monkeypatch.setenv("PERMSCOPE_REPOSITORY", said)
    monkeypatch.setenv("GITHUB_SERVER_URL", server)
    monkeypatch.delenv("CI_SERVER_URL", raising=False)
    driver = json.loads(sarif_text([_finding("app.yaml")], (), ()))["runs"][0]["tool"]["driver"]
    assert driver.get("informationUri") == uri
