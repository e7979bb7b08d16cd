"""`permscope diff` and `permscope gate` as JSON: the contracts `permscope/diff/1` and `permscope/gate/1`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from permscope.audit.contracts import Result
from permscope.audit.gate import GateResult
from permscope.errors import PermscopeError
from permscope.graph.diff.compare import Change, ChangeKind, GraphDiff
from permscope.inventory.source import Source
from permscope.report.audit_json import error_document
from permscope.report.graph_json import unknown_documents
from permscope.report.json_text import indented

DIFF_SCHEMA = "permscope/diff/1"
GATE_SCHEMA = "permscope/gate/1"


def render_diff(diff: GraphDiff, errors: Sequence[PermscopeError]) -> str:
    """The comparison as JSON text."""
    return _text({"schema": DIFF_SCHEMA, **diff_document(diff), "errors": [error_document(one) for one in errors]})


def render_gate(result: GateResult, errors: Sequence[PermscopeError]) -> str:
    """The verdict as JSON text."""
    return _text(
        {
            "schema": GATE_SCHEMA,
            "verdict": result.verdict.value,
            "failing": [finding.as_json() for finding in result.failing],
            "review": [finding.as_json() for finding in result.reviewing],
            "other": [finding.as_json() for finding in result.others],
            "contracts": [contract_document(one) for one in result.contracts],
            "notes": list(result.notes),
            "policy": {
                "forbid": list(result.policy.forbid),
                "review": list(result.policy.review),
                "fail_on": result.policy.fail_on,
                "unknown": result.policy.unknown,
            },
            **diff_document(result.diff),
            "errors": [error_document(one) for one in errors],
            "old_findings": result.old_findings,
            "fixed_findings": result.fixed,
        }
    )


def diff_document(diff: GraphDiff) -> dict[str, Any]:
    """The changes, renames and unknowns of a comparison."""
    return {
        "changes": [change_document(change) for change in diff.changes],
        "renamed": [{"old": each.old.id, "new": each.new.id} for each in diff.renamed],
        "unknowns": {
            "old": unknown_documents(diff.old_unknowns),
            "new": unknown_documents(diff.new_unknowns),
            "gained": unknown_documents(diff.gained_unknowns),
        },
        "summary": {
            "risks": len(diff.risks),
            "kinds": {kind.value: len(diff.of(kind)) for kind in ChangeKind if diff.of(kind)},
            "unknowns": len(diff.new_unknowns),
        },
    }


def change_document(change: Change) -> dict[str, Any]:
    """One change."""
    return {
        "kind": change.kind.value,
        "also": [kind.value for kind in change.also],
        "severity": change.severity,
        "message": change.message,
        "actor": change.actor,
        "actor_id": change.actor_id,
        "target": change.target,
        "target_id": change.target_id,
        "actions": list(change.actions.patterns()),
        "access_levels": list(change.levels),
        "access_levels_before": list(change.before),
        "access_level_rise": change.risen,
        "sure": change.sure,
        "conditions": change.conditions,
        "weakened": change.weakened,
        "file": change.source.file,
        "line": change.source.line,
        "column": change.source.column,
        "old_file": change.old_source.file,
        "old_line": change.old_source.line,
        "path": [{"label": step.label, "then": step.words, **_place(step.source)} for step in change.path],
        "provenance": [
            {**_place(one.source), "logical_id": one.logical_id, "statement": one.statement}
            for one in change.provenance
        ],
        "fingerprint": change.fingerprint,
    }


def contract_document(result: Result) -> dict[str, Any]:
    """One contract with its counter-examples."""
    return {
        "name": result.contract.name,
        "status": result.status.value,
        "severity": result.contract.severity,
        "unknowns": result.unknowns,
        **_place(result.contract.source),
        "violations": [
            {
                "message": one.message,
                "sure": one.sure,
                **_place(one.source),
                "path": [{"label": label, **_place(source)} for label, source in one.steps],
            }
            for one in result.violations
        ],
    }


def _place(source: Source) -> dict[str, Any]:
    return {"file": source.file, "line": source.line}


def _text(document: dict[str, Any]) -> str:
    return indented(document) + "\n"
