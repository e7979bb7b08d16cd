"""What a role touches, the way people read it."""

from __future__ import annotations

from collections.abc import Callable

from permscope.catalog.actions import load
from permscope.graph.model import Edge, EdgeKind, Node, NodeKind, PermissionGraph
from permscope.graph.questions.queries import find_node
from permscope.report.touches import bundled, routine_words, touches_of

World = Callable[[str], PermissionGraph]


def wide(*patterns: str, **edge: object) -> tuple[PermissionGraph, Node]:
    """A role that may do something on `*`."""
    graph = PermissionGraph()
    role = graph.add_node(Node(id="role", kind=NodeKind.ROLE, label="Role"))
    graph.add_node(Node(id="set:*", kind=NodeKind.RESOURCE_SET, label="*"))
    actions = load().action_set(patterns)
    graph.add_edge(
        Edge(source="role", target="set:*", kind=EdgeKind.CAN_ACCESS, actions=actions, **edge)  # type: ignore[arg-type]
    )
    return graph, role


def test_a_grant_on_star_is_one_touch_per_service() -> None:
    """Two services, two touches; the one every function has is marked as routine."""
    touches = touches_of(*wide("s3:GetObject", "logs:PutLogEvents"))
    assert [(each.name, each.routine) for each in touches] == [
        ("every s3 resource (*)", None),
        ("every logs resource (*)", "writes its logs"),
    ]
    assert routine_words(touches) == "writes its logs"


def test_more_than_the_routine_is_no_routine() -> None:
    """Deleting log groups is not writing one's own logs."""
    assert [each.routine for each in touches_of(*wide("logs:PutLogEvents", "logs:DeleteLogGroup"))] == [None]


def test_everything_is_one_touch() -> None:
    """`*` on `*` is not taken apart."""
    assert [each.name for each in touches_of(*wide("*"))] == ["every resource (*)"]


def test_of_many_services_whole_and_read_ones_are_named_together() -> None:
    """What can be told apart only by the prefix takes one line."""
    services = ("s3", "sqs", "sns", "dynamodb", "kms", "ssm")
    touches = touches_of(*wide(*(f"{service}:*" for service in services), "tag:GetResources", "glue:CreateTable"))
    single, together = bundled(touches)
    assert [each.service for each in single] == ["glue"]
    assert [(each.words, each.services) for each in together] == [
        ("everything of", tuple(sorted(services))),
        ("read access to", ("tag",)),
    ]


def test_of_nearly_all_services_the_others_are_named() -> None:
    """Four hundred prefixes say less than the two that are left out; conditions are told once."""
    catalog = load()
    graph, role = wide("*")
    (edge,) = graph.outgoing(role.id, EdgeKind.CAN_ACCESS)
    edge.actions = catalog.everything - catalog.expand("iam:*") - catalog.expand("ec2:RunInstances")
    edge.conditions = {"template": {"condition": ["IsDev"]}}
    single, together = bundled(touches_of(graph, role))
    assert [each.service for each in single] == ["ec2"]
    assert [(each.words, each.services, each.edge) for each in together] == [
        ("everything but that of", ("ec2", "iam"), edge)
    ]


def test_known_things_come_before_patterns(world: World) -> None:
    """The table before `*`, the routine last."""
    graph = world("orders")
    names = [each.name for each in touches_of(graph, find_node(graph, "WriteInvoiceRole"))]
    assert names == ["Invoices", "OrdersTable", "every logs resource (*)"]


def test_polling_everything_is_routine_only_where_that_service_feeds_the_function() -> None:
    """A stream reader may read its streams; that it may read every queue besides is told."""
    graph, role = wide("kinesis:GetRecords", "sqs:ReceiveMessage", "dynamodb:GetRecords")
    graph.add_node(Node(id="fn", kind=NodeKind.FUNCTION, label="Fn"))
    arn = "arn:aws:kinesis:eu-west-1:111122223333:stream/clicks"
    graph.add_node(Node(id="stream", kind=NodeKind.RESOURCE, label="Clicks", arn=arn))
    graph.add_edge(Edge(source="fn", target="role", kind=EdgeKind.EXECUTES_AS, authorized=True))
    graph.add_edge(Edge(source="stream", target="fn", kind=EdgeKind.TRIGGERS, mechanism="poll", authorized=True))
    assert {each.service: each.routine for each in touches_of(graph, role)} == {
        "kinesis": "polls streams",
        "sqs": None,
        "dynamodb": None,
    }
