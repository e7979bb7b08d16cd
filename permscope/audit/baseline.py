"""A baseline: the findings that were there already, so that only new ones count.

```json
{"schema": "permscope/baseline/1", "findings": [{"fingerprint": "...", "rule": "...", "resource": "..."}]}
```

Only the fingerprint is compared; it stays when lines move and files are renamed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from permscope.audit.findings import Finding
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
        }
        for finding in findings
        if finding.suppressed is None
    }
    ordered = sorted(rows.values(), key=lambda row: (row["rule"], row["resource"], row["fingerprint"]))
    return json.dumps({"schema": SCHEMA, "findings": ordered}, indent=1, ensure_ascii=False) + "\n"


def read_baseline(path: Path) -> frozenset[str]:
    """The fingerprints of a baseline file.

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
    found = {row.get("fingerprint") for row in rows}
    return frozenset(item for item in found if isinstance(item, str))


def apply_baseline(findings: Iterable[Finding], known: frozenset[str]) -> tuple[Finding, ...]:
    """The findings with those of the baseline marked as suppressed."""
    return tuple(
        replace(finding, suppressed=REASON) if finding.suppressed is None and finding.fingerprint in known else finding
        for finding in findings
    )
