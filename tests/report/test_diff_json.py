"""`diff` and `gate` as JSON: the contracts that other programs hold on to."""

from __future__ import annotations

import json

from permscope.audit.contract_checks import check_contracts
from permscope.audit.contracts import parse_contracts
from permscope.audit.gate import GatePolicy, decide
from permscope.catalog.actions import load
from permscope.errors import TemplateError
from permscope.graph.diff.change import Change, ChangeKind, Step
from permscope.graph.diff.compare import GraphDiff
from permscope.graph.model import PermissionGraph, Provenance
from permscope.inventory.facts import Unknown
from permscope.inventory.source import Source
from permscope.report.diff_json import change_document, contract_document, diff_document, render_diff, render_gate

NEW = Source(file="app.yaml", line=9, column=3)
CHANGE = Change(
    kind=ChangeKind.NEW_PUBLIC_ENTRY,
    also=(ChangeKind.WEAKENED,),
    severity="high",
    message="anyone can now call `GET /`",
    actor="anyone on the internet",
    actor_id="public",
    target="GET /",
    target_id="route",
    actions=load().expand("execute-api:Invoke"),
    levels=("Write",),
    weakened="authorizer",
    source=NEW,
    old_source=Source(file="old.yaml", line=4),
    path=(Step("anyone on the internet", "can call"), Step("GET /", "", NEW)),
    provenance=(Provenance(NEW, "Api", "Get"),),
)
UNKNOWN = Unknown(what="parameter `P`", why="it has no default", kind="parameter", source=NEW)
DIFF = GraphDiff(changes=(CHANGE,), new_unknowns=(UNKNOWN,), gained_unknowns=(UNKNOWN,))


def test_a_change_has_every_field_also_when_it_is_empty() -> None:
    """Who reads it need not ask whether a key is there."""
    assert change_document(CHANGE) == {
        "kind": "new-public-entry",
        "also": ["weakened"],
        "severity": "high",
        "message": "anyone can now call `GET /`",
        "actor": "anyone on the internet",
        "actor_id": "public",
        "target": "GET /",
        "target_id": "route",
        "actions": ["execute-api:Invoke"],
        "access_levels": ["Write"],
        "access_levels_before": [],
        "access_level_rise": False,
        "sure": True,
        "conditions": "",
        "weakened": "authorizer",
        "file": "app.yaml",
        "line": 9,
        "column": 3,
        "old_file": "old.yaml",
        "old_line": 4,
        "path": [
            {"label": "anyone on the internet", "then": "can call", "file": None, "line": None},
            {"label": "GET /", "then": "", "file": "app.yaml", "line": 9},
        ],
        "provenance": [{"file": "app.yaml", "line": 9, "logical_id": "Api", "statement": "Get"}],
        "fingerprint": CHANGE.fingerprint,
    }


def test_a_comparison_counts_risks_and_kinds_and_keeps_unknowns_of_both_sides_apart() -> None:
    """A change of two kinds counts for both."""
    document = diff_document(DIFF)
    assert document["summary"] == {"risks": 1, "kinds": {"new-public-entry": 1, "weakened": 1}, "unknowns": 1}
    assert {side: len(found) for side, found in document["unknowns"].items()} == {"old": 0, "new": 1, "gained": 1}


def test_a_diff_is_one_document_with_its_schema_and_the_errors() -> None:
    """It ends in a line feed, and is the same each time."""
    text = render_diff(DIFF, (TemplateError("broken", source=Source(file="b.yaml", line=2)),))
    assert text == render_diff(DIFF, (TemplateError("broken", source=Source(file="b.yaml", line=2)),))
    assert text.endswith("}\n")
    document = json.loads(text)
    assert document["schema"] == "permscope/diff/1"
    (error,) = document["errors"]
    assert (error["file"], error["line"], error["message"], error["hint"]) == ("b.yaml", 2, "broken", None)


def test_a_gate_has_the_verdict_what_led_to_it_and_the_policy_it_went_by() -> None:
    """Everything that the comparison has is in it as well."""
    result = decide(DIFF, GatePolicy(forbid=("new-public-entry",), unknown="review"), notes=("look",))
    document = json.loads(render_gate(result, ()))
    assert (document["schema"], document["verdict"]) == ("permscope/gate/1", "fail")
    assert [each["rule"] for each in document["failing"]] == ["new-public-entry"]
    assert document["policy"] == {
        "forbid": ["new-public-entry"],
        "review": [],
        "fail_on": "high",
        "unknown": "review",
    }
    assert document["notes"][0] == "look"
    assert set(diff_document(DIFF)) < set(document)


def test_a_contract_has_its_status_and_counter_examples() -> None:
    """One that holds has none."""
    contracts = parse_contracts([{"name": "no access from outside", "preset": "no-external-access"}])
    (result,) = check_contracts(contracts, PermissionGraph())
    document = contract_document(result)
    assert (document["name"], document["violations"]) == ("no access from outside", [])
    assert (document["status"], document["unknowns"]) == ("pass", 0)
