"""Questions asked of a graph."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from permscope.collect.load import LoadOptions, load
from permscope.errors import NameNotFoundError
from permscope.graph.build import build_graph
from permscope.graph.model import EdgeKind, Node, NodeKind, PermissionGraph
from permscope.graph.questions.queries import find_node, focus, what_can

TABLE = "  Orders: {Type: AWS::DynamoDB::Table, Properties: {TableName: orders-v1}}\n"
READ = "{Effect: Allow, Action: 'dynamodb:Query', Resource: !GetAtt Orders.Arn}"
PERMISSION = (
    "  Allow: {Type: AWS::Lambda::Permission, Properties: {Action: 'lambda:InvokeFunction', FunctionName: !Ref Fn, "
    "Principal: s3.amazonaws.com}}\n"
)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("Orders", "Orders"),
        ("orders", "Orders"),
        ("orders-v1", "Orders"),
        ("arn:aws:dynamodb:*:*:table/orders-v1", "Orders"),
        ("arn:aws:dynamodb:eu-west-1:111122223333:table/orders-v1", "Orders"),
        ("FnRole", "FnRole"),
        ("role/team/weak", "Weak"),
        ("role/weak", "Weak"),
        ("fn", "Fn"),
        ("s3", "s3.amazonaws.com"),
        ("service:s3.amazonaws.com", "s3.amazonaws.com"),
        ("internet", "public"),
        ("public", "public"),
    ],
)
def test_names_are_forgiving(world: Any, function: Any, name: str, label: str) -> None:
    """A logical id, a name, an ARN, a pattern, any case."""
    weak = "  Weak: {Type: AWS::IAM::Role, Properties: {RoleName: weak, Path: /team/, AssumeRolePolicyDocument: {}}}\n"
    assert find_node(world(TABLE, function("Fn", READ), PERMISSION, weak).graph, name).label == label


def test_a_wrong_name_gets_close_ones_as_a_hint(world: Any, function: Any) -> None:
    """The error says what was meant, perhaps."""
    with pytest.raises(NameNotFoundError) as error:
        find_node(world(TABLE, function("Fn", READ)).graph, "Ordrs")
    assert "`Orders`" in (error.value.hint or "")


def test_an_ambiguous_name_says_so(world: Any) -> None:
    """Two things of one name are not guessed between."""
    with pytest.raises(NameNotFoundError, match="could be 2 things"):
        find_node(
            world(
                "  A: {Type: AWS::SQS::Queue, Properties: {QueueName: same}}\n"
                "  B: {Type: AWS::SNS::Topic, Properties: {TopicName: same}}\n"
            ).graph,
            "same",
        )


def test_what_a_function_can_do_is_what_its_role_can(world: Any, function: Any) -> None:
    """Grouped by service and access level."""
    made = world(TABLE, function("Fn", READ))
    found = what_can(made.graph, made.node("Fn"))
    assert list(found) == ["dynamodb"]
    (reach,) = found["dynamodb"]
    assert reach.via is not None
    assert (reach.target.label, reach.levels, reach.via.label) == ("Orders", {"Read": ("dynamodb:Query",)}, "FnRole")


def test_focus_keeps_both_sides_and_nothing_else(world: Any, function: Any) -> None:
    """Acting with a role costs no hop."""
    made = world(TABLE, function("Fn", READ), function("Other"), PERMISSION)
    part = focus(made.graph, made.node("Fn"), 1)
    labels = {node.label for node in part.nodes.values()}
    assert {"Fn", "FnRole", "Orders", "s3.amazonaws.com"} <= labels
    assert not labels & {"Other", "OtherRole"}
    assert list(part.edges_of(EdgeKind.EXECUTES_AS))


def test_a_hint_offers_names_that_can_be_typed() -> None:
    """The physical name that CloudFormation will make is a token, and the logical id beside it is the name."""
    graph = PermissionGraph()
    arn = "arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:${Put}"
    graph.add_node(Node(id=arn, kind=NodeKind.FUNCTION, label="Put", logical_id="Put", arn=arn))
    with pytest.raises(NameNotFoundError) as told:
        find_node(graph, "Putt")
    assert told.value.hint == "did you mean `Put`?"


def test_a_name_of_several_stacks_is_asked_for_with_its_stack(tmp_path: Path) -> None:
    """Also where the name is explicit, and where somebody gives its ARN; the hint says what can be typed."""
    text = "Resources: {Jobs: {Type: AWS::SQS::Queue, Properties: {QueueName: jobs}}}"
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    graph = build_graph(load([str(tmp_path)], LoadOptions()))
    for name in ("Jobs", "jobs", "arn:aws:sqs:eu-west-1:111122223333:jobs", "arn:aws:sqs:*:jobs"):
        with pytest.raises(NameNotFoundError) as caught:
            find_node(graph, name)
        assert caught.value.hint == "say which: `a/Jobs`, `b/Jobs`"
    assert Path(find_node(graph, "b/Jobs").source.file or "").name == "b.yaml"
