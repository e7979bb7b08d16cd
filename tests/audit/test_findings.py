"""Findings that keep their identity and never lose their grade."""

from __future__ import annotations

import pytest

from permscope.audit.findings import SEVERITIES, Finding, fingerprint, step
from permscope.inventory.source import Source


@pytest.mark.parametrize(
    ("severity", "by", "stepped"),
    [
        ("medium", -1, "high"),
        ("critical", -1, "critical"),
        ("high", 2, "low"),
        ("low", 1, "low"),
        ("info", -2, "info"),
    ],
)
def test_a_severity_moves_within_the_scale_and_never_becomes_a_remark(severity: str, by: int, stepped: str) -> None:
    """`info` is a matter of the rule, so circumstances neither make nor unmake it."""
    assert step(severity, by) == stepped


def test_a_fingerprint_tells_what_differs_and_nothing_else() -> None:
    """Folding a line changes nothing; each part counts, and parts do not run into each other."""
    plain = fingerprint("rule", "Role", "s3:* on *")
    assert plain == fingerprint("rule", "Role", " s3:*\n  on * ")
    assert len(plain) == 32
    others = [("rule", "Role", "s3:* on *", 1), ("rul", "eRole", "s3:* on *"), ("rule", "Role", "s3:*")]
    assert plain not in {fingerprint(*other) for other in others}  # type: ignore[arg-type]


def test_the_gravest_sorts_first() -> None:
    """Reports, exit codes and annotations all go by the rank."""
    findings = [Finding(rule="r", severity=each, resource="x", message="m") for each in reversed(SEVERITIES)]
    assert [each.severity for each in sorted(findings, key=lambda one: one.rank)] == list(SEVERITIES)


@pytest.mark.parametrize(
    ("fields", "extra"),
    [
        ({}, set()),
        ({"adjusted": "raised: exposed"}, {"adjusted"}),
        ({"suppressed": ""}, {"suppressed"}),
        ({"source": Source(call="iam.get_role", account="111122223333")}, {"call"}),
    ],
)
def test_json_has_what_applies(fields: dict[str, object], extra: set[str]) -> None:
    """A suppression without a reason is one, too."""
    plain = Finding(rule="r", severity="low", resource="x", message="m")
    found = Finding(rule="r", severity="low", resource="x", message="m", **fields)  # type: ignore[arg-type]
    assert set(found.as_json()) - set(plain.as_json()) == extra
