"""What the HTML report is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from permscope.audit.findings import Finding
from permscope.catalog.actions import load
from permscope.errors import TemplateError
from permscope.graph.model import Edge, EdgeKind, Node, NodeKind, PermissionGraph, Provenance
from permscope.inventory.policies import PolicyKind, parse_policy
from permscope.inventory.source import Source
from permscope.report.html_data import report_document

World = Callable[[str], PermissionGraph]
AT = Source(file="t.yaml", line=7)


def named(document: dict[str, Any], name: str) -> int:
    """The number of a node."""
    return next(number for number, node in enumerate(document["nodes"]) if node["name"] == name)


def edges_from(document: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The edges out of a node."""
    return [edge for edge in document["edges"] if edge["source"] == named(document, name)]


@pytest.fixture
def orders(world: World) -> dict[str, Any]:
    """The document of the orders."""
    return report_document(world("orders"), [], rules=9)


def test_every_number_is_that_of_a_node_or_reason(orders: dict[str, Any]) -> None:
    """The page looks everything up by number."""
    nodes, reasons = len(orders["nodes"]), len(orders["reasons"])
    every = [*orders["edges"], *orders["through"]]
    assert every
    assert all(0 <= edge[end] < nodes for edge in every for end in ("source", "target"))
    assert all(0 <= reason < reasons for edge in every for reason in edge["reasons"])
    assert all(0 <= row < nodes for row in orders["matrix"]["rows"])


def test_a_grant_on_star_is_an_edge_for_each_service_and_none_to_star(orders: dict[str, Any]) -> None:
    """As in every other view for people; the routine is marked, so that it can be left out."""
    touched = {orders["nodes"][edge["target"]]["name"]: edge for edge in edges_from(orders, "StoreOrderRole")}
    assert touched["every dynamodb resource (*)"]["levels"] == "LRWTP"
    assert "routine" not in touched["every dynamodb resource (*)"]
    assert touched["every logs resource (*)"]["routine"] == 1
    assert touched["every sqs resource (*)"]["words"] == "polls queues"
    assert "every resource (*)" not in {node["name"] for node in orders["nodes"]}


def test_what_a_pattern_means_for_known_things_is_told_apart(orders: dict[str, Any]) -> None:
    """It is followed when a way is looked for, and not drawn."""
    (edge,) = [each for each in orders["through"] if each["target"] == named(orders, "OrdersTable")]
    assert edge["source"] == named(orders, "StoreOrderRole")
    assert "granted on every dynamodb resource (*)" in edge["words"]
    assert orders["partial"] is False


def test_a_graph_without_an_audit_has_no_findings_and_says_so(world: World) -> None:
    """An empty list of findings would look like a clean audit."""
    document = report_document(world("orders"), None)
    assert (document["audited"], document["findings"]) == (False, [])
    assert report_document(world("orders"), [])["audited"] is True


def test_a_suppressed_finding_is_counted_and_not_told(world: World) -> None:
    """What the user lives with is not shown again."""
    graph = world("orders")
    node = next(graph.of_kind(NodeKind.FUNCTION))
    finding = Finding(rule="r", severity="high", resource="x", message="m", source=AT, nodes=(node.id, "gone"))
    hidden = Finding(rule="r", severity="high", resource="x", message="m", suppressed="known")
    document = report_document(graph, [finding, hidden])
    assert document["suppressed"] == 1
    (told,) = document["findings"]
    assert told["nodes"] == [named(document, node.label)]


def test_errors_and_what_the_report_is_about_are_told(world: World) -> None:
    """The one file, or how many there are and where."""
    document = report_document(world("orders"), [], [TemplateError("broken", source=AT, hint="mend it")])
    assert document["errors"] == [{"what": "broken", "why": "mend it", "place": "t.yaml:7"}]
    assert document["summary"]["errors"] == 1
    assert document["subject"] == "fixtures/orders/template.yaml"


def by_hand(*edges: Edge) -> dict[str, Any]:
    """A function with an open URL, called in some ways."""
    graph = PermissionGraph()
    for node in (
        Node(id="public", kind=NodeKind.PUBLIC, label="public"),
        Node(id="lambda", kind=NodeKind.SERVICE, label="lambda", service="lambda.amazonaws.com"),
        Node(id="url", kind=NodeKind.ROUTE, label="URL of Fn", auth="none"),
        Node(id="fn", kind=NodeKind.FUNCTION, label="Fn\x1b[31m", account="111122223333", fact=None),
        Node(id="role", kind=NodeKind.ROLE, label="Role", logical_id="Role", account="111122223333"),
        Node(id="theirs", kind=NodeKind.EXTERNAL, label="theirs", account="999988887777"),
    ):
        graph.add_node(node)
    document = {
        "Statement": {"Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunctionUrl", "Resource": "*"}
    }
    (statement,) = parse_policy(document, name="p", kind=PolicyKind.RESOURCE).statements
    said = (Provenance(AT, "Fn", "Permission", fact=statement),)
    graph.add_edge(Edge(source="public", target="url", kind=EdgeKind.CAN_INVOKE))
    graph.add_edge(Edge(source="url", target="fn", kind=EdgeKind.TRIGGERS, authorized=True, provenance=said))
    for edge in edges:
        graph.add_edge(edge)
    return report_document(graph, None)


def test_a_permission_behind_a_url_is_routine() -> None:
    """The URL is the entry; what AWS writes for it is no other one."""
    by_url = {"Bool": {"lambda:InvokedViaFunctionUrl": ("true",)}}
    again = Edge(
        source="public", target="fn", kind=EdgeKind.CAN_INVOKE, conditions=by_url, provenance=(Provenance(AT, "Fn"),)
    )
    direct = Edge(source="public", target="fn", kind=EdgeKind.CAN_INVOKE, provenance=(Provenance(AT, "Fn"),))
    for edge, routine in ((again, 1), (direct, None)):
        document = by_hand(edge)
        function = next(number for number, node in enumerate(document["nodes"]) if node["kind"] == "function")
        (told,) = [each for each in edges_from(document, "anyone on the internet") if each["target"] == function]
        assert told.get("routine") == routine


def test_a_service_that_may_take_on_a_role_is_routine() -> None:
    """Every execution role has that."""
    document = by_hand(Edge(source="lambda", target="role", kind=EdgeKind.CAN_ASSUME))
    assert edges_from(document, "lambda.amazonaws.com")[0]["routine"] == 1


def test_another_account_is_foreign_and_ones_own_is_not() -> None:
    """The filter for other accounts goes by it."""
    document = by_hand()
    assert document["nodes"][named(document, "theirs")]["foreign"] == 1
    assert "foreign" not in document["nodes"][named(document, "Role")]


def test_control_characters_are_written_out_everywhere() -> None:
    """The page shows text as it is, so text that would act on a reader is made visible here."""
    text = json.dumps(by_hand(), ensure_ascii=False)
    assert "\x1b" not in text
    assert "Fn\\\\x1b[31m" in text


def test_access_that_feeds_a_function_is_marked() -> None:
    """To send a message is to run what the queue triggers, so a way goes on from there."""
    graph = PermissionGraph()
    graph.add_node(Node(id="role", kind=NodeKind.ROLE, label="Role"))
    graph.add_node(Node(id="jobs", kind=NodeKind.RESOURCE, label="Jobs", type="AWS::SQS::Queue"))
    for action in ("sqs:SendMessage", "sqs:GetQueueUrl"):
        graph.add_edge(Edge(source="role", target="jobs", kind=EdgeKind.CAN_ACCESS, actions=load().expand(action)))
    told = {edge["words"]: edge.get("feeds") for edge in report_document(graph, None)["edges"]}
    assert told == {"sqs:SendMessage": 1, "sqs:GetQueueUrl": None}
