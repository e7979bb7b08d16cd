"""Laws of the engine: what never changes a verdict, and what a finding carries."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from permscope.audit.engine import run
from permscope.audit.findings import Finding, step
from permscope.audit.rules import load_rules
from permscope.collect.load import LoadOptions, load
from permscope.graph.build import build_graph
from permscope.graph.trusted import TrustedParties

RULES = load_rules()
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
STATEMENTS: list[dict[str, Any]] = [
    {"Effect": "Allow", "Action": ["dynamodb:PutItem", "dynamodb:GetItem"], "Resource": "*"},
    {"Effect": "Allow", "Action": ["iam:PassRole"], "Resource": "*"},
    {"Effect": "Allow", "Action": ["sqs:*"], "Resource": "*"},
    {"Effect": "Allow", "Action": ["s3:PutBucketPolicy", "s3:ListBucket"], "Resource": "*"},
    {"Effect": "Allow", "Action": ["sns:Publish"], "Resource": "arn:aws:sns:*:*:*"},
    {"Effect": "Allow", "Action": ["ec2:DescribeInstances"], "Resource": "*"},
]
# Rules about how something is spelled, which spelling it otherwise does change.
SPELLING = {"action-pattern-write"}


def _audit(folder: Path, template: dict[str, Any], trusted: TrustedParties | None = None) -> tuple[Finding, ...]:
    path = folder / "template.json"
    path.write_text(json.dumps(template, indent=1), encoding="utf-8")
    inventory = load([path.as_posix()], LoadOptions())
    assert not inventory.errors
    return run(build_graph(inventory), inventory, RULES, trusted=trusted)


def _role(*documents: list[dict[str, Any]]) -> dict[str, Any]:
    policies = [
        {"PolicyName": f"p{number}", "PolicyDocument": {"Version": "2012-10-17", "Statement": statements}}
        for number, statements in enumerate(documents)
    ]
    properties = {"AssumeRolePolicyDocument": TRUST, "Policies": policies}
    return {"Resources": {"Role": {"Type": "AWS::IAM::Role", "Properties": properties}}}


def _verdict(findings: tuple[Finding, ...]) -> set[tuple[str, str, str]]:
    return {(item.rule, item.resource, item.severity) for item in findings if item.rule not in SPELLING}


def _split(statement: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**statement, "Action": action} for action in statement["Action"]]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32))
def test_order_splitting_and_case_never_change_a_verdict(tmp_path: Path, seed: int) -> None:
    """Shuffled, split over policies and written in another case, statements are judged alike."""
    chance = random.Random(seed)  # noqa: S311 (no secret is made)
    expected = _verdict(_audit(tmp_path, _role(STATEMENTS)))
    pieces = [piece for statement in STATEMENTS for piece in _split(statement)]
    chance.shuffle(pieces)
    for piece in pieces:
        if chance.random() < 0.5:
            piece["Action"] = piece["Action"].upper()
    cut = chance.randrange(len(pieces) + 1)
    assert _verdict(_audit(tmp_path, _role(pieces[:cut] or pieces[:1], pieces[cut:] or pieces[-1:]))) == expected


def test_a_deny_takes_a_finding_away(tmp_path: Path) -> None:
    """Effective access is judged: what is denied is not found."""
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    assert "service-wildcard" in {item.rule for item in _audit(tmp_path, _role(STATEMENTS))}
    rules = {item.rule for item in _audit(tmp_path, _role([*STATEMENTS, deny]))}
    assert rules.isdisjoint({"service-wildcard", "passrole-star", "write-unscoped", "permissions-mgmt-unscoped"})


def test_one_statement_is_not_reported_twice_for_the_same_thing(tmp_path: Path) -> None:
    """Administrator access is one finding; the rules it stands for are among its aliases."""
    findings = _audit(tmp_path, _role([{"Effect": "Allow", "Action": "*", "Resource": "*"}]))
    assert [item.rule for item in findings if item.severity != "info"] == ["admin-star"]
    assert {"iam-full", "service-wildcard", "write-unscoped", "passrole-star"} <= set(findings[0].aliases)


def test_fingerprints_stay_when_lines_move_and_files_are_renamed(tmp_path: Path) -> None:
    """A fingerprint is made of rule, logical id and guilty element."""
    before = _audit(tmp_path, _role(STATEMENTS))
    moved = {"Description": "one\ntwo", "Metadata": {"a": 1, "b": 2}, **_role(STATEMENTS)}
    other = tmp_path / "elsewhere"
    other.mkdir()
    after = _audit(other, moved)
    assert [item.line for item in before] != [item.line for item in after]
    assert {item.fingerprint for item in before} == {item.fingerprint for item in after}
    assert len({item.fingerprint for item in before}) == len(before)


def test_fingerprints_stay_when_statements_and_actions_change_places(audit: Any, role: Any) -> None:
    """A baseline and the gate know a finding again that is blamed on one of several actions or statements."""
    vault = role({"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"})
    passing = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": {"Fn::GetAtt": ["Vault", "Arn"]}}

    def fingerprints(*statements: dict[str, Any]) -> set[tuple[str, str]]:
        policy = {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {"Queues": [{"Ref": "Queue"}], "PolicyDocument": {"Statement": list(queue)}},
        }
        resources = {
            "Vault": vault,
            "Builder": role(*statements),
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Policy": policy,
        }
        found = audit(resources)
        assert {"new-compute-passrole", "action-out-of-scope"} <= set(found)
        return {(item.rule, item.fingerprint) for items in found.values() for item in items}

    def work(*actions: str) -> dict[str, Any]:
        return {"Effect": "Allow", "Action": list(actions), "Resource": "*"}

    queue = [{"Effect": "Allow", "Principal": "*", "Action": ["sns:Publish", "logs:PutLogEvents"], "Resource": "*"}]
    one = fingerprints(work("lambda:CreateFunction", "lambda:InvokeFunction"), work("glue:CreateJob"), passing)
    queue[0]["Action"] = ["logs:PutLogEvents", "sns:Publish"]
    other = fingerprints(passing, work("glue:CreateJob"), work("lambda:InvokeFunction", "lambda:CreateFunction"))
    assert one == other


def test_two_runs_give_the_same_bytes(tmp_path: Path) -> None:
    """Findings come in one order, with the same content."""
    first, second = (_audit(tmp_path, _role(STATEMENTS)) for _ in range(2))
    assert [item.as_json() for item in first] == [item.as_json() for item in second]


def test_exposure_raises_and_a_condition_lowers_severity(tmp_path: Path) -> None:
    """The finding says what changed its severity."""
    narrowed = {"Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": "*"}
    narrowed["Condition"] = {"StringEquals": {"aws:ResourceTag/team": "orders"}}
    found = [item for item in _audit(tmp_path, _role([narrowed])) if item.rule == "write-unscoped"]
    assert [(item.severity, item.adjusted) for item in found] == [
        ("low", "lowered from medium: `aws:ResourceTag/team` narrows it")
    ]


def test_a_trusted_account_is_no_finding(tmp_path: Path) -> None:
    """Who is on the user's list is not reported."""
    template = _role(STATEMENTS[:1])
    principal = {"AWS": "arn:aws:iam::999988887777:root"}
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}],
    }
    template["Resources"]["Role"]["Properties"]["AssumeRolePolicyDocument"] = trust
    trusted = TrustedParties(accounts=frozenset({"999988887777"}))
    assert "external-account-to-data" in {item.rule for item in _audit(tmp_path, template)}
    assert not {item.rule for item in _audit(tmp_path, template, trusted)} & {
        "trust-external-no-externalid",
        "trust-external-account",
    }


def test_a_fix_uses_the_templates_own_references(tmp_path: Path) -> None:
    """What to write is the table of the template, not a placeholder."""
    template = _role([{"Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": "*"}])
    template["Resources"]["Orders"] = {"Type": "AWS::DynamoDB::Table", "Properties": {"BillingMode": "PAY_PER_REQUEST"}}
    found = next(item for item in _audit(tmp_path, template) if item.rule == "write-unscoped")
    assert found.fix == "Resource: !GetAtt Orders.Arn"


@pytest.mark.parametrize(
    ("severity", "by", "expected"),
    [("medium", -1, "high"), ("critical", -1, "critical"), ("low", 1, "low"), ("info", -1, "info")],
)
def test_severity_moves_within_its_scale(severity: str, by: int, expected: str) -> None:
    """A remark is never raised, and nothing is lowered to a remark."""
    assert step(severity, by) == expected


TEMPLATES = Path(__file__).parents[3] / "shared" / "templates"


@pytest.mark.skipif(not TEMPLATES.is_dir(), reason="the shared templates are not beside the checkout")
def test_real_templates_are_audited_without_a_broken_text() -> None:
    """On real templates every finding has a place, a resource and filled-in texts."""
    for path in sorted(TEMPLATES.rglob("template.y*ml"))[:40]:
        inventory = load([path.as_posix()], LoadOptions())
        for finding in run(build_graph(inventory), inventory, RULES):
            assert finding.file
            assert finding.line
            assert finding.resource
            assert "{hit." not in finding.message + finding.why + finding.fix
