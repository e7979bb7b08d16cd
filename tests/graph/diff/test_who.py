"""Whom a resource policy lets in, in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from permscope.collect.load import load
from permscope.graph.build import build_graph
from permscope.graph.diff.change import Change
from permscope.graph.diff.compare import diff_graphs
from permscope.graph.model import PermissionGraph

ONE, OTHER = "111111111111", "222222222222"
QUEUE = """\
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: jobs}}
"""
POLICY = """\
  Policy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Queue]
      PolicyDocument:
        Statement: {Effect: Allow, Principal: PRINCIPAL, Action: sqs:SendMessage, Resource: !GetAtt Queue.Arn CONDITION}
"""


def let_in(folder: Path, principal: str, condition: str = "", *, accounts: tuple[str, ...]) -> list[Change]:
    """What a policy on the first account's queue changes, where some accounts are read together."""
    policy = POLICY.replace("PRINCIPAL", principal).replace("CONDITION", condition and f", Condition: {condition}")

    def graph(text: str) -> PermissionGraph:
        paths = []
        for account in accounts:
            file = folder / f"{account}.yaml"
            file.write_text(text if account == accounts[0] else QUEUE, encoding="utf-8")
            paths.append(f"{file}@{account}/eu-west-1")
        return build_graph(load(paths))

    return list(diff_graphs(graph(QUEUE), graph(QUEUE + policy)).risks)


@pytest.mark.parametrize(
    ("account", "accounts", "words", "severity"),
    [
        (ONE, (ONE,), "those in this account", "info"),
        (ONE, (ONE, OTHER), f"those in account {ONE}", "info"),
        (OTHER, (ONE, OTHER), f"those in account {OTHER}", "low"),
    ],
)
def test_an_own_account_is_called_by_its_number_where_there_are_several(
    tmp_path: Path, account: str, accounts: tuple[str, ...], words: str, severity: str
) -> None:
    """`this account` means something only where there is one; another one of the user's own gains something."""
    (change,) = let_in(tmp_path, f'{{AWS: "{account}"}}', accounts=accounts)
    assert change.message.startswith(f"{words} whose own policies allow it can now call sqs:SendMessage")
    assert change.severity == severity


def test_everyone_of_some_own_accounts_is_told_by_their_numbers(tmp_path: Path) -> None:
    """Where conditions name them; an account that is not the user's own is an external one."""
    condition = f'{{StringEquals: {{"aws:PrincipalAccount": ["{ONE}", "{OTHER}"]}}}}'
    (change,) = let_in(tmp_path, '"*"', condition, accounts=(ONE, OTHER))
    assert change.message.startswith(f"anyone in account {ONE} or account {OTHER} can now call")
    (change,) = let_in(tmp_path, '"*"', condition, accounts=(ONE,))
    assert change.kind.value == "new-external-principal"
