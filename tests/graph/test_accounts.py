"""Two accounts in one graph: both sides must allow.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
"""

from __future__ import annotations

from pathlib import Path

import pytest

from permscope.audit.run import run_audit
from permscope.collect.load import LoadOptions, load
from permscope.graph.build import build_graph
from permscope.graph.model import Decision, EdgeKind, PermissionGraph
from permscope.graph.questions.asking import who_can
from permscope.graph.questions.paths import find_paths
from permscope.graph.questions.queries import find_node
from permscope.inventory.inventory import Inventory

CALLER = """
Resources:
  App:
    Type: AWS::IAM::Role
    Properties:
      RoleName: app
      AssumeRolePolicyDocument: {Statement: {Effect: Allow, Principal: {Service: states.amazonaws.com}, Action: sts:AssumeRole}}
      Policies:
        - PolicyName: own
          PolicyDocument:
            Statement:
              - {Effect: Allow, Action: ['sqs:SendMessage', 'lambda:InvokeFunction'], Resource: '*'}
              - {Effect: Allow, Action: sts:AssumeRole, Resource: 'arn:aws:iam::222222222222:role/*ed'}
              - {Effect: Allow, Action: sts:AssumeRole, Resource: 'arn:aws:iam::222222222222:role/stranger'}
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: !GetAtt App.Arn
      Definition:
        StartAt: Go
        States:
          Go: {Type: Task, Resource: 'arn:aws:states:::sqs:sendMessage', Credentials: {RoleArn: 'arn:aws:iam::222222222222:role/trusted'}, Parameters: {QueueUrl: 'https://sqs.eu-west-1.amazonaws.com/222222222222/closed'}, End: true}
"""  # noqa: E501
OWNER = """
Resources:
  Open: {Type: AWS::SQS::Queue, Properties: {QueueName: open}}
  OpenPolicy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Open]
      PolicyDocument: {Statement: {Effect: Allow, Principal: {AWS: 'arn:aws:iam::111111111111:role/app'}, Action: 'sqs:SendMessage', Resource: !GetAtt Open.Arn}}
  Closed: {Type: AWS::SQS::Queue, Properties: {QueueName: closed}}
  Worker: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.12, Handler: a.b, Code: {ZipFile: x}, Role: !GetAtt Named.Arn}}
  FromOpen: {Type: AWS::Lambda::EventSourceMapping, Properties: {EventSourceArn: !GetAtt Open.Arn, FunctionName: !Ref Worker}}
  Unfed: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.12, Handler: a.b, Code: {ZipFile: x}, Role: !GetAtt Named.Arn}}
  FromClosed: {Type: AWS::Lambda::EventSourceMapping, Properties: {EventSourceArn: !GetAtt Closed.Arn, FunctionName: !Ref Unfed}}
  Trusted:
    Type: AWS::IAM::Role
    Properties:
      RoleName: trusted
      AssumeRolePolicyDocument: {Statement: {Effect: Allow, Principal: {AWS: 'arn:aws:iam::111111111111:role/app'}, Action: sts:AssumeRole}}
      Policies: [{PolicyName: own, PolicyDocument: {Statement: {Effect: Allow, Action: 'sqs:SendMessage', Resource: !GetAtt Closed.Arn}}}]
  Named:
    Type: AWS::IAM::Role
    Properties:
      RoleName: named
      Policies: [{PolicyName: own, PolicyDocument: {Statement: {Effect: Allow, Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], Resource: '*'}}}]
      AssumeRolePolicyDocument: {Statement: {Effect: Allow, Principal: {AWS: '111111111111'}, Action: sts:AssumeRole, Condition: {StringEquals: {'sts:ExternalId': abc}}}}
  Stranger:
    Type: AWS::IAM::Role
    Properties:
      RoleName: stranger
      AssumeRolePolicyDocument: {Statement: {Effect: Allow, Principal: {AWS: '333333333333'}, Action: sts:AssumeRole}}
"""  # noqa: E501


@pytest.fixture
def both(tmp_path: Path) -> Inventory:
    """The caller in one account, the owner in another."""
    (tmp_path / "caller.yaml").write_text(CALLER)
    (tmp_path / "owner.yaml").write_text(OWNER)
    paths = [f"{tmp_path}/caller.yaml@111111111111/eu-west-1", f"{tmp_path}/owner.yaml@222222222222/eu-west-1"]
    return load(paths, LoadOptions(partition="aws"))


@pytest.fixture
def graph(both: Inventory) -> PermissionGraph:
    """Their graph."""
    return build_graph(both)


def _who(graph: PermissionGraph, action: str, name: str) -> dict[str, Decision]:
    return {one.principal.label: one.decision for one in who_can(graph, action, name)}


def test_a_grant_on_everything_needs_the_other_account_s_word(graph: PermissionGraph) -> None:
    """`*` reaches the queue whose policy lets the role in, and not the one without a policy."""
    assert _who(graph, "sqs:SendMessage", "Open") == {"App": Decision.ALLOW}
    assert _who(graph, "sqs:SendMessage", "Closed") == {"Trusted": Decision.ALLOW}


def test_a_role_is_assumed_by_those_both_sides_allow(graph: PermissionGraph) -> None:
    """A grant alone is no way into a role that trusts others, and an external id that is asked for is said."""
    assert _who(graph, "sts:AssumeRole", "Trusted") == {"App": Decision.ALLOW}
    assert "App" not in _who(graph, "sts:AssumeRole", "Stranger")
    assert _who(graph, "sts:AssumeRole", "Named")["App"] is Decision.CONDITIONAL
    app = find_node(graph, "App")
    assert not [edge for edge in graph.outgoing(app.id, EdgeKind.CAN_ACCESS) if edge.target.endswith("role/stranger")]


def test_a_path_goes_through_the_role_of_the_other_account(graph: PermissionGraph) -> None:
    """The way to the closed queue leads through the roles that may use it, never straight from the grant on `*`."""
    paths = find_paths(graph, find_node(graph, "App"), find_node(graph, "Closed"))
    assert [[hop.target.label for hop in path.hops] for path in paths] == [["Trusted", "Closed"], ["Named", "Closed"]]


def test_a_grant_on_everything_runs_no_function_behind_a_closed_queue(graph: PermissionGraph) -> None:
    """Of two functions fed by queues, the caller makes only the one run whose queue lets it in."""
    written = graph.outgoing(find_node(graph, "App").id, EdgeKind.WRITES_INTO)
    fed = {graph.nodes[edge.target].label for edge in written if edge.decision is not Decision.DENY}
    assert fed == {"Worker"}


def test_a_state_machine_may_take_a_role_of_another_account(both: Inventory) -> None:
    """Where the machine's role may assume it and it trusts that role, nothing lacks.

    https://docs.aws.amazon.com/step-functions/latest/dg/concepts-access-cross-acct-resources.html
    """
    found = run_audit(both, only=("caller-without-target-permission",)).findings
    assert found == ()


def test_a_grant_on_everything_invokes_no_administrator_s_function_elsewhere(tmp_path: Path) -> None:
    """`*` reaches no function of the other account that lets nobody in, and the bucket of the own account it does."""
    admin = OWNER.replace(
        "Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes']", "Action: '*'"
    )
    (tmp_path / "caller.yaml").write_text(CALLER)
    (tmp_path / "owner.yaml").write_text(
        f"{admin}  Files: {{Type: AWS::S3::Bucket, Properties: {{BucketName: files}}}}\n"
    )
    inventory = load([f"{tmp_path}/caller.yaml@111111111111", f"{tmp_path}/owner.yaml@222222222222"])
    assert run_audit(inventory, only=("admin-star",)).findings
    assert run_audit(inventory, only=("invoke-privileged-function",)).findings == ()
    assert _who(build_graph(inventory), "s3:GetObject", "Files") == {"Named": Decision.ALLOW}


def test_a_bucket_has_the_account_of_its_template(tmp_path: Path) -> None:
    """Its ARN has none, so a grant on every bucket and a grant by name ask its template whose it is."""
    caller = CALLER.replace("'sqs:SendMessage', 'lambda:InvokeFunction'", "'s3:GetObject'")
    (tmp_path / "caller.yaml").write_text(caller)
    (tmp_path / "owner.yaml").write_text("Resources: {Files: {Type: AWS::S3::Bucket, Properties: {BucketName: f}}}\n")

    def reads(account: str) -> dict[str, Decision]:
        paths = [f"{tmp_path}/caller.yaml@111111111111", f"{tmp_path}/owner.yaml{account}"]
        graph = build_graph(load(paths))
        assert find_node(graph, "Files").account == (account.removeprefix("@") or "${AWS::AccountId}")
        return _who(graph, "s3:GetObject", "arn:aws:s3:::f/x")

    assert reads("@111111111111") == {"App": Decision.ALLOW}
    assert reads("@222222222222") == {}
    assert reads("") == {}
