"""`diff` and `gate` in the terminal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from permscope.audit.findings import Finding
from permscope.audit.gate import GatePolicy, decide
from permscope.catalog.actions import load
from permscope.errors import TemplateError
from permscope.graph.diff.change import Change, ChangeKind, Step
from permscope.graph.diff.compare import GraphDiff
from permscope.inventory.facts import Unknown
from permscope.inventory.source import Source
from permscope.report.diff_text import print_diff, print_gate

Draw = Callable[..., str]
OLD, NEW = Source(file="old.yaml", line=4), Source(file="app.yaml", line=9)


def change(**more: Any) -> Change:
    """A change of a function."""
    given: dict[str, Any] = {
        "kind": ChangeKind.NEW_ACCESS,
        "severity": "medium",
        "message": "`Fn` can now call dynamodb:PutItem on `Orders` (Write)",
        "actor": "Fn",
        "actor_id": "fn",
        "target": "Orders",
        "target_id": "orders",
        "actions": load().expand("dynamodb:PutItem"),
        "levels": ("Write",),
        "source": NEW,
        "nodes": ("fn", "orders"),
    }
    return Change(**(given | more))


REMOVED = change(
    kind=ChangeKind.ACCESS_REMOVED,
    severity="info",
    message="`Fn` can no longer call sqs:SendMessage on `Jobs`",
    source=OLD,
)
OPENED = change(
    kind=ChangeKind.NEW_PUBLIC_ENTRY,
    severity="high",
    message="anyone on the internet can now call `GET /`",
    old_source=OLD,
    weakened="authorizer",
    path=(Step("anyone on the internet", "can call"), Step("GET /", "runs"), Step("Fn")),
    nodes=("route",),
)


def diff(*changes: Change, unknowns: int = 0) -> GraphDiff:
    """A comparison with these changes, and things that nobody knows any more."""
    gained = tuple(
        Unknown(what=f"parameter `P{at}`", why="it has no default", kind="parameter", source=NEW)
        for at in range(unknowns)
    )
    return GraphDiff(changes=changes, new_unknowns=gained, gained_unknowns=gained)


def shown_diff(shown: Draw, given: GraphDiff, errors: tuple[TemplateError, ...] = (), width: int = 100) -> str:
    """What a terminal shows of a comparison."""
    return shown(lambda console: print_diff(given, errors, console), width=width)


def test_the_first_line_says_how_grave_it_is_and_what_is_not_known(shown: Draw) -> None:
    """Risks by severity, what is gone, unknowns, and inputs that could not be read."""
    text = shown_diff(shown, diff(OPENED, change(), REMOVED, unknowns=2), (TemplateError("broken"),))
    assert text.splitlines()[0] == (
        "1 high 1 medium \u00b7 1 can no longer happen \u00b7 2 unknowns, 2 of them new \u00b7 1 input not read"
    )


def test_no_change_is_said_to_be_none(shown: Draw) -> None:
    """An empty page would look like a failure."""
    assert shown_diff(shown, diff()) == "nothing new can happen \u00b7 0 unknowns\n"


def test_a_change_has_its_place_what_was_there_before_and_the_way(shown: Draw) -> None:
    """What a reviewer opens next."""
    assert shown_diff(shown, diff(OPENED)).splitlines()[2:] == [
        "  HIGH new-public-entry  app.yaml:9",
        "    anyone on the internet can now call `GET /`",
        "    before: old.yaml:4",
        "    anyone on the internet \u2192 GET / \u2192 Fn",
    ]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"risen": True}, "access level rises"),
        ({"sure": False}, "not sure: it depends on what the input does not tell, or on conditions"),
    ],
)
def test_what_is_special_about_a_change_is_said(more: dict[str, Any], said: str, shown: Draw) -> None:
    """A rise, a doubt."""
    assert said not in shown_diff(shown, diff(change()))
    assert said in shown_diff(shown, diff(change(**more)))


def test_of_many_new_unknowns_the_first_are_shown(shown: Draw) -> None:
    """The rest is counted."""
    text = shown_diff(shown, diff(unknowns=7))
    assert text.count("it has no default") == 5
    assert "and 2 more; --format json has them all" in text


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_too_wide_or_ends_in_white_space(width: int, shown: Draw) -> None:
    """Long messages are folded under their own indent."""
    long = change(message=f"`{'VeryLong' * 12}` can now call dynamodb:PutItem on `Orders` " + "and so on " * 20)
    for line in shown_diff(shown, diff(OPENED, long, REMOVED, unknowns=1), width=width).splitlines():
        assert len(line) <= width
        assert line == line.rstrip()


def test_names_never_take_effect_in_the_terminal(shown: Draw) -> None:
    """Neither escapes nor markup."""
    text = shown_diff(shown, diff(change(message="`Evil\x1b[31m[bold]` can now call sqs:SendMessage")))
    assert "\x1b" not in text
    assert "[bold]" in text


def test_a_gate_shows_its_verdict_and_each_thing_under_what_it_means(shown: Draw) -> None:
    """What fails first, then what is to be looked at, then the rest; suppressed ones are counted."""
    finding = Finding(
        rule="tls", severity="low", resource="Q", source=NEW, message="`Q` takes plain HTTP", fingerprint="q"
    )
    hidden = Finding(rule="r", severity="low", resource="Q", message="m", fingerprint="h", suppressed="known")
    policy = GatePolicy(forbid=("new-public-entry",), review=("new-access",))
    result = decide(
        diff(OPENED, change()), policy, new_findings=(finding, hidden), notes=("the configuration changed",)
    )
    text = shown(lambda console: print_gate(result, (), console), width=100)
    assert text.startswith(" fail  \u00b7 new: 1 high 1 medium 1 low \u00b7 0 unknowns\n")
    order = ["not allowed", "new-public-entry", "to be looked at", "new-access", "also new", "tls", "1 suppressed"]
    places = [text.index(each) for each in order]
    assert places == sorted(places)
    assert "the configuration changed" in text


def test_a_change_that_a_finding_repeats_is_shown_with_the_rule_and_its_severity(shown: Draw) -> None:
    """One door is one entry."""
    finding = Finding(
        rule="permission-public",
        severity="critical",
        resource="Fn",
        source=NEW,
        message="m",
        fingerprint="f",
        nodes=("route",),
    )
    result = decide(diff(OPENED), GatePolicy(), new_findings=(finding,))
    text = shown(lambda console: print_gate(result, (), console), width=100)
    assert "  CRITICAL new-public-entry (permission-public)  app.yaml:9\n" in text
    assert text.startswith(" fail  \u00b7 new: 1 critical \u00b7")
