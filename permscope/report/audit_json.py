"""`permscope audit --format json`: the contract `permscope/audit/1`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from permscope.audit.findings import SEVERITIES, Finding
from permscope.errors import PermscopeError
from permscope.graph.model import NodeKind, PermissionGraph
from permscope.report.describe import counted
from permscope.report.graph_json import unknown_documents
from permscope.report.json_text import indented

SCHEMA = "permscope/audit/1"


def audit_document(
    findings: Sequence[Finding], graph: PermissionGraph, errors: Sequence[PermscopeError], rules: int
) -> dict[str, Any]:
    """The audit as plain values, in a fixed order.

    Args:
        findings: sorted; suppressed ones are in the list and carry `suppressed`.
        graph: what they were found in.
        errors: inputs that could not be read.
        rules: how many rules were run.
    """
    active = [finding for finding in findings if finding.suppressed is None]
    by_severity = Counter(finding.severity for finding in active)
    return {
        "schema": SCHEMA,
        "findings": [finding.as_json() for finding in findings],
        "errors": [error_document(error) for error in errors],
        "unknowns": unknown_documents(graph.unknowns),
        "summary": {
            "findings": {severity: by_severity.get(severity, 0) for severity in SEVERITIES},
            "suppressed": len(findings) - len(active),
            "functions": counted(graph, NodeKind.FUNCTION),
            "roles": counted(graph, NodeKind.ROLE),
            "resources": counted(graph, NodeKind.RESOURCE),
            "edges": len(graph.edges),
            "unknowns": len(graph.unknowns),
            "errors": len(errors),
            "rules": rules,
        },
    }


def error_document(error: PermscopeError) -> dict[str, Any]:
    """One input that could not be read."""
    source = error.source
    return {
        "file": source.file if source else None,
        "line": source.line if source else None,
        "column": source.column if source else None,
        "message": error.message,
        "hint": error.hint,
    }


def render(findings: Sequence[Finding], graph: PermissionGraph, errors: Sequence[PermscopeError], rules: int) -> str:
    """The JSON text, ending in a line feed."""
    return indented(audit_document(findings, graph, errors, rules)) + "\n"
