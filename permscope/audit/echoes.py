"""Findings that only repeat what a change says: a door that opens is one thing, not a change and a finding."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from permscope.audit.findings import Finding
from permscope.graph.diff.change import ChangeKind
from permscope.lazy import regex

# Rules that say of a route, function or resource that anybody gets in, and nothing besides.
_OPEN_DOOR = regex(r"(?:[a-z0-9]+-)*(?:public|open)|url-auth-none")


def merge_echoes(
    changes: Iterable[Finding], findings: Iterable[Finding]
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Changes with what new findings say of the same door, and the findings that are left.

    A change takes over the rule's name as an alias, its fix, its statement, and its severity where that is graver. What
    the user lives with is left as it is, on either side.

    Args:
        changes: the risks of a comparison, as findings.
        findings: that were not there before.
    """
    merged: list[Finding] = []
    left = list(findings)
    for change in changes:
        echoes = [finding for finding in left if _is_echo(finding, change)]
        left = [finding for finding in left if finding not in echoes]
        merged.append(_merged(change, echoes))
    return tuple(merged), tuple(left)


def _is_echo(finding: Finding, change: Finding) -> bool:
    return (
        change.rule == ChangeKind.NEW_PUBLIC_ENTRY.value
        and change.suppressed is None
        and finding.suppressed is None
        and _OPEN_DOOR.fullmatch(finding.rule) is not None
        and (finding.file, finding.line) == (change.file, change.line)
        and not set(finding.nodes).isdisjoint(change.nodes)
    )


def _merged(change: Finding, echoes: Sequence[Finding]) -> Finding:
    if not echoes:
        return change
    worst = min(echoes, key=lambda finding: finding.rank)
    graver = worst.rank < change.rank
    return replace(
        change,
        severity=worst.severity if graver else change.severity,
        adjusted=f"as grave as `{worst.rule}`" if graver else change.adjusted,
        fix=worst.fix or change.fix,
        excerpt=worst.excerpt,
        guilty=worst.guilty,
        references=worst.references,
        tags=tuple(dict.fromkeys((*change.tags, *worst.tags))),
        aliases=tuple(dict.fromkeys(each.rule for each in echoes)),
    )
