"""Every rule against its fixture: exactly the marked lines."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from permscope.audit.engine import run
from permscope.audit.findings import Finding
from permscope.audit.rules import Rule, load_rules
from permscope.collect.load import LoadOptions, load
from permscope.graph.build import build_graph

FIXTURES = Path(__file__).parent.parent.parent / "fixtures" / "rules"
RULES = {rule.id: rule for rule in load_rules()}
_FINDING = re.compile(r"#\s*finding\s*$")
_OK = re.compile(r"#\s*ok:\s*\S")


@cache
def _findings(path: Path) -> tuple[Finding, ...]:
    inventory = load([str(path)], LoadOptions())
    assert not inventory.errors, [str(error) for error in inventory.errors]
    return run(build_graph(inventory), inventory, RULES.values())


def _marked(text: str, mark: re.Pattern[str]) -> set[int]:
    return {number for number, line in enumerate(text.splitlines(), start=1) if mark.search(line)}


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_rule_finds_exactly_the_marked_lines(rule: Rule) -> None:
    """A rule reports the lines its fixture marks, and no other; the fixture has guilty lines and near misses."""
    path = FIXTURES / f"{rule.id}.yaml"
    text = path.read_text(encoding="utf-8")
    guilty, near_misses = _marked(text, _FINDING), _marked(text, _OK)
    found = [finding for finding in _findings(path) if finding.rule == rule.id]
    assert {finding.line for finding in found} == guilty
    assert guilty
    assert near_misses


def test_every_fixture_has_a_rule() -> None:
    """No example is left behind when a rule is renamed."""
    assert {path.stem for path in FIXTURES.glob("*.yaml")} == set(RULES)


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_texts_of_findings_are_filled_in(rule: Rule) -> None:
    """No finding shows a placeholder or lacks a text."""
    for finding in _findings(FIXTURES / f"{rule.id}.yaml"):
        if finding.rule == rule.id:
            for text in (finding.message, finding.why, finding.fix, finding.resource, finding.fingerprint):
                assert text
                assert not re.search(r"(?<!\$)\{[a-z_.]+\}", text)
