"""Code quality as GitLab keeps it apart."""

from __future__ import annotations

import json

from permscope.audit.findings import Finding
from permscope.report import gitlab


def test_fingerprints_are_unique(findings: tuple[Finding, ...]) -> None:
    """GitLab drops findings with a fingerprint it has seen."""
    twice = (findings[0], findings[0])
    rows = json.loads(gitlab.render(twice))
    assert len({row["fingerprint"] for row in rows}) == 2
    assert {row["severity"] for row in rows} == {"critical"}
