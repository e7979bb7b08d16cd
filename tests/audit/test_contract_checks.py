"""Contracts hold, or a counter-example shows how they do not; nothing passes in silence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from permscope.audit.config import parse_config
from permscope.audit.contract_checks import check_contracts
from permscope.audit.contracts import PRESETS, Status, as_findings, parse_contracts
from permscope.collect.load import load
from permscope.errors import ConfigError
from permscope.graph.build import build_graph
from permscope.graph.model import PermissionGraph

APPLICATION = Path(__file__).parents[2] / "fixtures" / "pull-requests" / "app.yaml"


@pytest.fixture(scope="module")
def graph() -> PermissionGraph:
    """The graph of the application that the pull requests change."""
    return build_graph(load([str(APPLICATION)]))


def parse_text(text: str) -> Any:
    """The contracts of a `permscope.yaml`, from its second line on."""
    config = parse_config(f"contracts:\n{text}", "permscope.yaml")
    return parse_contracts(config.contracts, config.source)  # type: ignore[arg-type]


HOLDING = {
    "only": "- {name: n, only: [PutUserFunction], can: [dynamodb:PutItem, dynamodb:UpdateItem], on: UsersTable}",
    "a list of several": "- {name: n, only: [PutUserFunction, GetUserFunction], can: 'dynamodb:*', on: [UsersTable]}",
    "of a type": "- {name: n, only: [WorkerFunction], can: 's3:Get*', on: 'AWS::S3::Bucket'}",
    "a pattern": "- {name: n, only: ['*Function'], can: 'dynamodb:*', on: '*Table'}",
    "the secret": "- {name: n, never: {from: public, reaches: DbSecret}}",
    "another action": "- {name: n, never: {from: public, reaches: UsersTable, can: [dynamodb:PutItem]}}",
    "external": "- {name: n, never: {from: external}}",
    "a preset": "- {preset: no-external-access}",
    "a preset with exceptions": "- {preset: no-public-entry, except: [GET /health]}",
}


@pytest.mark.parametrize("text", HOLDING.values(), ids=HOLDING)
def test_what_is_true_holds(text: str, graph: PermissionGraph) -> None:
    """A contract that holds has no counter-example and is no finding."""
    (result,) = check_contracts(parse_text(text), graph)
    assert (result.status, result.violations) == (Status.PASS, ())
    assert as_findings([result]) == ()


BROKEN = {
    "only": (
        "- {name: n, only: [PutUserFunction], can: 'dynamodb:*Item', on: UsersTable}",
        "`GetUserFunction` can call dynamodb:*Item on `UsersTable`",
        ["GetUserFunction", "GetUserFunctionRole", "UsersTable"],
    ),
    "never": (
        "- {name: n, never: {from: public, reaches: UsersTable}}",
        "anyone on the internet reaches `UsersTable` through GET /health -> GetUserFunction -> GetUserFunctionRole",
        ["anyone on the internet", "GET /health", "GetUserFunction", "GetUserFunctionRole", "UsersTable"],
    ),
    "public": (
        "- {name: n, never: {from: public}}",
        "anyone on the internet can call `GET /health`",
        ["anyone on the internet", "GET /health"],
    ),
}


@pytest.mark.parametrize(("text", "message", "path"), BROKEN.values(), ids=BROKEN)
def test_what_is_not_true_fails_with_a_counter_example(
    text: str, message: str, path: list[str], graph: PermissionGraph
) -> None:
    """The counter-example names every hop, and the finding stands at the guilty line."""
    (result,) = check_contracts(parse_text(text), graph)
    assert result.status is Status.FAIL
    assert (result.violations[0].message, [label for label, _ in result.violations[0].steps]) == (message, path)
    (finding,) = as_findings([result])
    assert finding.file == APPLICATION.as_posix()
    assert finding.line
    assert finding.severity == "high"


def test_something_nobody_can_read_leaves_a_contract_undecided(tmp_path: Path) -> None:
    """A policy in no input may break the contract, so it does not pass."""
    template = tmp_path / "template.yaml"
    text = APPLICATION.read_text(encoding="utf-8")
    attached = "    Type: AWS::IAM::Role\n    Properties:\n      ManagedPolicyArns: ['arn:aws:iam::1:policy/x']\n"
    template.write_text(text.replace("    Type: AWS::IAM::Role\n    Properties:\n", attached), encoding="utf-8")
    graph = build_graph(load([str(template)]))
    (result,) = check_contracts(parse_text(HOLDING["only"]), graph)
    assert (result.status, result.unknowns) == (Status.UNKNOWN, 1)
    (finding,) = as_findings([result])
    assert "1 unknown may break it" in finding.message


WRONG = {
    "a name that nothing has": ("- {name: n, only: [PutUser], can: s3:GetObject, on: Uploads}", 2, "PutUser"),
    "a target that nothing has": ("- {name: n, never: {from: public, reaches: DbSecrets}}", 2, "DbSecrets"),
    "a type that nothing has": ("- {name: n, never: {from: public, reaches: 'AWS::RDS::DBCluster'}}", 2, "type"),
    "a pattern that fits nothing": ("- {name: n, never: {from: public, reaches: 'Zz*'}}", 2, "Zz"),
}


@pytest.mark.parametrize(("text", "line", "words"), WRONG.values(), ids=WRONG)
def test_a_contract_about_nothing_is_an_error(text: str, line: int, words: str, graph: PermissionGraph) -> None:
    """A name that matches nothing is an error at its line, never a contract that holds for ever."""
    with pytest.raises(ConfigError, match=words) as raised:
        check_contracts(parse_text(text), graph)
    assert raised.value.source is not None
    assert (raised.value.source.file, raised.value.source.line) == ("permscope.yaml", line)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_can_be_checked(preset: str, graph: PermissionGraph) -> None:
    """Each preset gives an answer on a real application, and says why it must hold."""
    (result,) = check_contracts(parse_text(f"- preset: {preset}"), graph)
    assert result.status is (Status.FAIL if preset == "no-public-entry" else Status.PASS)
    assert result.contract.why


URLS = """\
Resources:
  Secret: {Type: AWS::SecretsManager::Secret}
  Table:
    Type: AWS::DynamoDB::Table
    Properties: {BillingMode: PAY_PER_REQUEST, KeySchema: [{AttributeName: i, KeyType: HASH}]}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}]
      Policies:
        - PolicyName: p
          PolicyDocument: {Statement: [{Effect: Allow, Action: "dynamodb:GetItem", Resource: !GetAtt Table.Arn}]}
  Writer:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {AWS: !GetAtt Role.Arn}, Action: "sts:AssumeRole"}]
      Policies:
        - PolicyName: p
          PolicyDocument: {Statement: [{Effect: Allow, Action: "dynamodb:PutItem", Resource: !GetAtt Table.Arn}]}
  Fn:
    Type: AWS::Lambda::Function
    Properties: {Runtime: python3.13, Handler: a.b, Role: !GetAtt Role.Arn, Code: {ZipFile: x}}
  Url:
    Type: AWS::Lambda::Url
    Properties: {AuthType: NONE, TargetFunctionArn: !GetAtt Fn.Arn}
  One:
    Type: AWS::Lambda::Permission
    Properties:
      {Action: "lambda:InvokeFunctionUrl", FunctionName: !Ref Fn, Principal: "*", FunctionUrlAuthType: NONE}
  Two:
    Type: AWS::Lambda::Permission
    Properties: {Action: "lambda:InvokeFunction", FunctionName: !Ref Fn, Principal: "*", InvokedViaFunctionUrl: true}
"""


@pytest.fixture(scope="module")
def with_url(tmp_path_factory: pytest.TempPathFactory) -> PermissionGraph:
    """A function behind a public URL, which reads a table and may become a role that writes it."""
    path = tmp_path_factory.mktemp("contracts") / "t.yaml"
    path.write_text(URLS, encoding="utf-8")
    return build_graph(load([str(path)]))


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        # A public URL is an API that is open to all, not access of other accounts to the function.
        ("- {preset: no-external-access}", []),
        ("- {preset: no-public-entry}", ["anyone on the internet can call `URL of Fn`"]),
        ("- {preset: no-public-entry, except: [URL of Fn]}", []),
        # The shortest way to the table is one that reads; the one that writes counts.
        (
            "- {name: n, never: {from: public, reaches: Table, can: dynamodb:PutItem}}",
            ["anyone on the internet can call dynamodb:PutItem on `Table` through URL of Fn -> Fn -> Role -> Writer"],
        ),
        ("- {name: n, never: {from: public, reaches: Table, can: dynamodb:DeleteItem}}", []),
        (
            "- {name: n, never: {from: Writer, reaches: Table, can: 'dynamodb:Put*'}}",
            ["`Writer` can call dynamodb:Put* on `Table`"],
        ),
    ],
)
def test_urls_are_routes_and_actions_are_looked_for(text: str, messages: list[str], with_url: PermissionGraph) -> None:
    """Each way in is named once, and an action is found however long the way to it is."""
    (result,) = check_contracts(parse_text(text), with_url)
    assert [violation.message for violation in result.violations] == messages


@pytest.mark.parametrize(
    "text",
    [
        "- {name: n, only: Fn, can: s3:GetObject, on: Table}",
        "- {name: n, never: {from: public, reaches: Secret, can: [secretsmanager:*, dynamodb:GetItem]}}",
    ],
)
def test_an_action_that_nobody_takes_there_is_an_error(text: str, with_url: PermissionGraph) -> None:
    """A contract about objects of a table would hold for ever."""
    with pytest.raises(ConfigError, match="is no action on"):
        check_contracts(parse_text(text), with_url)
    assert check_contracts(parse_text("- {name: n, only: Fn, can: 'dynamodb:*', on: 'AWS::DynamoDB::Table'}"), with_url)
