"""Ways that are open now: to become another principal, and from outside to what functions touch."""

from __future__ import annotations

from collections.abc import Callable

from permscope.graph.diff.change import ChangeKind
from permscope.graph.diff.matching import Matching
from permscope.graph.diff.ways import path_changes, reached

Versions = Callable[[str, str], Matching]

APP = """
Orders:
  Type: AWS::DynamoDB::Table
  Properties:
    AttributeDefinitions: [{{AttributeName: id, AttributeType: S}}]
    KeySchema: [{{AttributeName: id, KeyType: HASH}}]
Secret: {{Type: AWS::SecretsManager::Secret, Properties: {{GenerateSecretString: {{}}}}}}
Jobs: {{Type: AWS::SQS::Queue}}
Api:
  Type: AWS::Serverless::Function
  Properties:
    Handler: a.b
    Runtime: python3.13
    InlineCode: x
    {events}
    Policies: [{{Statement: [{statements}]}}]
Worker:
  Type: AWS::Serverless::Function
  Properties:
    Handler: a.b
    Runtime: python3.13
    InlineCode: x
    Events: {{Job: {{Type: SQS, Properties: {{Queue: !GetAtt Jobs.Arn}}}}}}
    Policies: [{{Statement: [{{Effect: Allow, Action: "secretsmanager:GetSecretValue", Resource: !Ref Secret}}]}}]
"""
OPEN = "Events: {Get: {Type: HttpApi, Properties: {Path: /, Method: get}}}"
CLOSED = "MemorySize: 128"
READ = '{Effect: Allow, Action: "dynamodb:GetItem", Resource: !GetAtt Orders.Arn}'
WRITE = '{Effect: Allow, Action: "dynamodb:PutItem", Resource: !GetAtt Orders.Arn}'
SEND = '{Effect: Allow, Action: "sqs:SendMessage", Resource: !GetAtt Jobs.Arn}'
CODE = '{Effect: Allow, Action: "lambda:UpdateFunctionCode", Resource: !GetAtt Worker.Arn}'


def app(*statements: str, events: str = OPEN) -> str:
    """A function that may be open to anyone, and a worker behind a queue that reads a secret."""
    return APP.format(statements=", ".join(statements), events=events)


def test_what_an_open_function_touches_now_is_a_new_exposure(versions: Versions) -> None:
    """With the way there, and only what is new."""
    (change,) = path_changes(versions(app(READ), app(READ, WRITE)))
    assert (change.kind, change.severity) == (ChangeKind.NEW_EXPOSURE_PATH, "medium")
    assert change.message == "anyone on the internet now reaches `Orders` (Write) through `Api`"
    assert [step.label for step in change.path] == ["anyone on the internet", "GET /", "Api", "ApiRole", "Orders"]


def test_a_function_that_opens_exposes_what_it_touches(versions: Versions) -> None:
    """The access was there; who can make use of it is new."""
    (change,) = path_changes(versions(app(READ, events=CLOSED), app(READ)))
    assert (change.kind, change.severity) == (ChangeKind.NEW_EXPOSURE_PATH, "low")
    assert "`Orders` (Read)" in change.message


def test_a_queue_hands_on_what_comes_in(versions: Versions) -> None:
    """To send a message is to run the worker, which reads the secret."""
    changes = list(path_changes(versions(app(READ), app(READ, SEND))))
    exposed = {change.nodes[0].rpartition("/")[2] for change in changes if change.kind is ChangeKind.NEW_EXPOSURE_PATH}
    said = " ".join(change.message for change in changes)
    assert len(exposed) == 2
    assert "`Jobs` (Write) through `Api`" in said
    assert "`Secret` (Read) through `Worker`" in said


def test_what_only_insiders_reach_is_no_exposure(versions: Versions) -> None:
    """New access is told by itself."""
    assert list(path_changes(versions(app(READ, events=CLOSED), app(READ, WRITE, events=CLOSED)))) == []


def test_to_replace_another_functions_code_is_a_new_escalation(versions: Versions) -> None:
    """Whoever controls the one function has the role of the other."""
    changes = path_changes(versions(app(READ, events=CLOSED), app(READ, CODE, events=CLOSED)))
    (change,) = (change for change in changes if change.kind is ChangeKind.NEW_ESCALATION_PATH)
    assert change.severity == "high"
    assert change.message.startswith("`Api` can now take over `WorkerRole`: it ")
    assert (change.path[0].label, change.path[-1].label) == ("Api", "WorkerRole")


def test_who_could_do_everything_gains_no_way(versions: Versions) -> None:
    """A part of everything is less."""
    everything = '{Effect: Allow, Action: "*", Resource: "*"}'
    assert list(path_changes(versions(app(everything, events=CLOSED), app(CODE, events=CLOSED)))) == []


def test_what_is_reached_surely_is_said_with_a_sure_way(versions: Versions) -> None:
    """Each thing with its actions and the shortest way."""
    graph = versions(app(READ), app(READ, WRITE)).new
    found = {one.node.label: one for one in reached(graph, graph.nodes["public"])}
    assert found["Orders"].actions.levels() == ("Read", "Write")
    assert len(found["Orders"].hops) == 4
    assert "Secret" not in found
