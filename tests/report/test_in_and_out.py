"""What runs a function, what a role touches, where it delivers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from permscope.catalog.actions import load
from permscope.graph.model import Decision, Edge, EdgeKind, Node, NodeKind, PermissionGraph, Provenance
from permscope.inventory.source import Source
from permscope.report.graph_text import print_graph
from permscope.report.in_and_out import authorization, callers_of, deliveries_of, entries_of, is_by_url, touched
from permscope.report.layout import joined
from permscope.report.terminal import Symbols
from permscope.report.touches import touches_of

Draw = Callable[..., str]
World = Callable[[str], PermissionGraph]
SIGNS = Symbols()


def called(*edges: Edge) -> PermissionGraph:
    """A function with an open URL, and who else may call it."""
    graph = PermissionGraph()
    for node in (
        Node(id="public", kind=NodeKind.PUBLIC, label="public"),
        Node(id="s3", kind=NodeKind.SERVICE, label="s3", service="s3.amazonaws.com"),
        Node(id="url", kind=NodeKind.ROUTE, label="URL of Fn", auth="none"),
        Node(id="fn", kind=NodeKind.FUNCTION, label="Fn"),
    ):
        graph.add_node(node)
    graph.add_edge(Edge(source="public", target="url", kind=EdgeKind.CAN_INVOKE))
    graph.add_edge(
        Edge(
            source="url", target="fn", kind=EdgeKind.TRIGGERS, authorized=True, provenance=(said(7, "the permission"),)
        )
    )
    for edge in edges:
        graph.add_edge(edge)
    return graph


def said(line: int, fact: object = None) -> Provenance:
    """A statement in a line."""
    return Provenance(Source(file="t.yaml", line=line), "Fn", "Permission", fact=fact)  # type: ignore[arg-type]


def names(graph: PermissionGraph) -> list[str]:
    """The entries of the function."""
    return [joined(name, *details).plain for name, details in entries_of(graph, graph.nodes["fn"], SIGNS)]


BY_URL = {"Bool": {"lambda:InvokedViaFunctionUrl": ("true",)}}


def test_a_permission_behind_a_url_is_not_said_again() -> None:
    """What `AuthType: NONE` writes into the function's policy is the URL once more."""
    again = Edge(source="public", target="fn", kind=EdgeKind.CAN_INVOKE, conditions=BY_URL, provenance=(said(7),))
    assert names(called(again)) == ["URL of Fn \u2713  no authorization  t.yaml:7"]


@pytest.mark.parametrize(("conditions", "line"), [({}, 7), (BY_URL, 9)])
def test_a_permission_that_lets_more_in_is_said(conditions: dict[str, object], line: int) -> None:
    """One without the condition is good for direct calls too; one written elsewhere belongs to no wiring."""
    more = Edge(source="public", target="fn", kind=EdgeKind.CAN_INVOKE, conditions=conditions, provenance=(said(line),))
    assert names(called(more))[0].startswith("anyone on the internet  may call it")


def test_direct_callers_are_those_whom_no_wiring_tells_of() -> None:
    """In the routes and in the audit a function URL is one way in, not three."""
    again = Edge(source="public", target="fn", kind=EdgeKind.CAN_INVOKE, conditions=BY_URL, provenance=(said(7),))
    direct = Edge(source="public", target="fn", kind=EdgeKind.CAN_INVOKE, provenance=(said(12),))
    graph = called(again, direct)
    assert callers_of(graph, graph.nodes["fn"]) == [direct]


def test_a_service_that_may_call_without_a_wiring_is_said() -> None:
    """A permission for S3 that no bucket uses is an entry all the same."""
    permission = Edge(source="s3", target="fn", kind=EdgeKind.CAN_INVOKE, provenance=(said(12),))
    assert names(called(permission))[1] == "s3.amazonaws.com  may call it  t.yaml:12"


def test_only_the_action_or_a_condition_makes_a_permission_one_of_the_url() -> None:
    """One for direct calls as well opens the function itself: lambda/latest/dg/urls-auth.html in the AWS docs."""
    edge = Edge(
        source="public", target="fn", kind=EdgeKind.CAN_INVOKE, actions=load().expand("lambda:InvokeFunctionUrl")
    )
    assert is_by_url(edge)
    both = load().expand("lambda:InvokeFunction*")
    assert not is_by_url(Edge(source="public", target="fn", kind=EdgeKind.CAN_INVOKE, actions=both))
    assert is_by_url(
        Edge(
            source="public",
            target="fn",
            kind=EdgeKind.CAN_INVOKE,
            actions=both,
            conditions={"StringEquals": {"lambda:FunctionUrlAuthType": ("NONE",)}},
        )
    )


def test_a_grant_under_conditions_is_not_said_beside_the_same_without() -> None:
    """`pass every role (*)` is all there is to say of passing roles."""
    graph = PermissionGraph()
    graph.add_node(Node(id="role", kind=NodeKind.ROLE, label="R"))
    graph.add_node(Node(id="set:*", kind=NodeKind.RESOURCE_SET, label="*", arn="*"))
    passing = load().expand("iam:PassRole")
    asked = {"StringEquals": {"iam:PassedToService": ("lambda.amazonaws.com",)}}
    graph.add_edge(Edge(source="role", target="set:*", kind=EdgeKind.CAN_PASS, actions=passing))
    graph.add_edge(
        Edge(
            source="role",
            target="set:*",
            kind=EdgeKind.CAN_PASS,
            actions=passing,
            conditions=asked,
            decision=Decision.CONDITIONAL,
        )
    )
    role = graph.nodes["role"]
    assert [name.plain for name, _ in touched(touches_of(graph, role), SIGNS, role)] == ["pass every role (*)"]


def test_a_role_that_may_do_nothing_is_said_to() -> None:
    """An empty line would look like something left out."""
    kinds = (NodeKind.ROLE, NodeKind.EXTERNAL)
    said = [name.plain for kind in kinds for name, _ in touched([], SIGNS, Node(id="r", kind=kind, label="r"))]
    assert said == ["may touch nothing in the input", "what it may touch is in no input"]


def test_a_delivery_says_whether_it_is_authorized() -> None:
    """A dead-letter queue that cannot be written loses messages."""
    graph = called()
    graph.add_node(Node(id="dlq", kind=NodeKind.RESOURCE, label="Dead", type="AWS::SQS::Queue"))
    graph.add_edge(
        Edge(
            source="fn",
            target="dlq",
            kind=EdgeKind.DELIVERS_TO,
            event="dead-letter-queue",
            authorized=False,
            reason="x",
        )
    )
    ((name, details),) = deliveries_of(graph, graph.nodes["fn"], SIGNS)
    assert joined(name, *details).plain == "Dead  dead letter queue \u2717 not authorized  x"


@pytest.mark.parametrize(
    ("authorized", "words"), [(True, " \u2713"), (False, " \u2717 not authorized"), (None, " ? authorization unknown")]
)
def test_authorization_has_three_answers(authorized: bool | None, words: str) -> None:
    """Unknown is a result."""
    edge = Edge(source="a", target="b", kind=EdgeKind.TRIGGERS, authorized=authorized)
    assert authorization(edge, SIGNS).plain == words


def test_the_grant_that_every_function_has_is_said_last_and_in_few_words(world: World, shown: Draw) -> None:
    """Writing its own logs is no news."""
    graph = world("orders")
    text = shown(lambda console: print_graph(graph, console), width=80)
    assert "routine: writes its logs" in text
    assert "logs:CreateLogGroup" not in text


def test_a_grant_on_star_is_taken_apart_by_service(world: World, shown: Draw) -> None:
    """`dynamodb:*` on `*` is about every DynamoDB resource, not about every resource."""
    graph = world("orders")
    assert "every dynamodb resource (*)  every access level" in shown(lambda console: print_graph(graph, console))
