"""Every rule against its fixture: exactly the marked lines, or of a snapshot the marked resources."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

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


def _fixture(rule: Rule) -> Path:
    """A template, or a snapshot for what only a live account tells."""
    template = FIXTURES / f"{rule.id}.yaml"
    return template if template.is_file() else template.with_suffix(".json")


def _of(snapshot: Any, kind: str) -> list[dict[str, Any]]:
    """The facts of one kind in a snapshot."""
    found: list[dict[str, Any]] = snapshot["facts"].get(kind, [])
    return found


def _expected(path: Path) -> tuple[set[object], set[object], set[object]]:
    """What a fixture calls guilty, its near misses, and the kind of mark that findings are compared by."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".yaml":
        return set(_marked(text, _FINDING)), set(_marked(text, _OK)), set()
    snapshot = json.loads(text)
    told = {
        item.get("principal_arn") or item["arn"] for kind in ("Credentials", "Role") for item in _of(snapshot, kind)
    }
    assert all(why.strip() for why in snapshot["ok"].values())
    return set(snapshot["finding"]), set(snapshot["ok"]), told


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_rule_finds_exactly_the_marked_lines(rule: Rule) -> None:
    """A rule reports what its fixture marks, and nothing else; the fixture has guilty lines and near misses."""
    path = _fixture(rule)
    guilty, near_misses, told = _expected(path)
    found = [finding for finding in _findings(path) if finding.rule == rule.id]
    assert {finding.resource if told else finding.line for finding in found} == guilty
    assert guilty
    assert near_misses
    assert not told or guilty | near_misses <= told


def test_every_fixture_has_a_rule() -> None:
    """No example is left behind when a rule is renamed, and none has two."""
    assert sorted(path.stem for path in FIXTURES.iterdir()) == sorted(RULES)


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_texts_of_findings_are_filled_in(rule: Rule) -> None:
    """No finding shows a placeholder or lacks a text."""
    for finding in _findings(_fixture(rule)):
        if finding.rule == rule.id:
            for text in (finding.message, finding.why, finding.fix, finding.resource, finding.fingerprint):
                assert text
                assert not re.search(r"(?<!\$)\{[a-z_.]+\}", text)
