"""Suppressions from metadata, comments and configuration."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from permscope.audit.config import parse_config
from permscope.audit.findings import Finding
from permscope.audit.suppressions import EXPIRED, NO_REASON, UNUSED, Suppression, read_suppressions, suppress
from permscope.inventory.source import Source

TODAY = dt.date(2026, 6, 1)
TEMPLATE = """\
Resources:
  Page:
    Type: AWS::Lambda::Url
    Metadata:
      permscope:
        ignore:
          - rule: url-auth-none
            reason: a public page
            until: 2027-01-31
    Properties:
      AuthType: NONE
  Other:
    Type: AWS::Lambda::Url
    Properties:
      AuthType: NONE  # permscope: ignore[url-auth-none] a second page
  Third:
    Type: AWS::Lambda::Url
    Properties:
      # permscope: ignore[url-auth-none until 2026-01-01] a third page
      AuthType: NONE
  Fourth:
    Type: AWS::Lambda::Url
    Properties:
      AuthType: NONE  # permscope: ignore[url-auth-none]
"""


def _finding(resource: str, line: int, file: str) -> Finding:
    return Finding(
        rule="url-auth-none", severity="high", resource=resource, source=Source(file, line, 7), message="open"
    )


@pytest.fixture
def template(tmp_path: Path) -> str:
    """Path of a template with four suppressions."""
    path = tmp_path / "template.yaml"
    path.write_text(TEMPLATE, encoding="utf-8")
    return path.as_posix()


def test_a_reasoned_suppression_marks_its_finding(template: str) -> None:
    """Metadata holds for its resource, a comment for its line."""
    findings = [_finding("Page", 11, template), _finding("Other", 15, template)]
    marked = suppress(findings, read_suppressions([template]), today=TODAY)
    assert [finding.suppressed for finding in marked[:2]] == ["a public page", "a second page"]


def test_an_expired_suppression_does_not_hold_and_is_said(template: str) -> None:
    """After its last day a suppression is a finding, and so is what it hid."""
    marked = suppress([_finding("Third", 20, template)], read_suppressions([template]), today=TODAY)
    assert marked[0].suppressed is None
    assert [finding.line for finding in marked if finding.rule == EXPIRED] == [19]


def test_a_suppression_holds_on_its_last_day(template: str) -> None:
    """`until` names the last day, not the first day after."""
    day = dt.date(2027, 1, 31)
    marked = suppress([_finding("Page", 11, template)], read_suppressions([template]), today=day)
    assert marked[0].suppressed == "a public page"


def test_a_suppression_without_reason_does_not_hold(template: str) -> None:
    """No reason, no suppression."""
    marked = suppress([_finding("Fourth", 24, template)], read_suppressions([template]), today=TODAY)
    assert marked[0].suppressed is None
    assert [finding.line for finding in marked if finding.rule == NO_REASON] == [24]


def test_an_unused_suppression_is_said(template: str) -> None:
    """What suppresses nothing is named with its place."""
    marked = suppress([], read_suppressions([template]), today=TODAY)
    assert [finding.line for finding in marked if finding.rule == UNUSED] == [15, 7]


@pytest.mark.parametrize(("resource", "expected"), [("Landing*", True), ("*", True), ("Other", False)])
def test_configuration_names_resources_by_pattern(resource: str, expected: bool) -> None:
    """`ignore:` of the configuration takes a pattern for the resource."""
    text = f'ignore:\n  - {{rule: "url-*", resource: "{resource}", reason: a public page}}\n'
    config = parse_config(text, "permscope.yaml")
    marked = suppress([_finding("LandingPage", 3, "t.yaml")], config.ignore, today=TODAY)
    assert (marked[0].suppressed == "a public page") is expected


def test_an_unreadable_day_does_not_suppress_for_ever() -> None:
    """A suppression whose end cannot be read has ended."""
    suppression = Suppression(rule="*", reason="r", until=dt.date.min, source=Source("t.yaml", 1))
    marked = suppress([_finding("Page", 1, "t.yaml")], [suppression], today=TODAY)
    assert marked[0].suppressed is None
    assert marked[1].rule == EXPIRED


def test_what_is_no_file_has_no_suppressions() -> None:
    """Standard input and files that are gone are passed over."""
    assert read_suppressions(["-", "gone.yaml"]) == ()


@pytest.mark.parametrize(
    ("metadata", "rules"),
    [
        ("{ignore: url-auth-none}", [NO_REASON]),
        ("{ignore: [1, [a], {reason: why}, {rule: [x], reason: why}]}", [UNUSED] * 4),
        ("3", [UNUSED]),
        ("{}", []),
    ],
)
def test_a_suppression_of_another_shape_holds_nothing_and_is_said(
    tmp_path: Path, metadata: str, rules: list[str]
) -> None:
    """Nothing that looks like a suppression is passed over in silence."""
    path = tmp_path / "template.yaml"
    text = f"Resources: {{Page: {{Type: AWS::Lambda::Url, Metadata: {{permscope: {metadata}}}}}}}"
    path.write_text(text, encoding="utf-8")
    finding = _finding("Page", 1, str(path))
    marked = suppress([finding], read_suppressions([str(path)]), today=TODAY)
    assert marked[0].suppressed is None
    assert [item.rule for item in marked[1:]] == rules


def test_a_misspelt_rule_is_told_the_one_that_was_meant() -> None:
    """Otherwise the suppression would only seem to have nothing to do."""
    (about,) = suppress(
        [],
        [Suppression(rule="url-auth-non", reason="why", source=Source("permscope.yaml", 1))],
        today=TODAY,
        rules=["url-auth-none", "sqs-public"],
    )
    assert "did you mean `url-auth-none`?" in about.message


IGNORE = "# permscope: ignore[url-auth-none] why"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (f"A: b  {IGNORE}\n", [1]),
        (f"{IGNORE}\nA: b\n", [2]),
        (f"A: |  {IGNORE}\n  code\n", [1]),
        (f"A: |\n  code\n  {IGNORE}\nB: c\n", []),
        (f"A: >-\n  text\n\n  more {IGNORE}\n", []),
        (f"A: |\n  code\n{IGNORE}\nB: c\n", [4]),
        (f"A: 'b {IGNORE}'\n", []),
        (f'A: "b {IGNORE}"  {IGNORE}\n', [1]),
        (f"A: 'b\n  {IGNORE}\n  c'\n", []),
        (f"A: b{IGNORE}\n", []),
        (f"A: [b, c]  {IGNORE}\n", [1]),
        (f"A: !Sub |\n  {{}}\n  {IGNORE}\n", []),
        (f'{{"A": "b {IGNORE}"}}\n', []),
        (f"A: b\r\nB: c  {IGNORE}\r\n", [2]),
        (f"A: b\x0bc\nB: c  {IGNORE}\n", [2]),
        (f"A: 'b\u2028  c'\nB: c  {IGNORE}\n", [3]),
        (f"A: b  {IGNORE}\nB: '\n", [1]),
    ],
)
def test_a_comment_is_one_only_outside_of_values(tmp_path: Path, text: str, lines: list[int]) -> None:
    """Code and texts in a template may speak of suppressions without making any: https://yaml.org/spec/1.1/#id864687."""
    path = tmp_path / "template.yaml"
    path.write_text(text, encoding="utf-8", newline="")
    assert [line for each in read_suppressions([str(path)]) for line in sorted(each.lines or ())] == lines
