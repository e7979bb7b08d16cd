"""A finding: what is wrong, where, why that matters, and what to write instead."""

from __future__ import annotations

import hashlib
from dataclasses import field
from typing import Any

from permscope.catalog.actions import ActionSet
from permscope.inventory.policies import Statement
from permscope.inventory.source import NOWHERE, Source
from permscope.lazy import dataclass

SEVERITIES = ("critical", "high", "medium", "low", "info")
CONFIDENCES = ("high", "medium", "low")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing a rule found.

    Attributes:
        rule: id of the rule.
        title: the rule's title.
        severity: after adjustment: `critical`, `high`, `medium`, `low`, `info`.
        confidence: how sure the finding is: `high`, `medium` (it depends on something undecided), `low`.
        resource: logical id in a template, otherwise ARN or node id.
        source: the guilty place.
        message: what can happen, one sentence.
        why: why it matters.
        fix: what to write instead.
        tags: such as `iam`, `lambda`, and what changed the severity (`exposed`, `conditioned`, `unreachable`).
        aliases: ids of the same check in other tools, and ids and aliases of rules this finding stands for.
        path: labels of the hops, of a finding about a path.
        steps: the same with the place each hop is written at, where those are known.
        fingerprint: the same for the same finding after lines moved or files were renamed.
        nodes: ids of the graph nodes it concerns, most important first.
        excerpt: the statement it is about, as text; the guilty part is `guilty`.
        guilty: text of the guilty element.
        adjusted: why the severity is not the rule's own, or empty.
        suppressed: the reason given by the user for ignoring it, or None.
    """

    rule: str
    title: str = ""
    severity: str
    confidence: str = "high"
    resource: str
    source: Source = NOWHERE
    message: str
    why: str = ""
    fix: str = ""
    tags: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    steps: tuple[tuple[str, Source], ...] = ()
    fingerprint: str = ""
    nodes: tuple[str, ...] = ()
    excerpt: str = ""
    guilty: str = ""
    adjusted: str = ""
    suppressed: str | None = None

    @property
    def file(self) -> str | None:
        """Path of the template, None for a live account."""
        return self.source.file

    @property
    def line(self) -> int | None:
        """1-based line."""
        return self.source.line

    @property
    def column(self) -> int | None:
        """1-based column."""
        return self.source.column

    @property
    def rank(self) -> int:
        """0 for critical, 4 for info."""
        return SEVERITIES.index(self.severity)

    def as_json(self) -> dict[str, Any]:
        """The finding as the audit JSON contract writes it."""
        found: dict[str, Any] = {
            "rule": self.rule,
            "severity": self.severity,
            "confidence": self.confidence,
            "resource": self.resource,
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "message": self.message,
            "why": self.why,
            "fix": self.fix,
            "tags": list(self.tags),
            "aliases": list(self.aliases),
            "path": list(self.path),
            "fingerprint": self.fingerprint,
        }
        if self.adjusted:
            found["adjusted"] = self.adjusted
        if self.suppressed is not None:
            found["suppressed"] = self.suppressed
        if self.file is None and self.source.call:
            found["call"] = str(self.source)
        return found


@dataclass(slots=True, kw_only=True)
class Hit:
    """What a finder found inside one subject.

    Attributes:
        element: the guilty text (an action, a resource, a principal), for the fingerprint and the excerpt.
        source: where it stands; NOWHERE means the subject's own place.
        values: what the rule's texts may use as `{hit.name}`.
        resource: logical id or ARN, where it is not the subject's own.
        nodes: node ids besides those of the subject.
        severity: overrides the rule's default, before adjustment.
        confidence: overrides the rule's.
        conditioned: why a condition really restricts the access, or empty.
        unreachable: why nothing can come of it, or empty.
        exposed: why it is exposed, or None to take the subject's own.
        path: labels of the hops.
        claims: actions it speaks of, which rules that it subsumes leave out.
        statement: the statement it is about, for the excerpt.
    """

    element: str = ""
    source: Source = NOWHERE
    values: dict[str, str] = field(default_factory=dict)
    resource: str | None = None
    nodes: tuple[str, ...] = ()
    severity: str | None = None
    confidence: str | None = None
    conditioned: str = ""
    unreachable: str = ""
    exposed: str | None = None
    path: tuple[str, ...] = ()
    claims: ActionSet = field(default_factory=lambda: ActionSet.empty)
    statement: Statement | None = None


def fingerprint(rule: str, resource: str, element: str, repeat: int = 0) -> str:
    """32 hexadecimal digits made of what stays when lines move and files are renamed.

    Args:
        rule: rule id.
        resource: logical id or ARN.
        element: the guilty text.
        repeat: 0-based number among findings that agree in all of these.
    """
    parts = (rule, resource, " ".join(element.split()), str(repeat) if repeat else "")
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def step(severity: str, by: int) -> str:
    """The severity that many steps higher (negative) or lower, within the scale; `info` is never raised."""
    at = SEVERITIES.index(severity)
    if severity == "info":
        return severity
    # Lowering stops at `low`: `info` is for remarks, which is a matter of the rule and not of circumstances.
    return SEVERITIES[max(0, min(at + by, SEVERITIES.index("low")))]
