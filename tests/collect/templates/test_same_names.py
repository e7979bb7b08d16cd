"""Things of one explicit name in several templates."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from permscope.audit.run import run_audit
from permscope.collect.load import LoadOptions, load
from permscope.graph.build import build_graph
from permscope.graph.model import EdgeKind, NodeKind, PermissionGraph
from permscope.inventory.facts import Function, PolicyAttachment, Resource, ResourcePolicy, Role, Trigger, Unknown
from permscope.inventory.inventory import Collected
from permscope.inventory.tokens import as_written
from permscope.report.graph_json import node_document

Collect = Callable[..., Collected]
ROLE = """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: worker
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: 'sts:AssumeRole'}]
      Policies:
        - PolicyName: p
          PolicyDocument: {Statement: [{Effect: Allow, Action: '%s', Resource: '%s'}]}
  Fn: {Type: AWS::Lambda::Function, Properties: {FunctionName: hello, Role: !GetAtt Role.Arn}}
"""
ROLE_ARN = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/worker"
FUNCTION_ARN = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:hello"


def of(collected: Collected, kind: type) -> list[object]:
    """The facts of one class, in reading order."""
    return [fact for fact in collected.facts if isinstance(fact, kind)]


def test_each_template_means_its_own_thing_by_a_name_that_two_define(collect: Collect) -> None:
    """So both are there, each with its file, and a function runs as the role that stands beside it."""
    collected = collect({"a.yaml": ROLE % ("s3:GetObject", "*"), "b.yaml": ROLE % ("*", "*")})
    functions = [(fact.arn, fact.role_arn, fact.name) for fact in of(collected, Function)]  # type: ignore[attr-defined]
    assert functions == [(f"{FUNCTION_ARN}${{{stack}/}}", f"{ROLE_ARN}${{{stack}/}}", "hello") for stack in ("a", "b")]
    assert [fact.arn for fact in of(collected, Role)] == [role for _, role, _ in functions]  # type: ignore[attr-defined]
    assert [as_written(arn) for arn, *_ in functions] == [FUNCTION_ARN] * 2


def test_what_nothing_else_defines_keeps_its_arn(collect: Collect) -> None:
    """Nor does a name that only one template defines, however many speak of it."""
    other = ROLE.replace("worker", "other").replace("hello", "bye") % ("s3:GetObject", "*")
    collected = collect({"a.yaml": ROLE % ("s3:GetObject", "*"), "b.yaml": other})
    assert [fact.arn for fact in of(collected, Role)] == [ROLE_ARN, ROLE_ARN.replace("worker", "other")]  # type: ignore[attr-defined]
    assert not of(collected, Unknown)


def test_two_of_one_name_are_said_once(collect: Collect) -> None:
    """With the files, whatever else speaks of them; three templates are one unknown too."""
    text = ROLE.replace("FunctionName: hello, ", "") % ("*", "*")
    collected = collect({"a.yaml": text, "b.yaml": text, "c.yaml": text})
    (unknown,) = of(collected, Unknown)
    assert isinstance(unknown, Unknown)
    assert unknown.kind == "same-name"
    assert unknown.what == "which role `worker` is deployed"
    assert unknown.why.startswith("3 templates define one of this name")
    assert (unknown.source.file or "").endswith("a.yaml")
    assert all(name in unknown.why for name in ("a.yaml", "b.yaml", "c.yaml"))


THIRD = """
Resources:
  Extra:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: extra
      Roles: [worker]
      PolicyDocument: {Statement: [{Effect: Allow, Action: 'sqs:*', Resource: '*'}]}
"""


@pytest.mark.parametrize(
    ("third", "arn"),
    [
        ("third/c.yaml", ROLE_ARN),  # either may be meant
        ("one/c.yaml", f"{ROLE_ARN}${{one/a/}}"),  # the only one in its folder
    ],
)
def test_a_third_template_means_the_one_of_its_folder_or_nobody_knows_which(
    collect: Collect, third: str, arn: str
) -> None:
    """Folders hold stacks that belong together; of several in one folder, or of none, none is chosen."""
    text = ROLE % ("*", "*")
    collected = collect({"one/a.yaml": text, "two/b.yaml": text, third: THIRD})
    (attachment,) = of(collected, PolicyAttachment)
    assert isinstance(attachment, PolicyAttachment)
    assert attachment.principal_arn == arn


def test_an_import_says_whose_thing_is_meant(collect: Collect) -> None:
    """The template that exports it, though the value is the name of both."""
    exporting = f"{ROLE % ('*', '*')}Outputs: {{O: {{Value: !GetAtt Fn.Arn, Export: {{Name: NAME}}}}}}\n"
    importing = """
    Resources:
      P:
        Type: AWS::Lambda::Permission
        Properties: {FunctionName: !ImportValue second, Action: 'lambda:InvokeFunction', Principal: '*'}
    """
    collected = collect(
        {
            "a.yaml": exporting.replace("NAME", "first"),
            "b.yaml": exporting.replace("NAME", "second"),
            "c.yaml": importing,
        }
    )
    (policy,) = of(collected, ResourcePolicy)
    assert isinstance(policy, ResourcePolicy)
    assert policy.resource_arn == f"{FUNCTION_ARN}${{b/}}"


BUCKET = """
Resources:
  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: shared}}
  BucketPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Bucket
      PolicyDocument:
        Statement:
          - Effect: Allow
            Principal: '*'
            Action: s3:GetObject
            Resource: ['arn:aws:s3:::shared/*', 'arn:aws:s3:::shared-logs/*']
"""


def test_a_name_written_out_is_the_own_one_and_a_longer_name_is_another(collect: Collect) -> None:
    """Only the whole name is marked, and what is below it stays below it."""
    collected = collect({"a.yaml": BUCKET, "b.yaml": BUCKET})
    policies = of(collected, ResourcePolicy)
    assert [policy.policy.statements[0].resources for policy in policies] == [  # type: ignore[attr-defined]
        (f"arn:aws:s3:::shared${{{stack}/}}/*", "arn:aws:s3:::shared-logs/*") for stack in ("a", "b")
    ]
    places = [policy.policy.statements[0].resources[0].source.file for policy in policies]  # type: ignore[attr-defined]
    assert [Path(place).name for place in places] == ["a.yaml", "b.yaml"]


@pytest.mark.parametrize(
    ("resource", "kind"),
    [
        ("Type: AWS::SQS::Queue, Properties: {QueueName: n}", "queue"),
        ("Type: AWS::SNS::Topic, Properties: {TopicName: n}", "topic"),
        ("Type: AWS::DynamoDB::Table, Properties: {TableName: n}", "table"),
        ("Type: AWS::Kinesis::Stream, Properties: {Name: n}", "stream"),
        ("Type: AWS::Events::Rule, Properties: {Name: n, ScheduleExpression: rate(1 day)}", "rule"),
        ("Type: AWS::Events::EventBus, Properties: {Name: n}", "event bus"),
    ],
)
def test_every_kind_that_is_wired_is_told_apart(collect: Collect, resource: str, kind: str) -> None:
    """A queue of two templates is two queues."""
    text = f"Resources: {{Thing: {{{resource}}}}}"
    collected = collect({"a.yaml": text, "b.yaml": text})
    ids = {fact.id for fact in of(collected, Resource)}  # type: ignore[attr-defined]
    assert {each.rpartition("${")[2] for each in ids} == {"a/}", "b/}"}
    assert [fact.what for fact in of(collected, Unknown)] == [f"which {kind} `n` is deployed"]  # type: ignore[attr-defined]


def test_a_file_that_is_read_for_two_regions_is_no_second_template(tmp_path: Path) -> None:
    """A role made in one of them stands in both readings."""
    (tmp_path / "a.yaml").write_text(ROLE % ("*", "*"), encoding="utf-8")
    places = [f"{tmp_path / 'a.yaml'}@111122223333/{region}" for region in ("eu-west-1", "us-east-1")]
    inventory = load(places, LoadOptions())
    assert list(inventory.roles) == ["arn:aws:iam::111122223333:role/worker"]
    assert not inventory.unknowns


WIRED = """
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: jobs}}
  QueuePolicy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Queue]
      PolicyDocument: {Statement: [{Effect: Allow, Principal: '*', Action: 'sqs:SendMessage', Resource: '*'}]}
"""
READING = """
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: jobs}}
  Mapping: {Type: AWS::Lambda::EventSourceMapping, Properties: {FunctionName: hello, EventSourceArn: !GetAtt Queue.Arn}}
"""


def graph_of(folder: Path, texts: dict[str, str]) -> PermissionGraph:
    """The graph of templates in one folder."""
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return build_graph(load([str(folder)], LoadOptions()))


def test_a_door_to_one_of_two_queues_is_none_to_the_function_of_the_other(tmp_path: Path) -> None:
    """Anyone may write to the queue of `b.yaml`; what runs on the queue of `a.yaml` they do not start."""
    queue = "arn:aws:sqs:*:${AWS::AccountId}:jobs"
    reading = (ROLE % ("sqs:*", "QUEUE")).replace("'QUEUE'", f"!Sub '{queue}'") + READING
    graph = graph_of(tmp_path, {"a.yaml": reading, "b.yaml": WIRED})
    (trigger,) = graph.edges_of(EdgeKind.TRIGGERS)
    assert (trigger.source.rpartition(":")[2], trigger.target) == ("jobs${a/}", FUNCTION_ARN)
    assert trigger.authorized
    assert not [edge for edge in graph.edges_of(EdgeKind.WRITES_INTO) if edge.source == "public"]
    assert [edge.target.rpartition(":")[2] for edge in graph.outgoing("public", EdgeKind.CAN_ACCESS)] == ["jobs${b/}"]


def test_text_made_to_be_slow_is_read_in_time(collect: Collect) -> None:
    """Heads of ARNs without end, in a template that has a name to look for."""
    hostile = "arn:" * 20_000 + "${" * 20_000
    text = (ROLE % ("*", "*")).replace("PolicyName: p", f"PolicyName: '{hostile}'")
    assert len(of(collect({"a.yaml": text, "b.yaml": text}), Trigger)) == 0
    assert len(of(collect({"a.yaml": text, "b.yaml": text}), Role)) == 2


def test_a_nested_stack_has_the_names_of_its_own_tree(collect: Collect) -> None:
    """Two parents nest one child, and each speaks of the function in its own."""
    parent = """
    Resources:
      Child: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: child.yaml}}
      P:
        Type: AWS::Lambda::Permission
        Properties: {FunctionName: hello, Action: 'lambda:InvokeFunction', Principal: '*'}
    """
    collected = collect({"a.yaml": parent, "b.yaml": parent, "child.yaml": ROLE % ("*", "*")})
    policies = [policy.resource_arn for policy in of(collected, ResourcePolicy)]  # type: ignore[attr-defined]
    assert policies == [f"{FUNCTION_ARN}${{a/}}", f"{FUNCTION_ARN}${{b/}}"]


def test_reports_speak_of_the_name_that_aws_knows(tmp_path: Path) -> None:
    """The mark is in the ids of the graph alone; each finding has its file."""
    text = ROLE % ("lambda:*", "QUEUE")
    text = text.replace("'QUEUE'", "!Sub 'arn:aws:lambda:*:${AWS::AccountId}:function:hello'")
    graph = graph_of(tmp_path, {"a.yaml": text, "b.yaml": text})
    nodes = [node_document(node) for node in graph.of_kind(NodeKind.FUNCTION)]
    assert [node["arn"] for node in nodes] == [FUNCTION_ARN] * 2
    assert [node["id"] for node in nodes] == [f"{FUNCTION_ARN}${{{stack}/}}" for stack in ("a", "b")]
    found = run_audit(load([str(tmp_path)], LoadOptions())).findings
    assert {Path(finding.file or "").name for finding in found} == {"a.yaml", "b.yaml"}
    assert not [finding for finding in found if "/}" in repr((finding.as_json(), finding.excerpt, finding.guilty))]
