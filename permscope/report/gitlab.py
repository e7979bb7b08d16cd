"""GitLab code quality: findings on the lines of a merge request.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from permscope.audit.findings import Finding
from permscope.errors import PermscopeError
from permscope.report.escape import visible
from permscope.report.json_text import indented

_SEVERITIES = {"critical": "blocker", "high": "critical", "medium": "major", "low": "minor", "info": "info"}


def render(findings: Sequence[Finding], *, errors: Iterable[PermscopeError] = ()) -> str:
    """The findings as GitLab's JSON list; suppressed ones are left out, and each fingerprint is there once."""
    rows: list[dict[str, Any]] = []
    seen: set[str] = set()
    for finding in findings:
        if finding.suppressed is not None:
            continue
        own = finding.fingerprint or _print(finding.message)
        while own in seen:
            own = _print(own)
        seen.add(own)
        rows.append(
            {
                "type": "issue",
                "description": visible(finding.message or finding.title),
                "check_name": visible(finding.rule),
                "fingerprint": own,
                "severity": _SEVERITIES[finding.severity],
                "categories": ["Security"],
                "content": {"body": visible(f"{finding.why}\n\n{finding.fix}".strip(), keep_lines=True)},
                "location": {
                    "path": (finding.file or "live-account").removeprefix("./"),
                    "lines": {"begin": max(finding.line or 1, 1)},
                },
            }
        )
    for error in errors:
        file = error.source.file if error.source and error.source.file else "permscope"
        rows.append(
            {
                "type": "issue",
                "description": visible(str(error)),
                "check_name": "unreadable-input",
                "fingerprint": _print(str(error)),
                "severity": "critical",
                "categories": ["Bug Risk"],
                "location": {"path": file, "lines": {"begin": (error.source.line if error.source else None) or 1}},
            }
        )
    return indented(rows) + "\n"


def _print(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
