"""Things in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from permscope.catalog.actions import load as load_actions
from permscope.collect.load import LoadOptions, load
from permscope.graph.build import build_graph
from permscope.graph.model import Edge, EdgeKind, Node, NodeKind, PermissionGraph
from permscope.inventory.source import Source
from permscope.report.describe import (
    Places,
    actions_in_words,
    conditions_of,
    fed_by,
    in_words,
    is_open,
    with_short_arns,
)

_OWN = "arn:${AWS::Partition}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (_OWN + ":sqs:${AWS::Region}:${AWS::AccountId}:${Orders}", "sqs ${Orders}"),
        (_OWN + ":s3:::${Bucket}/*", "s3 ${Bucket}/*"),
        (_OWN + ":iam::${AWS::AccountId}:role/x", "iam role/x"),
        ("arn:aws:logs:*:*:log-group:*", "logs log-group:* (any Region and any account)"),
        (_OWN + ":sqs:eu-west-1:${AWS::AccountId}:q", "sqs q (eu-west-1)"),
        (_OWN + ":sqs:${AWS::Region}:111122223333:q", "sqs q (account 111122223333)"),
        ("arn:aws:sqs:eu-west-1:111122223333:q", "arn:aws:sqs:eu-west-1:111122223333:q"),
        ("may use `" + _OWN + ":sqs:${AWS::Region}:${AWS::AccountId}:q`, always", "may use `sqs q`, always"),
        ("${AWS::AccountId}", "this account"),
        ("bucket-${AWS::AccountId}", "bucket-${AWS::AccountId}"),
        ("no arn: at all", "no arn: at all"),
    ],
)
def test_what_is_the_stacks_own_is_left_out_of_arns_for_people(text: str, words: str) -> None:
    """Only what differs from the stack's own partition, Region and account is said."""
    assert in_words(text) == words


def test_policy_text_keeps_the_form_of_an_arn() -> None:
    """An excerpt is still recognisable as a policy."""
    own = _OWN + ":sqs:${AWS::Region}:${AWS::AccountId}:${Orders}"
    assert with_short_arns(own) == "arn:aws:sqs:…:${Orders}"
    assert with_short_arns(own, "...") == "arn:aws:sqs:...:${Orders}"
    assert with_short_arns(_OWN + ":s3:::${B}/*") == "arn:aws:s3:::${B}/*"


@pytest.mark.parametrize(
    ("patterns", "taken", "words"),
    [
        (["*"], [], "every action (*)"),
        (["sqs:*"], [], "sqs:*"),
        (["sqs:*"], ["sqs:AddPermission"], "every sqs action but sqs:AddPermission"),
        (["sqs:SendMessage", "s3:GetObject"], [], "s3:GetObject, sqs:SendMessage"),
        (
            ["sqs:SendMessage", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
            [],
            "s3:DeleteObject, s3:GetObject, s3:PutObject, sqs:SendMessage",
        ),
        (
            ["sqs:SendMessage", "s3:GetObject", "s3:PutObject", "s3:DeleteObject", "sns:Publish"],
            [],
            "s3:DeleteObject, s3:GetObject, s3:PutObject and 2 more",
        ),
    ],
)
def test_actions_are_said_in_few_words(patterns: list[str], taken: list[str], words: str) -> None:
    """Whole services first, then names, and how many are left out; one more takes no more room than to say so."""
    actions = load_actions().action_set(patterns) - load_actions().action_set(taken)
    assert actions_in_words(actions) == words


def test_a_long_common_folder_is_said_once() -> None:
    """Only a folder that all files share, and only a long one."""
    long = [Source(file=f"a/long/way/down/to/the/templates/{name}/t.yaml", line=3) for name in ("one", "two")]
    places = Places(long)
    assert places(long[0]) == "one/t.yaml:3"
    assert places.heading() == "files are in a/long/way/down/to/the/templates/"
    assert Places([Source(file="x/t.yaml", line=1)])(Source(file="x/t.yaml", line=1)) == "x/t.yaml:1"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", True),
        ("PrincipalOrgID: o-abcdef1234", False),
        ("SourceAccount: '111122223333'", False),
        ("SourceArn: 'arn:aws:s3:::uploads'", False),
    ],
)
def test_what_one_organization_may_call_is_not_open_to_anyone(tmp_path: Path, more: str, expected: bool) -> None:
    """A permission for `*` whose condition strangers cannot meet lets no stranger in.

    https://docs.aws.amazon.com/lambda/latest/dg/permissions-function-organization.html
    """
    path = tmp_path / "template.yaml"
    path.write_text(
        f"""
Resources:
  Fn: {{Type: AWS::Lambda::Function, Properties: {{Role: "arn:aws:iam::111122223333:role/r", Code: {{ZipFile: x}}}}}}
  Permission:
    Type: AWS::Lambda::Permission
    Properties: {{Action: lambda:InvokeFunction, FunctionName: !Ref Fn, Principal: "*", {more}}}
"""
    )
    graph = build_graph(load([str(path)], LoadOptions()))
    (function,) = graph.of_kind(NodeKind.FUNCTION)
    assert is_open(graph, function) is expected


def test_a_route_that_asks_something_unknown_is_not_called_open() -> None:
    """It may be open and may not; a route that asks nothing is."""
    graph = PermissionGraph()
    graph.add_node(Node(id="public", kind=NodeKind.PUBLIC, label="public"))
    for asked in ("unknown", "none"):
        graph.add_node(Node(id=asked, kind=NodeKind.ROUTE, label=asked))
        conditions = {"auth": {"type": ["unknown"]}} if asked == "unknown" else {}
        graph.add_edge(Edge(source="public", target=asked, kind=EdgeKind.CAN_INVOKE, conditions=conditions))
    assert [is_open(graph, graph.nodes[asked]) for asked in ("unknown", "none")] == [False, True]


def test_what_feeds_a_queue_is_found_anew_when_the_graph_has_grown() -> None:
    """What was found once is kept only for the graph as it was."""
    graph = PermissionGraph()
    for name in ("Orders", "Returns"):
        graph.add_node(Node(id=name, kind=NodeKind.RESOURCE, label=name, type="AWS::SNS::Topic"))
    queue = graph.add_node(Node(id="Queue", kind=NodeKind.RESOURCE, label="Queue", type="AWS::SQS::Queue"))
    graph.add_edge(Edge(source="Orders", target="Queue", kind=EdgeKind.DELIVERS_TO))
    assert fed_by(graph, queue) == fed_by(graph, queue) == "Orders"
    graph.add_edge(Edge(source="Returns", target="Queue", kind=EdgeKind.DELIVERS_TO))
    assert fed_by(graph, queue) == "Orders, Returns"


def test_parameters_that_name_one_thing_together_are_one_condition() -> None:
    """Three sentences of the same form say no more than one."""
    edge = Edge(
        source="a",
        target="b",
        kind=EdgeKind.CAN_INVOKE,
        conditions={"template": {"Param::Region": ["*"], "Param::Account": ["*"], "Param::Name": ["*"]}},
    )
    assert conditions_of(edge) == "the parameters Region, Account and Name name it"
    alone = Edge(source="a", target="b", kind=EdgeKind.CAN_INVOKE, conditions={"template": {"Param::Name": ["*"]}})
    assert conditions_of(alone) == "the parameter Name names it"
