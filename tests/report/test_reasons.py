"""The statements behind an edge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from permscope.catalog.actions import load
from permscope.graph.model import EdgeKind, PermissionGraph
from permscope.graph.questions.queries import find_node
from permscope.report.reasons import able_on, excerpt_of, narrowed, reasons_of

World = Callable[[str], PermissionGraph]


def test_a_policy_of_aws_points_at_what_attaches_it(world: World) -> None:
    """AWS's own document has no line, the role that has it attached has one."""
    graph = world("orders")
    role = find_node(graph, "StoreOrderRole")
    edge = next(edge for edge in graph.outgoing(role.id, EdgeKind.CAN_ACCESS))
    places = {reason.words: str(reason.source) for reason in reasons_of(graph, edge)}
    assert places["AWS managed policy AWSLambdaBasicExecutionRole"].startswith("fixtures/orders/template.yaml:41")


def test_statements_that_say_nothing_of_the_actions_are_left_out(world: World) -> None:
    """Of three statements on `*` one allows writing to a table."""
    graph = world("orders")
    role = find_node(graph, "StoreOrderRole")
    edge = next(edge for edge in graph.outgoing(role.id, EdgeKind.CAN_ACCESS))
    wanted = load().expand("dynamodb:PutItem")
    reasons = reasons_of(graph, edge, wanted)
    assert [reason.words for reason in reasons] == ["Policies[0] of StoreOrder"]
    assert reasons[0].statement is not None
    assert excerpt_of(reasons[0].statement) == ["Effect: Allow", "Action: dynamodb:*", "Resource: *"]


def test_a_wide_edge_is_narrowed_to_what_its_target_can_mean(world: World) -> None:
    """Of actions on `*` those that can be about a table."""
    graph = world("orders")
    role, table = find_node(graph, "StoreOrderRole"), find_node(graph, "OrdersTable")
    edge = next(edge for edge in graph.outgoing(role.id, EdgeKind.CAN_ACCESS))
    actions = narrowed(graph, edge, table.arn)
    assert "dynamodb:PutItem" in actions
    assert actions.services() == ("dynamodb",)
    assert narrowed(graph, edge, None) == edge.actions


def test_an_arn_of_a_form_nobody_knows_is_about_its_own_service() -> None:
    """Nothing of another service is claimed for it."""
    assert able_on("arn:aws:execute-api:eu-west-1:111122223333:abc").services() == ("execute-api",)


def test_what_is_granted_on_everything_is_never_left_unsaid(world: World) -> None:
    """An action on the streams of a log group is about the group, and one that nobody can place is told as it is."""
    graph = world("orders")
    role = find_node(graph, "StoreOrderRole")
    edge = next(edge for edge in graph.outgoing(role.id, EdgeKind.CAN_ACCESS))
    streams = replace(edge, actions=load().expand("logs:PutLogEvents"))
    group = "arn:aws:logs:eu-west-1:111122223333:log-group:/orders"
    assert narrowed(graph, streams, group).patterns() == ("logs:PutLogEvents",)
    other = replace(edge, actions=load().expand("sqs:SendMessage"))
    assert narrowed(graph, other, "arn:aws:dynamodb:eu-west-1:111122223333:table/t").patterns() == ("sqs:SendMessage",)
