"""Statements that nobody wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

from permscope.audit.generated import is_generated, policy_template_of
from permscope.collect.load import load
from permscope.inventory.inventory import Inventory
from permscope.inventory.policies import Policy, PolicyKind, Statement, parse_policy

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Page:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: a.b
      InlineCode: x
      Policies:
        - POLICY
"""
OWN = """Version: "2012-10-17"
          Statement:
            - Effect: Allow
              Action: [dynamodb:GetItem, dynamodb:Scan]
              Resource: "*\""""


def statements_of(tmp_path: Path, policy: str) -> list[tuple[Policy, Statement]]:
    """The statements of the function's role."""
    path = tmp_path / "template.yaml"
    path.write_text(TEMPLATE.replace("POLICY", policy), encoding="utf-8")
    inventory: Inventory = load([str(path)])
    (role,) = inventory.roles.values()
    return [(policy, statement) for policy in role.inline_policies for statement in policy.statements]


@pytest.mark.parametrize(
    ("policy", "name"),
    [
        ("DynamoDBReadPolicy: {TableName: orders}", "DynamoDBReadPolicy"),
        ("SQSPollerPolicy: {QueueName: jobs}", "SQSPollerPolicy"),
        ("SSMParameterReadPolicy: {ParameterName: key}", "SSMParameterReadPolicy"),
        (OWN, None),
    ],
)
def test_a_statement_of_a_policy_template_knows_which(tmp_path: Path, policy: str, name: str | None) -> None:
    """All of it stands at the line that names the template; what somebody wrote has a place for each part."""
    found = statements_of(tmp_path, policy)
    assert found
    assert {policy_template_of(*each) for each in found} == {name}
    assert {is_generated(statement) for _, statement in found} == {name is not None}


def test_a_statement_without_a_place_is_nobodys_making() -> None:
    """Of a live account, nobody can tell."""
    document = {"Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}]}
    policy = parse_policy(document, name="own", kind=PolicyKind.INLINE)
    assert not is_generated(policy.statements[0])
    assert policy_template_of(policy, policy.statements[0]) is None
