"""The formats that other programs read: golden, well-formed, within limits, and harmless whatever a template says."""

from __future__ import annotations

import csv as csv_module
import io
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

import pytest

from permscope.audit.findings import Finding
from permscope.errors import TemplateError
from permscope.inventory.facts import Unknown
from permscope.inventory.source import Source
from permscope.report import csv, github, gitlab, junit, markdown, sarif
from permscope.report.escape import in_markdown

EVIL = 'Evil"]</script><img src=x>\x1b[31m\u202e[a](http://b)@team|`x`::error::\n::set-output name=x::y %0A {0} =1+1'


def _at(line: int, file: str = "app/template.yaml") -> Source:
    return Source(file, line, 3)


FINDINGS = (
    Finding(
        rule="new-exposure-path",
        title="New exposure path",
        severity="high",
        resource="UsersTable",
        source=_at(33),
        message="anyone on the internet now reaches `UsersTable` (Write) through `PutUser`",
        why="A fault in the function is enough.",
        fix="Narrow what the role may touch.",
        tags=("diff",),
        references=("https://docs.aws.amazon.com/lambda/latest/dg/security-iam.html",),
        path=("anyone on the internet", "PUT /users/{id}", "PutUser", "UsersTable"),
        steps=(
            ("anyone on the internet", Source()),
            ("PUT /users/{id}", _at(38)),
            ("PutUser", _at(25)),
            ("UsersTable", _at(12)),
        ),
        fingerprint="0123456789abcdef0123456789abcdef",
    ),
    Finding(
        rule="action-star",
        title=EVIL,
        severity="medium",
        confidence="medium",
        resource=EVIL,
        source=_at(7, "dir with spaces/a:b,c%.yaml"),
        message=f"{EVIL} may do everything",
        why=EVIL,
        fix=f"Action: s3:GetObject  # ``` {EVIL}",
        fingerprint="f" * 32,
    ),
    Finding(
        rule="url-auth-none",
        title="A URL asks for nothing",
        severity="critical",
        resource="Landing",
        source=_at(9),
        message="anyone can run `Landing`",
        fingerprint="a" * 32,
        suppressed="a public page",
    ),
    Finding(rule="live", severity="info", resource="arn:x", source=Source(call="iam.get_role"), message="a live role"),
)
ERRORS = (TemplateError("`Resources` must be a mapping", source=_at(1, "broken.yaml"), hint="write `Resources:`"),)
UNKNOWNS = (Unknown(what="parameter `Table`", why="it has no default", kind="parameter", source=_at(2)),)
RENDERED: dict[str, Callable[[], str]] = {
    "findings.sarif": lambda: sarif.render(FINDINGS, errors=ERRORS, unknowns=UNKNOWNS),
    "findings.junit.xml": lambda: junit.render(FINDINGS, errors=ERRORS, passed=["only PutUser writes"]),
    "findings.github.txt": lambda: github.render(FINDINGS, errors=ERRORS, headline="permscope gate: fail"),
    "findings.gitlab.json": lambda: gitlab.render(FINDINGS, errors=ERRORS),
    "findings.csv": lambda: csv.render(FINDINGS, errors=ERRORS),
    "findings.md": lambda: markdown.render(
        FINDINGS, errors=ERRORS, unknowns=UNKNOWNS, command="permscope audit `x` | y"
    ),
}


@pytest.mark.parametrize("name", RENDERED)
def test_the_format_is_what_its_golden_file_shows(name: str, golden: Callable[[str, str], None]) -> None:
    """Every byte is decided, and reviewed."""
    golden(f"ci/{name}", RENDERED[name]().replace("\r\n", "\n"))


@pytest.mark.parametrize("name", RENDERED)
def test_no_control_character_of_a_template_gets_through(name: str) -> None:
    """What moves the cursor, reorders or hides text is written out."""
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e]", RENDERED[name]())


# SARIF


def _sarif(findings: Any = FINDINGS, **more: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(sarif.render(findings, **more))
    return document


def test_sarif_has_what_the_standard_asks_for() -> None:
    """Required properties, known values, indexes and ids that fit together (SARIF 2.1.0, sections 3.13 to 3.49)."""
    document = _sarif(errors=ERRORS, unknowns=UNKNOWNS)
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


def test_a_path_is_a_code_flow() -> None:
    """Each hop is a location of its own, at its own line."""
    result = next(each for each in _sarif()["runs"][0]["results"] if each["ruleId"] == "new-exposure-path")
    (flow,) = result["codeFlows"]
    steps = [each["location"] for each in flow["threadFlows"][0]["locations"]]
    assert [each["message"]["text"] for each in steps] == list(FINDINGS[0].path)
    assert [each["physicalLocation"]["region"]["startLine"] for each in steps] == [33, 38, 25, 12]


def test_sarif_keeps_the_worst_results_when_there_are_too_many() -> None:
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


def test_sarif_stays_within_its_size() -> None:
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


# The others


def test_junit_counts_what_it_holds() -> None:
    """The numbers of the heading are those of the cases."""
    suite = ET.fromstring(RENDERED["findings.junit.xml"]())[0]  # noqa: S314 - our own text
    cases = list(suite)
    assert int(suite.attrib["tests"]) == len(cases) == 6
    assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure")) == 3
    assert int(suite.attrib["skipped"]) == len(suite.findall("testcase/skipped")) == 1
    assert int(suite.attrib["errors"]) == len(suite.findall("testcase/error")) == 1


def test_an_empty_junit_report_has_a_case_that_passes() -> None:
    """Some CIs take a report without cases for a mistake."""
    suite = ET.fromstring(junit.render(()))[0]  # noqa: S314 - our own text
    assert [case.attrib["name"] for case in suite] == ["no findings"]


def test_every_github_line_is_one_command_of_ours() -> None:
    """A name with a line feed and `::` starts no command of its own."""
    lines = RENDERED["findings.github.txt"]().splitlines()
    *commands, headline = lines
    assert len(commands) == 4
    assert all(
        re.match(r"::(error|warning|notice) (file=[^,:]+,line=\d+,col=\d+,)?title=[^,:]+::", each) for each in commands
    )
    assert headline == "permscope gate: fail"


def test_gitlab_fingerprints_are_unique() -> None:
    """GitLab drops findings with a fingerprint it has seen."""
    twice = (FINDINGS[0], FINDINGS[0])
    rows = json.loads(gitlab.render(twice))
    assert len({row["fingerprint"] for row in rows}) == 2
    assert {row["severity"] for row in rows} == {"critical"}


def test_no_csv_cell_is_a_formula() -> None:
    """A spreadsheet calculates nothing that a template says."""
    evil = Finding(rule="r", severity="low", resource="=cmd|' /C calc'!A0", source=_at(1), message="+1", fix="@SUM(1)")
    (row,) = csv_module.DictReader(io.StringIO(csv.render([evil])))
    assert [row[name][0] for name in ("resource", "message", "fix")] == ["'", "'", "'"]


def test_markdown_of_a_template_stays_text() -> None:
    """No HTML, image, link, mention or table cell of a template takes effect in a comment."""
    text = RENDERED["findings.md"]()
    outside = re.sub(r"`[^`\n]*`", "", text)
    assert "<img" not in outside
    assert "</script>" not in outside
    assert "](http" not in outside.replace("\\](", "")
    assert not re.search(r"(?<!&#64;)@team", outside)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 4 for row in rows)


@pytest.mark.parametrize("text", ["``` <img> `", "`a` <img> `b`", "<img>", "`a\n\n<img>`", "`` `<img>` ``", "a`<img>"])
def test_backticks_of_a_template_open_no_way_out(text: str) -> None:
    """Whatever runs of backticks a name has, HTML stands in a code span or is escaped."""
    for shown in (in_markdown(text), in_markdown(text, keep_lines=True)):
        assert "<img>" not in re.sub(r"(?<!`)`[^`\n]+`(?!`)", "", shown)


def test_a_long_comment_fits_into_github() -> None:
    """A comment takes 65,536 characters; no table is cut in two."""
    many = tuple(
        Finding(rule="r", severity="high", resource="x", source=_at(at), message="m" * 2000, suppressed="s" * 2000)
        for at in range(200)
    )
    text = markdown.render(many, unknowns=UNKNOWNS, command="c")
    assert len(text) < 65_536
    assert "More is left out" in text
