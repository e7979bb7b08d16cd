"""The verdict: what is new decides, what was there does not, and nothing is decided in silence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from permscope.audit.config import parse_config
from permscope.audit.findings import Finding
from permscope.audit.gate import GatePolicy, Verdict, as_finding, decide, parse_gate
from permscope.errors import ConfigError
from permscope.graph.diff.compare import Change, ChangeKind, GraphDiff
from permscope.inventory.facts import Unknown
from permscope.inventory.source import Source

CHANGE = Change(
    kind=ChangeKind.NEW_PUBLIC_ENTRY,
    severity="medium",
    message="anyone can now call `GET /`",
    actor="public",
    actor_id="public",
    target="GET /",
    risen=True,
    also=(ChangeKind.WEAKENED,),
    source=Source("t.yaml", 3, 1),
)
OLD = Finding(
    rule="star", severity="high", resource="Role", message="m", guilty="s3:*", fingerprint="1" * 32, nodes=("r",)
)


def _gate(text: str, **more: Any) -> GatePolicy:
    return parse_gate(parse_config(f"gate: {text}", "permscope.yaml").gate, Source("permscope.yaml"), **more)


@pytest.mark.parametrize(
    ("policy", "verdict"),
    [
        ("{}", Verdict.PASS),
        ("{fail_on: medium}", Verdict.FAIL),
        ("{forbid: [new-public-entry]}", Verdict.FAIL),
        ("{forbid: [weakened], fail_on: never}", Verdict.FAIL),
        ("{forbid: access-level-rise}", Verdict.FAIL),
        ("{forbid: [new-access], review: [new-public-entry]}", Verdict.REVIEW),
        ("{review: [new-access]}", Verdict.PASS),
    ],
)
def test_a_change_is_judged_by_kind_and_severity(policy: str, verdict: Verdict) -> None:
    """What is forbidden fails whatever its severity; what is to be reviewed does not fail."""
    assert decide(GraphDiff(changes=(CHANGE,)), _gate(policy)).verdict is verdict


def test_old_findings_never_fail_a_build() -> None:
    """Only what was not there before counts."""
    diff = GraphDiff(changes=())
    result = decide(diff, GatePolicy(), old_findings=(OLD,), new_findings=(OLD,))
    assert (result.verdict, result.old_findings, result.findings) == (Verdict.PASS, 1, ())
    second = replace(OLD, fingerprint="2" * 32, resource="Other", nodes=("o",))
    result = decide(diff, GatePolicy(), old_findings=(OLD,), new_findings=(OLD, second))
    assert (result.verdict, result.failing) == (Verdict.FAIL, (second,))


def test_a_finding_that_moved_with_its_thing_is_an_old_one() -> None:
    """Another resource holds the policy now, but it is the same text about the same role."""
    moved = replace(OLD, fingerprint="3" * 32, resource="Policy")
    result = decide(GraphDiff(changes=()), GatePolicy(), old_findings=(OLD,), new_findings=(moved,))
    assert (result.verdict, result.old_findings, result.fixed) == (Verdict.PASS, 1, 0)
    worse = replace(moved, severity="critical")
    assert decide(GraphDiff(changes=()), GatePolicy(), old_findings=(OLD,), new_findings=(worse,)).failing == (worse,)


def test_what_is_suppressed_does_not_fail() -> None:
    """A reason given by the user holds for changes as for findings."""
    hidden = replace(as_finding(CHANGE), suppressed="meant")
    result = decide(GraphDiff(changes=(CHANGE,)), GatePolicy(forbid=("new-public-entry",)), changes=(hidden,))
    assert (result.verdict, result.others) == (Verdict.PASS, (hidden,))


@pytest.mark.parametrize(("answer", "verdict"), [("pass", "pass"), ("review", "review"), ("fail", "fail")])
def test_new_unknowns_are_said_and_judged(answer: str, verdict: str) -> None:
    """What nobody can know any more never passes in silence."""
    diff = GraphDiff(changes=(), gained_unknowns=(Unknown(what="parameter `X`", why="no default"),))
    result = decide(diff, _gate(f"{{unknown: {answer}}}"))
    assert result.verdict.value == verdict
    assert result.notes == ("1 thing that nobody can know came with this change",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[x]", "mapping"),
        ("{forbidden: [x]}", "forbidden"),
        ("{forbid: [new-public]}", "new-public"),
        ("{forbid: [access-removed]}", "access-removed"),
        ("{review: 5}", "5"),
        ("{fail_on: hgih}", "hgih"),
        ("{unknown: maybe}", "maybe"),
    ],
)
def test_a_mistake_in_the_policy_is_an_error_with_its_line(text: str, words: str) -> None:
    """A misspelt kind would forbid nothing."""
    with pytest.raises(ConfigError, match=words) as raised:
        _gate(text)
    assert raised.value.source is not None
    assert raised.value.source.line == 1


def test_the_severity_of_the_file_counts_where_the_gate_says_none() -> None:
    """`fail_on` at the top is for every command."""
    assert parse_gate(None, fail_on="low").fail_on == "low"
    assert _gate("{fail_on: never}", fail_on="low").fail_on == "never"
    assert _gate("{}").fail_on == "high"
