"""A baseline: the findings that were there already, so that only new ones count.

```json
{"schema": "permscope/baseline/1",
 "findings": [{"fingerprint": "...", "rule": "...", "resource": "...", "severity": "..."}]}
```

The fingerprint is compared; it stays when lines move and files are renamed. A finding that has become more severe
since, because the public reaches it now, counts again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from permscope.audit.findings import SEVERITIES, Finding
from permscope.errors import ConfigError, why_unreadable
from permscope.inventory.source import Source

SCHEMA = "permscope/baseline/1"
REASON = "in the baseline"


def render_baseline(findings: Iterable[Finding]) -> str:
    """The baseline of all findings that are not suppressed, sorted, byte for byte the same every time."""
    rows = {
        finding.fingerprint: {
            "fingerprint": finding.fingerprint,
            "rule": finding.rule,
            "resource": finding.resource,
            "severity": finding.severity,
        }
        for finding in findings
        if finding.suppressed is None
    }
    ordered = sorted(rows.values(), key=lambda row: (row["rule"], row["resource"], row["fingerprint"]))
    return json.dumps({"schema": SCHEMA, "findings": ordered}, indent=1, ensure_ascii=False) + "\n"


def read_baseline(path: Path) -> Mapping[str, str]:
    """The fingerprints of a baseline file with the severity of each; empty where an older file has none.

    Raises:
        ConfigError: when it cannot be read or is no baseline.
    """
    source = Source(path.as_posix())
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"the baseline cannot be read: {why_unreadable(error)}", source=source) from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        hint = "write a new one with `permscope audit --write-baseline FILE`"
        raise ConfigError(f"not a baseline of the form `{SCHEMA}`", source=source, hint=hint)
    rows = document.get("findings")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ConfigError("`findings` must be a list of mappings", source=source)
    found: dict[str, str] = {}
    for row in rows:
        fingerprint, severity = row.get("fingerprint"), row.get("severity")
        if isinstance(fingerprint, str):
            found[fingerprint] = severity if severity in SEVERITIES else ""
    return found


def apply_baseline(findings: Iterable[Finding], known: Mapping[str, str]) -> tuple[Finding, ...]:
    """The findings with those of the baseline marked as suppressed, unless they have become more severe."""
    return tuple(_judged(finding, known) for finding in findings)


def _judged(finding: Finding, known: Mapping[str, str]) -> Finding:
    if finding.suppressed is not None or finding.fingerprint not in known:
        return finding
    before = known[finding.fingerprint]
    if before and finding.rank < SEVERITIES.index(before):
        reasons = (finding.adjusted, f"{before} in the baseline")
        return replace(finding, adjusted="; ".join(reason for reason in reasons if reason))
    return replace(finding, suppressed=REASON)
