"""Whom policies let in."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from permscope.audit.engine import run
from permscope.audit.rules import load_rules
from permscope.collect.load import LoadOptions, load
from permscope.graph.build import build_graph
from permscope.graph.trusted import TrustedParties

QUEUE = """
Resources:
  Queue: {{Type: AWS::SQS::Queue}}
  Policy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Queue]
      PolicyDocument:
        Version: "2012-10-17"
        Statement: [{{Effect: Allow, Principal: {principal}, Action: "sqs:*", Resource: "*"{condition}}}]
"""
OF_ORGANIZATION = ", Condition: {StringEquals: {aws:PrincipalOrgID: o-a1b2c3d4e5}}"


@pytest.mark.parametrize(
    ("principal", "condition", "trusted", "found"),
    [
        ('{AWS: "111122223333"}', "", TrustedParties(), True),
        ('{AWS: "111122223333"}', "", TrustedParties(accounts=frozenset(["111122223333"])), False),
        ('"*"', OF_ORGANIZATION, TrustedParties(), True),
        ('"*"', OF_ORGANIZATION, TrustedParties(organizations=frozenset(["o-a1b2c3d4e5"])), False),
        ("{AWS: !Ref AWS::AccountId}", "", TrustedParties(), False),
    ],
)
def test_whom_the_user_vouches_for_is_no_outsider(
    tmp_path: Path, principal: str, condition: str, trusted: TrustedParties, found: bool
) -> None:
    """Every action of a queue for a trusted account or organization is a decision that was made."""
    path = tmp_path / "template.yaml"
    path.write_text(textwrap.dedent(QUEUE).format(principal=principal, condition=condition), encoding="utf-8")
    inventory = load([str(path)], LoadOptions())
    findings = run(build_graph(inventory, trusted), inventory, load_rules(), trusted=trusted)
    assert ("star-action" in {finding.rule for finding in findings}) is found
