"""The audit as JSON: every finding and error, and a summary that counts what is open."""

from __future__ import annotations

import json

from permscope.audit.findings import Finding
from permscope.errors import ConfigError, TemplateError
from permscope.graph.model import PermissionGraph
from permscope.inventory.source import Source
from permscope.report.audit_json import audit_document, error_document, render


def test_the_summary_counts_what_is_not_suppressed(findings: tuple[Finding, ...], graph: PermissionGraph) -> None:
    """Suppressed findings are listed with their reason, and counted apart."""
    document = audit_document(findings, graph, [ConfigError("x")], 7)
    summary = document["summary"]
    assert len(document["findings"]) == len(findings)
    assert summary["findings"] == {"critical": 0, "high": 1, "medium": 1, "low": 0, "info": 1}
    assert (summary["suppressed"], summary["errors"], summary["rules"]) == (1, 1, 7)
    assert summary["unknowns"] == len(document["unknowns"]) == 1
    assert (summary["functions"], summary["roles"], summary["resources"]) == (1, 1, 2)


def test_an_error_without_a_place_has_every_key() -> None:
    """A reader of JSON asks for keys and not for luck."""
    placed = TemplateError("no mapping", source=Source("a.yaml", 3, 1), hint="write one")
    assert error_document(placed) == {
        "file": "a.yaml",
        "line": 3,
        "column": 1,
        "message": "no mapping",
        "hint": "write one",
    }
    assert error_document(ConfigError("x")) == dict.fromkeys(("file", "line", "column", "hint")) | {"message": "x"}


def test_the_text_is_one_document_that_ends_its_line(findings: tuple[Finding, ...], graph: PermissionGraph) -> None:
    """No terminal acts on a name in it."""
    text = render(findings, graph, (), 1)
    assert text.endswith("}\n")
    assert "\x1b" not in text
    assert json.loads(text)["schema"] == "permscope/audit/1"
