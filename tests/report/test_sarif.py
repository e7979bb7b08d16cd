"""SARIF as the standard and GitHub take it, whatever was found."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from permscope.audit.findings import Finding
from permscope.inventory.source import Source
from permscope.report import sarif


def _at(line: int) -> Source:
    return Source("app/template.yaml", line, 3)


def _sarif(findings: Any, **more: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(sarif.render(findings, **more))
    return document


def test_it_has_what_the_standard_asks_for(rendered: Callable[[str], str]) -> None:
    """Required properties, known values, indexes and ids that fit together (SARIF 2.1.0, sections 3.13 to 3.49)."""
    document = json.loads(rendered("findings.sarif"))
    assert (document["version"], set(document)) == ("2.1.0", {"$schema", "version", "runs"})
    (run,) = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"none", "note", "warning", "error"}
        assert result["message"]["text"]
        assert all(isinstance(each, str) and each for each in result["partialFingerprints"].values())
        for location in _locations(result):
            place = location["physicalLocation"]
            assert place["region"]["startLine"] >= 1
            assert place["region"].get("startColumn", 1) >= 1
            assert re.fullmatch(r"[A-Za-z0-9%/._~-]+", place["artifactLocation"]["uri"])
            assert place["artifactLocation"]["uriBaseId"] == "%SRCROOT%"
        for suppression in result.get("suppressions", ()):
            assert (suppression["kind"], suppression["status"]) == ("external", "accepted")
    for rule in rules:
        assert 0 < float(rule["properties"]["security-severity"]) <= 10
        assert rule["defaultConfiguration"]["level"] in {"note", "warning", "error"}
    assert run["invocations"][0]["executionSuccessful"] is False
    assert run["automationDetails"]["id"].endswith("/")


def _locations(result: dict[str, Any]) -> list[dict[str, Any]]:
    flows = [step["location"] for flow in result.get("codeFlows", ()) for step in flow["threadFlows"][0]["locations"]]
    return [*result["locations"], *flows]


def test_a_path_is_a_code_flow(findings: tuple[Finding, ...]) -> None:
    """Each hop is a location of its own, at its own line."""
    result = next(each for each in _sarif(findings)["runs"][0]["results"] if each["ruleId"] == "new-exposure-path")
    (flow,) = result["codeFlows"]
    steps = [each["location"] for each in flow["threadFlows"][0]["locations"]]
    assert [each["message"]["text"] for each in steps] == list(findings[0].path)
    assert [each["physicalLocation"]["region"]["startLine"] for each in steps] == [33, 38, 25, 12]


def test_it_keeps_the_worst_results_when_there_are_too_many() -> None:
    """GitHub shows 5,000 results of a run; the worst ones stay, and what is left out is said."""
    many = [
        Finding(rule="r", severity="low", resource=f"x{at}", source=_at(at + 1), message="m", fingerprint=f"{at:032x}")
        for at in range(sarif.MOST_RESULTS + 10)
    ]
    worst = Finding(rule="worst", severity="critical", resource="y", source=_at(1), message="m", fingerprint="0" * 32)
    (run,) = _sarif([*many, worst])["runs"]
    assert len(run["results"]) == sarif.MOST_RESULTS
    assert run["results"][0]["ruleId"] == "worst"
    said = run["invocations"][0]["toolExecutionNotifications"]
    assert said[-1]["message"]["text"] == "11 more findings are left out"


def test_it_stays_within_its_size() -> None:
    """A report that is too large loses its mildest findings, not its readers."""
    many = [
        Finding(
            rule=f"r{at}", severity="low", resource="x", source=_at(1), message="m" * 900, why="w" * 900, fix="f" * 900
        )
        for at in range(4000)
    ]
    text = sarif.render(many)
    assert len(text.encode()) <= sarif.MOST_BYTES
    assert json.loads(text)["runs"][0]["results"]


def test_a_long_path_is_cut_to_what_github_takes() -> None:
    """At most 1,000 steps of a path."""
    steps = tuple((f"hop {at}", _at(at + 1)) for at in range(1200))
    finding = Finding(rule="r", severity="low", resource="x", source=_at(1), message="m", steps=steps)
    (result,) = _sarif([finding])["runs"][0]["results"]
    assert len(result["codeFlows"][0]["threadFlows"][0]["locations"]) == 1000


@pytest.mark.parametrize(
    ("file", "uri", "base"),
    [
        ("template.yaml", "template.yaml", "%SRCROOT%"),
        ("./a/b.yaml", "a/b.yaml", "%SRCROOT%"),
        ("a b/ü:#?.yaml", "a%20b/%C3%BC%3A%23%3F.yaml", "%SRCROOT%"),
        ("/abs/x.yaml", "file:///abs/x.yaml", None),
        ("C:\\x\\y.yaml", "file:///C%3A/x/y.yaml", None),
        ("a\\b.yaml", "a/b.yaml", "%SRCROOT%"),
    ],
)
def test_files_become_uris(file: str, uri: str, base: str | None) -> None:
    """Relative to the source root where they are below it, else absolute."""
    made = sarif.artifact(file)
    assert (made["uri"], made.get("uriBaseId")) == (uri, base)
