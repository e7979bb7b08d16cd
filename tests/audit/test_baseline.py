"""Baselines."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from permscope.audit.baseline import REASON, apply_baseline, read_baseline, render_baseline
from permscope.audit.engine import run
from permscope.audit.findings import Finding
from permscope.audit.rules import load_rules
from permscope.collect.load import LoadOptions, load
from permscope.errors import ConfigError
from permscope.graph.build import build_graph

OLD = Finding(rule="a", severity="high", resource="R", message="m", fingerprint="1" * 32)
NEW = Finding(rule="b", severity="high", resource="R", message="m", fingerprint="2" * 32)


def test_only_new_findings_count(tmp_path: Path) -> None:
    """A finding of the baseline is suppressed, any other is not."""
    path = tmp_path / "baseline.json"
    path.write_text(render_baseline([OLD]), encoding="utf-8")
    marked = apply_baseline([OLD, NEW], read_baseline(path))
    assert [finding.suppressed for finding in marked] == [REASON, None]


def test_a_baseline_does_not_depend_on_the_order_of_findings() -> None:
    """The same findings give the same bytes."""
    assert render_baseline([OLD, NEW]) == render_baseline([NEW, OLD])


@pytest.mark.parametrize("text", ["", "[]", '{"schema": "other"}', '{"schema": "permscope/baseline/1", "findings": 3}'])
def test_what_is_no_baseline_is_an_error(tmp_path: Path, text: str) -> None:
    """A broken baseline is an error with its path, never an empty baseline."""
    path = tmp_path / "baseline.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_baseline(path)
    assert caught.value.source is not None
    assert caught.value.source.file == path.as_posix()


def test_a_finding_that_became_more_severe_counts_again(tmp_path: Path) -> None:
    """The public reaches it now; a milder one stays in the baseline."""
    path = tmp_path / "baseline.json"
    path.write_text(render_baseline([OLD]), encoding="utf-8")
    known = read_baseline(path)
    worse, milder = replace(OLD, severity="critical", adjusted="raised"), replace(OLD, severity="low")
    marked = apply_baseline([worse, milder], known)
    assert [(finding.suppressed, finding.adjusted) for finding in marked] == [
        (None, "raised; high in the baseline"),
        (REASON, ""),
    ]


def test_a_baseline_without_severities_is_still_one(tmp_path: Path) -> None:
    """Fingerprints alone are compared."""
    path = tmp_path / "baseline.json"
    row = '{"schema": "permscope/baseline/1", "findings": [{"fingerprint": "%s", "rule": "a", "resource": "R"}]}'
    path.write_text(row % OLD.fingerprint, encoding="utf-8")
    assert [finding.suppressed for finding in apply_baseline([OLD], read_baseline(path))] == [REASON]


PERMISSION = """
  Fn{0}:
    Type: AWS::Lambda::Permission
    Properties: {{FunctionName: orders, Action: lambda:InvokeFunction, Principal: "*"}}
"""


def test_fingerprints_stay_when_lines_move_and_files_are_renamed(tmp_path: Path) -> None:
    """Comments, order, file name and folder change; what is found stays what it is."""

    def fingerprints(name: str, text: str) -> set[tuple[str, str]]:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        inventory = load([str(path)], LoadOptions())
        return {(one.rule, one.fingerprint) for one in run(build_graph(inventory), inventory, load_rules())}

    first, second = PERMISSION.format(1), PERMISSION.format(2)
    before = fingerprints("template.yaml", "Resources:" + first + second)
    after = fingerprints("stack/renamed.yml", "# moved\n\nResources:\n  # and turned round" + second + first)
    assert before == after
    assert len([rule for rule, _ in before if rule == "permission-public"]) == 2
