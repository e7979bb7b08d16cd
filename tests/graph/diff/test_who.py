"""Whom a resource policy lets in, in words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from permscope.catalog.actions import load as load_actions
from permscope.collect.load import load
from permscope.graph.build import build_graph
from permscope.graph.diff.change import Change, ChangeKind
from permscope.graph.diff.claims import Claim
from permscope.graph.diff.compare import diff_graphs
from permscope.graph.diff.matching import Matching
from permscope.graph.diff.who import LetIn, judge
from permscope.graph.model import Node, NodeKind, PermissionGraph
from permscope.inventory.policies import ConditionEntry
from permscope.policy.matching import encode

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


Versions = Callable[[str, str], Matching]
OWN = "111122223333"

TEMPLATE = """
Jobs: {Type: AWS::SQS::Queue}
Worker:
  Type: AWS::IAM::Role
  Properties:
    AssumeRolePolicyDocument:
      Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}]
Fn: {Type: AWS::Lambda::Function, Properties: {Role: !GetAtt Worker.Arn, Code: {}}}
"""


@pytest.fixture
def graph(versions: Versions) -> PermissionGraph:
    """An account with a queue, and a function with a role."""
    return versions(TEMPLATE, TEMPLATE).new


def claim(*conditions: tuple[str, str, str]) -> Claim:
    """What a statement under conditions lets do."""
    entries = tuple(ConditionEntry(operator, key, (value,)) for operator, key, value in conditions)
    return Claim(actions=load_actions().expand("sqs:SendMessage"), resource=encode("*"), conditions=entries)


def named(graph: PermissionGraph, label: str) -> Node:
    """A node of the template."""
    return next(node for node in graph.nodes.values() if node.label == label)


@pytest.mark.parametrize(
    ("principal", "kind", "conditions", "strong", "expected"),
    [
        ("*", "AWS", (), False, (ChangeKind.NEW_PUBLIC_ENTRY, "high", "anyone")),
        (
            "*",
            "AWS",
            (("StringEquals", "aws:PrincipalOrgID", "o-abcdef1234"),),
            True,
            (ChangeKind.NEW_EXTERNAL_PRINCIPAL, "high", "anyone in organization o-abcdef1234"),
        ),
        (
            "*",
            "AWS",
            (("StringEquals", "aws:PrincipalAccount", OWN),),
            True,
            (ChangeKind.NEW_ACCESS, "low", "anyone in this account"),
        ),
        ("999988887777", "AWS", (), False, (ChangeKind.NEW_EXTERNAL_PRINCIPAL, "high", "account 999988887777")),
        (
            OWN,
            "AWS",
            (),
            False,
            (ChangeKind.NEW_ACCESS, "info", "those in this account whose own policies allow it"),
        ),
        ("s3.amazonaws.com", "Service", (), False, (ChangeKind.NEW_ACCESS, "medium", "`s3.amazonaws.com`")),
        ("s3.amazonaws.com", "Service", (), True, (ChangeKind.NEW_ACCESS, "low", "`s3.amazonaws.com`")),
        (
            "s3.amazonaws.com",
            "Service",
            (("StringEquals", "aws:SourceAccount", "999988887777"),),
            True,
            (ChangeKind.NEW_EXTERNAL_PRINCIPAL, "high", "`s3.amazonaws.com` for account 999988887777"),
        ),
        (
            f"arn:aws:iam::{OWN}:oidc-provider/token.actions.githubusercontent.com",
            "Federated",
            (),
            False,
            (ChangeKind.NEW_EXTERNAL_PRINCIPAL, "high", "users of `token.actions.githubusercontent.com`"),
        ),
        (
            "arn:aws:iam::${Param::Partner}:role/deploy",
            "AWS",
            (),
            False,
            (
                ChangeKind.NEW_EXTERNAL_PRINCIPAL,
                "medium",
                "`arn:aws:iam::${Param::Partner}:role/deploy` (which account is not known)",
            ),
        ),
    ],
)
def test_each_principal_is_judged_by_where_it_belongs(
    principal: str,
    kind: str,
    conditions: tuple[tuple[str, str, str], ...],
    strong: bool,
    expected: tuple[ChangeKind, str, str],
    graph: PermissionGraph,
) -> None:
    """The public, another account or organization, one's own, a service, a provider of identities."""
    let_in = LetIn(principal, kind, (claim(*conditions),))
    assert judge(graph, named(graph, "Jobs"), let_in, strong=strong) == expected


def test_a_role_is_called_by_the_function_that_runs_as_it(graph: PermissionGraph) -> None:
    """A reviewer knows the function."""
    role = named(graph, "Worker")
    assert judge(graph, named(graph, "Jobs"), LetIn(role.id, "AWS", (claim(),)), strong=False) == (
        ChangeKind.NEW_ACCESS,
        "low",
        "`Fn`",
    )


def test_whom_a_function_lets_in_is_an_invoker_and_a_trust_policy_is_graver(graph: PermissionGraph) -> None:
    """The same principal on a function, and on a role that it may become."""
    service = LetIn("events.amazonaws.com", "Service", (claim(),))
    assert judge(graph, named(graph, "Fn"), service, strong=False)[0] is ChangeKind.NEW_INVOKER
    anyone = LetIn("*", "AWS", (claim(),))
    assert judge(graph, named(graph, "Worker"), anyone, strong=False)[1] == "critical"


def test_a_trusted_account_is_no_stranger(graph: PermissionGraph) -> None:
    """What `trusted` names is at home."""
    graph.add_node(
        Node(id="222233334444", kind=NodeKind.ACCOUNT, label="222233334444", account="222233334444", trusted=True)
    )
    assert judge(graph, named(graph, "Jobs"), LetIn("222233334444", "AWS", (claim(),)), strong=False) == (
        ChangeKind.NEW_ACCESS,
        "low",
        "`222233334444` (trusted)",
    )
