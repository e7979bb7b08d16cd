"""Findings that only repeat what a change says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from permscope.audit.echoes import merge_echoes
from permscope.audit.findings import Finding
from permscope.inventory.source import Source

AT = Source(file="app.yaml", line=39)
CHANGE = Finding(
    rule="new-public-entry",
    severity="high",
    resource="GET /",
    source=AT,
    message="anyone can now call `GET /`",
    fix="put an authorizer on the route",
    fingerprint="c",
    nodes=("route", "fn"),
)
OPEN = Finding(
    rule="sam-event-open",
    severity="high",
    resource="GET /",
    source=AT,
    message="anyone can call `GET /`",
    fix="Auth: {Authorizer: AWS_IAM}",
    fingerprint="f",
    nodes=("route",),
)


def test_a_door_that_opens_is_said_once() -> None:
    """The change says what is new, and takes the rule's fix, which knows the template."""
    (change,), left = merge_echoes((CHANGE,), (OPEN,))
    assert left == ()
    assert change == replace(CHANGE, fix=OPEN.fix, aliases=("sam-event-open",))


def test_a_graver_finding_makes_the_change_as_grave() -> None:
    """What fails a build as a finding does not pass as a change."""
    (change,), left = merge_echoes((CHANGE,), (replace(OPEN, severity="critical", rule="permission-public"),))
    assert left == ()
    assert (change.severity, change.adjusted) == ("critical", "as grave as `permission-public`")


@pytest.mark.parametrize(
    "finding",
    [
        replace(OPEN, rule="auth-bypass"),
        replace(OPEN, rule="public-to-admin"),
        replace(OPEN, source=Source(file="app.yaml", line=40)),
        replace(OPEN, nodes=("another route",)),
        replace(OPEN, suppressed="a public page"),
    ],
)
def test_what_says_more_or_speaks_of_something_else_stays(finding: Finding) -> None:
    """Another rule, line or route is another thing, and what the user lives with stays as the user marked it."""
    assert merge_echoes((CHANGE,), (finding,)) == ((CHANGE,), (finding,))


def test_a_change_that_the_user_lives_with_hides_no_finding() -> None:
    """One suppression is not taken for the other."""
    change = replace(CHANGE, suppressed="known")
    assert merge_echoes((change,), (OPEN,)) == ((change,), (OPEN,))


def test_other_changes_are_not_merged() -> None:
    """A new path through an open route is more than the route."""
    change = replace(CHANGE, rule="new-exposure-path")
    assert merge_echoes((change,), (OPEN,)) == ((change,), (OPEN,))
