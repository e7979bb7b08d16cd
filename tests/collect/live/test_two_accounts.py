"""Two real accounts: what one may do in the other, whichever way they are collected, and what each command says of it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from permscope.cli import permscope
from permscope.collect.live.accounts import Choice
from permscope.collect.live.estate import Estate
from permscope.collect.load import LoadOptions, load
from permscope.graph.build import build_graph
from permscope.graph.model import EdgeKind, PermissionGraph
from permscope.graph.questions.asking import who_can

CALLER, OWNER, REGION = "123456789012", "210987654321", "eu-west-1"
WORKER = f"arn:aws:lambda:{REGION}:{OWNER}:function:worker"
READERS = ("dynamodb", "events", "iam", "lambda", "s3", "sns")
TEMPLATE = """
Resources:
  Fn:
    Type: AWS::Lambda::Function
    Properties: {FunctionName: new, Runtime: python3.13, Handler: a.b, Role: !GetAtt Role.Arn, Code: {ZipFile: x}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: new
      AssumeRolePolicyDocument:
        Statement: {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}
      Policies:
        - PolicyName: own
          PolicyDocument:
            Statement:
              - {Effect: Allow, Action: ["s3:GetObject", "lambda:InvokeFunction"], Resource: "*"}
  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: new-files}}
"""


def document(*statements: dict[str, Any]) -> str:
    """A policy."""
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def allow(action: str | list[str], resource: str | None = None, **more: Any) -> dict[str, Any]:
    """A statement that allows."""
    return {"Effect": "Allow", "Action": action, **({"Resource": resource} if resource else {}), **more}


def reader(deploy: Any) -> None:
    """The role that a collection assumes."""
    trust = document(allow("sts:AssumeRole", Principal={"AWS": f"arn:aws:iam::{CALLER}:root"}))
    deploy.of("iam").create_role(RoleName="reader", AssumeRolePolicyDocument=trust)


def calling_account(deploy: Any) -> str:
    """A function that wants to use what the other account has, a topic, and a rule that sends events there."""
    role = str(deploy.role("caller", "lambda:InvokeFunction", on=f"arn:aws:lambda:{REGION}:{OWNER}:function:*"))
    wishes = document(allow("sts:AssumeRole", f"arn:aws:iam::{OWNER}:role/*"), allow("s3:GetObject", "*"))
    deploy.of("iam").put_role_policy(RoleName="caller", PolicyName="wishes", PolicyDocument=wishes)
    deploy.function("caller", role)
    deploy.of("s3").create_bucket(Bucket="own", CreateBucketConfiguration={"LocationConstraint": REGION})
    topic = deploy.of("sns").create_topic(Name="news")["TopicArn"]
    deploy.of("sns").add_permission(TopicArn=topic, Label="owner", AWSAccountId=[OWNER], ActionName=["Subscribe"])
    deploy.of("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=WORKER)
    bus = f"arn:aws:events:{REGION}:{OWNER}:event-bus/central"
    sender = deploy.role("sender", "events:PutEvents", on=bus, service="events.amazonaws.com")
    deploy.of("events").put_rule(Name="forward", EventPattern='{"source": ["shop"]}')
    deploy.of("events").put_targets(Rule="forward", Targets=[{"Id": "1", "Arn": bus, "RoleArn": sender}])
    return role


def owning_account(deploy: Any, caller: str, topic: str) -> None:
    """Of functions, buckets and roles one that lets the caller in and one that does not; a bus that takes events."""
    role = deploy.role("worker", "dynamodb:PutItem", on=f"arn:aws:dynamodb:{REGION}:{OWNER}:table/orders")
    deploy.of("dynamodb").create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    functions, iam, s3, events = (deploy.of(name) for name in ("lambda", "iam", "s3", "events"))
    for name in ("worker", "closed"):
        deploy.function(name, role)
        s3.create_bucket(Bucket=f"{name}-files", CreateBucketConfiguration={"LocationConstraint": REGION})
        who = caller if name == "worker" else f"arn:aws:iam::{OWNER}:root"
        trust = document(allow("sts:AssumeRole", Principal={"AWS": who}))
        iam.create_role(RoleName=f"{name}-partner", AssumeRolePolicyDocument=trust)
    shared = document(allow("s3:GetObject", "arn:aws:s3:::worker-files/*", Principal={"AWS": caller}))
    s3.put_bucket_policy(Bucket="worker-files", Policy=shared)
    events.create_event_bus(Name="central")
    bus = f"arn:aws:events:{REGION}:{OWNER}:event-bus/central"
    policy = document(allow("events:PutEvents", bus, Principal={"AWS": CALLER}, Sid="caller"))
    events.put_permission(EventBusName="central", Policy=policy)
    rule = events.put_rule(Name="handle", EventBusName="central", EventPattern='{"source": ["shop"]}')["RuleArn"]
    events.put_targets(Rule="handle", EventBusName="central", Targets=[{"Id": "1", "Arn": WORKER}])
    for number, (principal, source) in enumerate(
        ((caller, {}), ("sns.amazonaws.com", {"SourceArn": topic}), ("events.amazonaws.com", {"SourceArn": rule}))
    ):
        functions.add_permission(
            FunctionName="worker",
            StatementId=f"s{number}",
            Action="lambda:InvokeFunction",
            Principal=principal,
            **source,
        )


@pytest.fixture
def estates(
    deploy: Any, client: Callable[..., Any], collect_live: Callable[..., Estate], tmp_path: Path
) -> Callable[..., Path]:
    """Collects some of the two accounts into a snapshot."""
    other = type(deploy)(client, {"account": OWNER})
    for account in (deploy, other):
        reader(account)
    caller = calling_account(deploy)
    owning_account(other, caller, f"arn:aws:sns:{REGION}:{CALLER}:news")

    def collect(name: str, choice: Choice) -> Path:
        collect_live(output=name, choice=choice, readers=READERS, timeout=30.0)
        return tmp_path / name

    return collect


def edges(graph: PermissionGraph) -> set[tuple[str, ...]]:
    """The edges, with what is decided about them."""
    return {
        (str(edge.kind), edge.source, edge.target, str(edge.decision), str(edge.authorized)) for edge in graph.edges
    }


def allowed(graph: PermissionGraph, action: str, resource: str) -> set[str]:
    """Who can, by name."""
    return {one.principal.label for one in who_can(graph, action, resource)}


def test_an_account_reaches_what_the_other_one_agrees_to(
    estates: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Collected together, apart, or by profile, it is one graph; a wish that nobody agrees to is no edge."""
    both = build_graph(load([str(estates("both.json", Choice(accounts=(CALLER, OWNER), role_name="reader")))]))
    apart = [
        str(estates(f"{account}.json", Choice(accounts=(account,), role_name="reader"))) for account in (CALLER, OWNER)
    ]
    config = tmp_path / "config"
    config.write_text(
        f"[profile caller]\nregion = {REGION}\naws_access_key_id = testing\naws_secret_access_key = testing\n"
        f"[profile owner]\nregion = {REGION}\nsource_profile = caller\nrole_arn = arn:aws:iam::{OWNER}:role/reader\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    profiles = estates("profiles.json", Choice(profiles=("caller", "owner")))
    assert edges(both) == edges(build_graph(load(apart))) == edges(build_graph(load([str(profiles)])))
    assert allowed(both, "lambda:InvokeFunction", WORKER) >= {"caller"}
    assert "caller" not in allowed(both, "lambda:InvokeFunction", WORKER.replace("worker", "closed"))
    assert allowed(both, "s3:GetObject", "arn:aws:s3:::worker-files/x") == {"caller"}
    assert allowed(both, "s3:GetObject", "arn:aws:s3:::closed-files/x") == set()
    assert allowed(both, "s3:GetObject", "arn:aws:s3:::own/x") == {"caller"}
    assert "caller" in allowed(both, "sts:AssumeRole", f"arn:aws:iam::{OWNER}:role/worker-partner")
    assert "caller" not in allowed(both, "sts:AssumeRole", f"arn:aws:iam::{OWNER}:role/closed-partner")
    wired = {both.nodes[edge.source].label for edge in both.edges_of(EdgeKind.TRIGGERS) if edge.authorized}
    assert wired == {"news", "handle"}
    sent = [edge for edge in both.edges_of(EdgeKind.DELIVERS_TO) if edge.target.endswith("event-bus/central")]
    assert [(both.nodes[edge.source].label, edge.authorized) for edge in sent] == [("forward", True)]


def test_the_policy_a_topic_begins_with_lets_in_its_own_account(estates: Callable[..., Path]) -> None:
    """Also where other accounts were let in besides: it does not open the topic to everyone."""
    graph = build_graph(load([str(estates("one.json", Choice()))]))
    topic = f"arn:aws:sns:{REGION}:{CALLER}:news"
    assert {edge.source for edge in graph.incoming(topic, EdgeKind.CAN_ACCESS)} == {
        f"account:{CALLER}",
        f"account:{OWNER}",
    }


def test_a_bucket_of_a_template_belongs_to_the_account_of_the_template(estates: Callable[..., Path]) -> None:
    """Beside a snapshot of two accounts, a grant on `*` reaches the bucket from the same account only."""
    both = estates("both.json", Choice(accounts=(CALLER, OWNER), role_name="reader"))
    template = both.parent / "template.yaml"
    template.write_text(TEMPLATE)
    for account, expected in ((CALLER, {"caller", "Role"}), (OWNER, {"Role"}), ("", {"Role"})):
        named = f"{template}@{account}/{REGION}" if account else str(template)
        graph = build_graph(load([str(both), named], LoadOptions()))
        assert allowed(graph, "s3:GetObject", "arn:aws:s3:::new-files/x") == expected
        assert ("Role" in allowed(graph, "s3:GetObject", "arn:aws:s3:::closed-files/x")) is (account == OWNER)
        closed = allowed(graph, "lambda:InvokeFunction", WORKER.replace("worker", "closed"))
        assert ("Role" in closed) is (account == OWNER)


COMMANDS = (
    ("graph",),
    ("graph", "--format", "html"),
    ("graph", "--format", "mermaid"),
    ("audit",),
    ("audit", "--format", "sarif"),
    ("audit", "--format", "html"),
    ("who-can", "invoke", "worker"),
    ("what-can", "caller"),
    ("path", "--from", "caller", "--to", f"arn:aws:dynamodb:{REGION}:{OWNER}:table/orders"),
)


def test_every_command_takes_snapshots_and_templates_together(estates: Callable[..., Path]) -> None:
    """None of them fails, says `None`, or forgets the accounts; what could not be read makes the exit code 3."""
    apart = [
        str(estates(f"{account}.json", Choice(accounts=(account,), role_name="reader"))) for account in (CALLER, OWNER)
    ]
    template = Path(apart[0]).with_name("template.yaml")
    template.write_text(TEMPLATE)
    for command in COMMANDS:
        found = CliRunner().invoke(permscope, [*command, *apart, f"{template}@{OWNER}"])
        assert found.exception is None or isinstance(found.exception, SystemExit), (command, found.exception)
        assert found.exit_code == 3, (command, found.stderr)
        assert "None" not in found.stdout, command
        assert "caller" in found.stdout, command
    for command in (("diff",), ("gate", "--old")):
        found = CliRunner().invoke(permscope, [*command, apart[1], f"{template}@{OWNER}"])
        assert found.exit_code == 3, found.stderr
        assert "Fn" in found.stdout
