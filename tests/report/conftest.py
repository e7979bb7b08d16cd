"""A small graph made by hand, with hostile names."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from permscope.audit.findings import Finding
from permscope.catalog import actions
from permscope.collect.load import LoadOptions, load
from permscope.errors import TemplateError
from permscope.graph.build import build_graph
from permscope.graph.model import Decision, Edge, EdgeKind, Node, NodeKind, PermissionGraph, Provenance
from permscope.inventory.facts import Unknown
from permscope.inventory.source import Source
from permscope.report import csv, github, gitlab, junit, markdown, sarif
from permscope.report.terminal import make_console

HOSTILE = 'Evil"]</script>[bold]\x1b[31m'


def at(line: int) -> Source:
    """A place in the template."""
    return Source(file="template.yaml", line=line, column=3)


@pytest.fixture
def graph() -> PermissionGraph:
    """A route in front of a function that writes a table; a queue that may not invoke it."""
    made = PermissionGraph([Unknown(what="parameter `Table`", why="it has no default", kind="parameter", source=at(2))])
    catalog = actions.load()
    for node in (
        Node(id="public", kind=NodeKind.PUBLIC, label="public"),
        Node(id="route:GET/", kind=NodeKind.ROUTE, label="GET /", auth="none", method="GET", path="/", source=at(9)),
        Node(
            id="fn",
            kind=NodeKind.FUNCTION,
            label=HOSTILE,
            logical_id=HOSTILE,
            type="AWS::Lambda::Function",
            source=at(5),
        ),
        Node(id="role", kind=NodeKind.ROLE, label="FnRole", logical_id="FnRole", type="AWS::IAM::Role", source=at(5)),
        Node(id="table", kind=NodeKind.RESOURCE, label="Orders", type="AWS::DynamoDB::Table", source=at(20)),
        Node(id="queue", kind=NodeKind.RESOURCE, label="Inbox", type="AWS::SQS::Queue", source=at(30)),
        Node(id="service:s3.amazonaws.com", kind=NodeKind.SERVICE, label="s3", service="s3.amazonaws.com"),
    ):
        made.add_node(node)
    reason = (Provenance(at(12), "FnRole", "FnRolePolicy0[0]"),)
    for edge in (
        Edge(source="public", target="route:GET/", kind=EdgeKind.CAN_INVOKE),
        Edge(
            source="route:GET/",
            target="fn",
            kind=EdgeKind.TRIGGERS,
            mechanism="resource_policy",
            event="http-route",
            authorized=True,
            provenance=reason,
        ),
        Edge(
            source="queue",
            target="fn",
            kind=EdgeKind.TRIGGERS,
            mechanism="poll",
            event="event-source-mapping",
            authorized=False,
            provenance=(Provenance(at(31), "Mapping"),),
        ),
        Edge(source="fn", target="role", kind=EdgeKind.EXECUTES_AS, authorized=True, provenance=reason),
        Edge(
            source="role",
            target="table",
            kind=EdgeKind.CAN_ACCESS,
            actions=catalog.action_set(["dynamodb:PutItem", "dynamodb:GetItem"]),
            conditions={"StringEquals": {"aws:SourceAccount": ("111122223333",)}},
            decision=Decision.CONDITIONAL,
            provenance=reason,
        ),
    ):
        made.add_edge(edge)
    return made


ROOT = Path(__file__).parents[2]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], PermissionGraph]:
    """The graph of a folder of fixtures, read as from the checkout's root."""

    def read(folder: str) -> PermissionGraph:
        monkeypatch.chdir(ROOT)
        return build_graph(load([f"fixtures/{folder}"], LoadOptions()))

    return read


@pytest.fixture
def shown() -> Callable[..., str]:
    """What a terminal of a width would show, without colour, of what a function prints to a console."""

    def draw(show: Callable[[Any], None], *, width: int = 120, ascii_only: bool = False) -> str:
        out = io.StringIO()
        show(make_console(width=width, no_color=True, ascii_only=ascii_only, file=out))
        return out.getvalue()

    return draw


def estate(functions: int) -> str:
    """A template with that many functions, each with a route, a queue and a table of its own."""
    parts = [
        "AWSTemplateFormatVersion: '2010-09-09'",
        "Transform: AWS::Serverless-2016-10-31",
        "Resources:",
    ]
    for number in range(functions):
        policies = "        - AmazonS3ReadOnlyAccess\n" if number % 50 == 0 else ""
        parts.append(
            f"""
  Table{number}: {{Type: "AWS::DynamoDB::Table", Properties: {{BillingMode: PAY_PER_REQUEST,
    AttributeDefinitions: [{{AttributeName: id, AttributeType: S}}],
    KeySchema: [{{AttributeName: id, KeyType: HASH}}]}}}}
  Queue{number}: {{Type: "AWS::SQS::Queue"}}
  Function{number}:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: app.place
      CodeUri: src/
      Policies:
        - DynamoDBCrudPolicy: {{TableName: !Ref Table{number}}}
{policies}      Events:
        Queue: {{Type: SQS, Properties: {{Queue: !GetAtt Queue{number}.Arn}}}}
        Get: {{Type: HttpApi, Properties: {{Path: /things/{number}, Method: get}}}}"""
        )
    return "\n".join(parts) + "\n"


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> PermissionGraph:
    """The graph of sixty functions, which is more than is shown one by one."""
    folder = tmp_path_factory.mktemp("estate")
    (folder / "template.yaml").write_text(estate(60), encoding="utf-8")
    return build_graph(load([str(folder)], LoadOptions()))


EVIL = 'Evil"]</script><img src=x>\x1b[31m\u202e[a](http://b)@team|`x`::error::\n::set-output name=x::y %0A {0} =1+1'


def _at(line: int, file: str = "app/template.yaml") -> Source:
    return Source(file, line, 3)


FINDINGS = (
    Finding(
        rule="new-exposure-path",
        title="New exposure path",
        severity="high",
        resource="UsersTable",
        source=_at(33),
        message="anyone on the internet now reaches `UsersTable` (Write) through `PutUser`",
        why="A fault in the function is enough.",
        fix="Narrow what the role may touch.",
        tags=("diff",),
        references=("https://docs.aws.amazon.com/lambda/latest/dg/security-iam.html",),
        path=("anyone on the internet", "PUT /users/{id}", "PutUser", "UsersTable"),
        steps=(
            ("anyone on the internet", Source()),
            ("PUT /users/{id}", _at(38)),
            ("PutUser", _at(25)),
            ("UsersTable", _at(12)),
        ),
        fingerprint="0123456789abcdef0123456789abcdef",
    ),
    Finding(
        rule="action-star",
        title=EVIL,
        severity="medium",
        confidence="medium",
        resource=EVIL,
        source=_at(7, "dir with spaces/a:b,c%.yaml"),
        message=f"{EVIL} may do everything",
        why=EVIL,
        fix=f"Action: s3:GetObject  # ``` {EVIL}",
        fingerprint="f" * 32,
    ),
    Finding(
        rule="url-auth-none",
        title="A URL asks for nothing",
        severity="critical",
        resource="Landing",
        source=_at(9),
        message="anyone can run `Landing`",
        fingerprint="a" * 32,
        suppressed="a public page",
    ),
    Finding(rule="live", severity="info", resource="arn:x", source=Source(call="iam.get_role"), message="a live role"),
)
ERRORS = (TemplateError("`Resources` must be a mapping", source=_at(1, "broken.yaml"), hint="write `Resources:`"),)
UNKNOWNS = (Unknown(what="parameter `Table`", why="it has no default", kind="parameter", source=_at(2)),)
RENDERED: dict[str, Callable[[], str]] = {
    "findings.sarif": lambda: sarif.render(FINDINGS, errors=ERRORS, unknowns=UNKNOWNS),
    "findings.junit.xml": lambda: junit.render(FINDINGS, errors=ERRORS, passed=["only PutUser writes"]),
    "findings.github.txt": lambda: github.render(FINDINGS, errors=ERRORS, headline="permscope gate: fail"),
    "findings.gitlab.json": lambda: gitlab.render(FINDINGS, errors=ERRORS),
    "findings.csv": lambda: csv.render(FINDINGS, errors=ERRORS),
    "findings.md": lambda: markdown.render(
        FINDINGS, errors=ERRORS, unknowns=UNKNOWNS, command="permscope audit `x` | y"
    ),
}


@pytest.fixture
def findings() -> tuple[Finding, ...]:
    """A path, a hostile name, a suppressed finding and one of a live account."""
    return FINDINGS


@pytest.fixture
def rendered() -> Callable[[str], str]:
    """What a format makes of them, by the name of its golden file."""
    return lambda name: RENDERED[name]()
