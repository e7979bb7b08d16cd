"""Answers to who-can, what-can and path in the terminal."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from permscope.catalog.actions import load
from permscope.graph.model import Edge, EdgeKind, Node, NodeKind, PermissionGraph
from permscope.graph.questions.asking import who_can
from permscope.graph.questions.invocations import INVOKE, who_can_invoke
from permscope.graph.questions.queries import find_node, what_can
from permscope.report.answers import level_in_words, print_what_can, print_who_can

Draw = Callable[..., str]
World = Callable[[str], PermissionGraph]
Golden = Callable[[str, str], None]


@pytest.mark.parametrize("width", [80, 120])
def test_what_can_looks_as_reviewed(width: int, world: World, shown: Draw, golden: Golden) -> None:
    """By service and access level."""
    graph = world("orders")
    node = find_node(graph, "StoreOrder")
    reached = what_can(graph, node)
    for explain in (False, True):
        text = shown(
            lambda console, explain=explain: print_what_can(reached, graph, console, principal=node, explain=explain),
            width=width,
        )
        golden(f"what-can-orders-{'explain-' if explain else ''}{width}.txt", text)


def test_who_can_shows_the_statements_that_allow_what_was_asked(world: World, shown: Draw) -> None:
    """The logging policy on the same edge has no part in writing the table."""
    graph = world("orders")
    found = who_can(graph, "dynamodb:PutItem", "OrdersTable")
    text = shown(
        lambda console: print_who_can(
            found, graph, console, action="dynamodb:PutItem", resource="OrdersTable", explain=True
        )
    )
    assert "Policies[0] of StoreOrder" in text
    assert "AWSLambdaBasicExecutionRole" not in text
    assert "lines are those of fixtures/orders/template.yaml" in text
    assert "Policies[0] of StoreOrder  :49" in text


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", ["WriteInvoice", "StoreOrder"])
def test_who_can_invoke_looks_as_reviewed(name: str, width: int, world: World, shown: Draw, golden: Golden) -> None:
    """Directly, by writing to what triggers it, by taking over somebody: the first line says how many of each."""
    graph = world("orders")
    found, ways = who_can(graph, INVOKE, name), who_can_invoke(graph, find_node(graph, name))
    text = shown(
        lambda console: print_who_can(
            found, graph, console, action=INVOKE, resource=name, explain=name == "WriteInvoice", ways=ways
        ),
        width=width,
    )
    golden(f"who-can-invoke-{name}-{width}.txt", text)


def test_what_a_role_may_do_in_many_services_begins_with_the_worst(shown: Draw) -> None:
    """Four services are four trees; the first lines say where something can be changed."""
    graph = PermissionGraph()
    graph.add_node(Node(id="role", kind=NodeKind.ROLE, label="R", type="AWS::IAM::Role"))
    graph.add_node(Node(id="set:*", kind=NodeKind.RESOURCE_SET, label="*", arn="*"))
    actions = load().action_set(
        ["iam:PutRolePolicy", "s3:PutObject", "logs:PutLogEvents", "dynamodb:GetItem", "xray:GetTraceSummaries"]
    )
    graph.add_edge(Edge(source="role", target="set:*", kind=EdgeKind.CAN_ACCESS, actions=actions))
    role = graph.nodes["role"]
    text = shown(lambda console: print_what_can(what_can(graph, role), graph, console, principal=role, explain=False))
    assert text.splitlines()[1:5] == [
        "  changes permissions in iam",
        "  writes in s3",
        "  only reads in dynamodb, xray",
        "",
    ]
    assert "routine: writes its logs" in text


def test_who_can_says_when_it_is_nobody(world: World, shown: Draw) -> None:
    """No answer is an answer."""
    graph = world("orders")
    text = shown(lambda console: print_who_can([], graph, console, action="a:b", resource="C", explain=False))
    assert text.startswith("nobody in the input can a:b on C")


@pytest.mark.parametrize(
    ("patterns", "taken", "words"),
    [
        (["sqs:*"], [], "all 12 actions"),
        (["dynamodb:*"], ["dynamodb:PutItem"], "all 12 actions but PutItem"),
        (["sqs:SendMessage"], [], "SendMessage"),
        (["dynamodb:*", "sqs:*"], [], None),
    ],
)
def test_the_actions_of_a_level_are_said_in_few_words(patterns: list[str], taken: list[str], words: str | None) -> None:
    """A whole level is said as one."""
    catalog = load()
    writes = catalog.level_set("Write")
    actions = (catalog.action_set(patterns) - catalog.action_set(taken)) & writes
    expected = words
    if words is None:
        expected = f"{len(actions)} actions in 2 services"
    elif words.startswith("all"):
        expected = words.replace("12", str(len(writes.of_service(actions.services()[0]))))
    assert level_in_words(actions, "Write") == expected
