"""Baselines."""

from __future__ import annotations

from pathlib import Path

import pytest

from permscope.audit.baseline import REASON, apply_baseline, read_baseline, render_baseline
from permscope.audit.findings import Finding
from permscope.errors import ConfigError

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
