"""SARIF 2.1.0, as GitHub code scanning and other dashboards read it.

Format: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html. Limits and properties:
https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from permscope.audit.findings import Finding
from permscope.errors import PermscopeError
from permscope.inventory.facts import Unknown
from permscope.inventory.source import Source
from permscope.lazy import regex
from permscope.report.escape import in_markdown, visible
from permscope.report.json_text import indented
from permscope.version import __version__

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
# GitHub drops what is beyond these.
MOST_RESULTS = 5000
_MOST_STEPS = 1000
_MOST_TAGS = 10
_ROOT = "The root of the repository, or else the folder permscope was run in."
_MOST_TEXT = 1000
MOST_BYTES = 10 * 1024 * 1024
_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}
# GitHub: over 9.0 critical, 7.0 to 8.9 high, 4.0 to 6.9 medium, 0.1 to 3.9 low.
_SECURITY_SEVERITY = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "3.0", "info": "0.5"}
_PRECISION = {"high": "very-high", "medium": "high", "low": "medium"}
_WEB = regex(r"https?://[^\s`\"'<>]+")


def render(
    findings: Sequence[Finding],
    *,
    errors: Iterable[PermscopeError] = (),
    unknowns: Iterable[Unknown] = (),
    category: str = "permscope",
    home: str | None = None,
) -> str:
    """The findings as one SARIF run, worst first and within GitHub's limits.

    Args:
        findings: suppressed ones are in the run and say so.
        errors: inputs that could not be read.
        unknowns: what is not known.
        category: tells several runs on one commit apart.
        home: URL of permscope's own repository, where that is known.
    """
    ordered = sorted(findings, key=lambda one: (one.suppressed is not None, one.rank))
    limit = MOST_RESULTS
    while True:
        kept = ordered[:limit]
        document = _document(kept, len(ordered) - len(kept), tuple(errors), tuple(unknowns), category)
        if home is not None:
            document["runs"][0]["tool"]["driver"]["informationUri"] = home
        text = indented(document) + "\n"
        if len(text.encode("utf-8", "replace")) <= MOST_BYTES or limit < 2:  # noqa: PLR2004 - nothing left to halve
            return text
        limit = min(limit, len(kept)) // 2


def _document(
    findings: Sequence[Finding],
    dropped: int,
    errors: tuple[PermscopeError, ...],
    unknowns: tuple[Unknown, ...],
    category: str,
) -> dict[str, Any]:
    rules: dict[str, dict[str, Any]] = {}
    for finding in findings:
        if finding.rule not in rules:
            rules[finding.rule] = _rule(finding)
    index = {name: at for at, name in enumerate(rules)}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "permscope",
                        "version": __version__,
                        "semanticVersion": __version__,
                        "rules": list(rules.values()),
                    }
                },
                "automationDetails": {"id": f"{category}/"},
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {
                    "%SRCROOT%": {
                        "description": {"text": "The root of the repository, or else the folder permscope was run in."}
                    }
                },
                "invocations": [
                    {
                        "executionSuccessful": not errors,
                        "toolExecutionNotifications": [
                            *(_notification(error.message, error.source, "error") for error in errors),
                            *(_notification(f"{one.what}: {one.why}", one.source, "note") for one in unknowns[:100]),
                            *(
                                [_notification(f"{dropped} more findings are left out", None, "warning")]
                                * bool(dropped)
                            ),
                        ],
                    }
                ],
                "results": [_result(finding, index) for finding in findings],
            }
        ],
    }


def _rule(finding: Finding) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "id": finding.rule,
        "shortDescription": {"text": _text(finding.title or finding.rule)},
        "fullDescription": {"text": _text(finding.why or finding.title or finding.rule)},
        "help": {
            "text": _text(f"{finding.why}\n\n{finding.fix}".strip() or finding.rule),
            "markdown": in_markdown(finding.why, keep_lines=True)
            + (f"\n\n**Write instead**\n\n{_fenced(finding.fix)}" if finding.fix else "")
            + "".join(f"\n* <{link}>" for link in finding.references if _WEB.fullmatch(link)),
        },
        "defaultConfiguration": {"level": _LEVELS[finding.severity]},
        "properties": {
            "tags": ["security", *(visible(tag) for tag in finding.tags)][:_MOST_TAGS],
            "precision": _PRECISION[finding.confidence],
            "problem.severity": {"error": "error", "warning": "warning", "note": "recommendation"}[
                _LEVELS[finding.severity]
            ],
            "security-severity": _SECURITY_SEVERITY[finding.severity],
        },
    }
    link = next((each for each in finding.references if _WEB.fullmatch(each)), None)
    name = "".join(part.capitalize() for part in re.split(r"[^A-Za-z0-9]+", finding.rule))
    # A name that only repeats the id says nothing: SARIF 2.1.0, section 3.49.7.
    named = {"name": name} if name.lower() != finding.rule.lower() and name else {}
    return rule | named | ({"helpUri": link} if link else {})


def _result(finding: Finding, index: dict[str, int]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index[finding.rule],
        "level": _LEVELS[finding.severity],
        "message": {"text": _text(finding.message or finding.title or finding.rule)},
        "locations": [_location(finding.source, finding.resource)],
        "partialFingerprints": {"permscope/v1": finding.fingerprint or "0"},
        "properties": {
            "severity": finding.severity,
            "confidence": finding.confidence,
            "security-severity": _SECURITY_SEVERITY[finding.severity],
        },
    }
    steps = finding.steps or tuple((label, finding.source) for label in finding.path)
    if len(steps) > 1:
        result["codeFlows"] = [
            {
                "threadFlows": [
                    {
                        "locations": [
                            {"location": _location(source if source.file else finding.source, None, label)}
                            for label, source in steps[:_MOST_STEPS]
                        ]
                    }
                ]
            }
        ]
    if finding.suppressed is not None:
        result["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": _text(finding.suppressed)}
        ]
    return result


def _location(source: Source, resource: str | None, message: str | None = None) -> dict[str, Any]:
    location: dict[str, Any] = {}
    if source.file:
        region: dict[str, Any] = {"startLine": max(source.line or 1, 1)}
        if source.line and source.column:
            region["startColumn"] = max(source.column, 1)
        location["physicalLocation"] = {"artifactLocation": artifact(source.file), "region": region}
    else:
        # A live resource has no file, and GitHub shows only results that have one.
        location["physicalLocation"] = {
            "artifactLocation": {"uri": "live-account", "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": 1},
        }
    if resource:
        location["logicalLocations"] = [{"name": _text(resource), "kind": "resource"}]
    if message:
        location["message"] = {"text": _text(message)}
    return location


def artifact(file: str) -> dict[str, str]:
    """A file as an artifact: relative to the source root where it is, otherwise absolute."""
    path = file.replace("\\", "/")
    if re.match(r"[A-Za-z]:/", path):
        return {"uri": f"file:///{quote(path)}"}
    if path.startswith("/"):
        return {"uri": f"file://{quote(path)}"}
    while path.startswith("./"):
        path = path[2:]
    # A colon in the first part would read as a scheme.
    return {"uri": quote(path, safe="/~"), "uriBaseId": "%SRCROOT%"}


def _notification(text: str, source: Source | None, level: str) -> dict[str, Any]:
    notification: dict[str, Any] = {"level": level, "message": {"text": _text(text)}}
    if source is not None and source.file:
        notification["locations"] = [_location(source, None)]
    return notification


def _text(text: str) -> str:
    """Text for a message: what hides or reorders characters is written out; `[a](b)` is no link."""
    shown = visible(text, keep_lines=True)
    shown = shown if len(shown) <= _MOST_TEXT else f"{shown[: _MOST_TEXT - 1]}…"
    shown = shown.encode("utf-8", "backslashreplace").decode("utf-8")
    # `[text](target)` would be a link, `{0}` a placeholder.
    shown = re.sub(r"\[(?=[^\]]*\]\()", r"\\[", shown)
    return re.sub(r"\{(\d+)\}", r"{{\1}}", shown)


def _fenced(text: str) -> str:
    """Text in a code block that it cannot leave."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return f"{fence}\n{visible(text, keep_lines=True).strip()}\n{fence}"
