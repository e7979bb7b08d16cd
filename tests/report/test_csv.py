"""Tables that a spreadsheet shows and never runs."""

from __future__ import annotations

import csv as csv_module
import io

from permscope.audit.findings import Finding
from permscope.inventory.source import Source
from permscope.report import csv


def test_no_cell_is_a_formula() -> None:
    """A spreadsheet calculates nothing that a template says."""
    evil = Finding(
        rule="r",
        severity="low",
        resource="=cmd|' /C calc'!A0",
        source=Source("a.yaml", 1, 3),
        message="+1",
        fix="@SUM(1)",
    )
    (row,) = csv_module.DictReader(io.StringIO(csv.render([evil])))
    assert [row[name][0] for name in ("resource", "message", "fix")] == ["'", "'", "'"]
