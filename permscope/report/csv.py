"""CSV for spreadsheets: one line per finding, in RFC 4180's form, with no cell that is read as a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from permscope.audit.findings import Finding
from permscope.errors import PermscopeError
from permscope.report.escape import in_cell

COLUMNS = (
    "severity",
    "rule",
    "resource",
    "file",
    "line",
    "column",
    "message",
    "why",
    "fix",
    "confidence",
    "tags",
    "path",
    "fingerprint",
    "suppressed",
)


def render(findings: Sequence[Finding], *, errors: Iterable[PermscopeError] = ()) -> str:
    """The findings as CSV with a heading; inputs that could not be read are lines of the rule `unreadable-input`."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for finding in findings:
        row = (
            finding.severity,
            finding.rule,
            finding.resource,
            finding.file or str(finding.source),
            finding.line,
            finding.column,
            finding.message,
            finding.why,
            finding.fix.strip(),
            finding.confidence,
            " ".join(finding.tags),
            " -> ".join(finding.path),
            finding.fingerprint,
            finding.suppressed or "",
        )
        writer.writerow(["" if value is None else in_cell(str(value)) for value in row])
    for error in errors:
        place = (error.source.file, error.source.line, error.source.column) if error.source else ("", "", "")
        row_of = ("critical", "unreadable-input", "", *place, error.message, "", error.hint or "", "", "", "", "", "")
        writer.writerow(["" if value is None else in_cell(str(value)) for value in row_of])
    return out.getvalue()
