"""A small graph made by hand, with hostile names."""

from __future__ import annotations

import pytest

from permscope.catalog import actions
from permscope.graph.model import Decision, Edge, EdgeKind, Node, NodeKind, PermissionGraph, Provenance
from permscope.inventory.facts import Unknown
from permscope.inventory.source import Source

HOSTILE = 'Evil"]</script>[bold]\x1b[31m'


def at(line: int) -> Source:
    """A place in the template."""
    return Source(file="template.yaml", line=line, column=3)


@pytest.fixture
def graph() -> PermissionGraph:
    """A route in front of a function that writes a table; a queue that may not invoke it."""
    made = PermissionGraph([Unknown(what="parameter `Table`", why="it has no default", kind="parameter", source=at(2))])
    catalog = actions.load()
    for node in (
        Node(id="public", kind=NodeKind.PUBLIC, label="public"),
        Node(id="route:GET/", kind=NodeKind.ROUTE, label="GET /", auth="none", method="GET", path="/", source=at(9)),
        Node(
            id="fn",
            kind=NodeKind.FUNCTION,
            label=HOSTILE,
            logical_id=HOSTILE,
            type="AWS::Lambda::Function",
            source=at(5),
        ),
        Node(id="role", kind=NodeKind.ROLE, label="FnRole", logical_id="FnRole", type="AWS::IAM::Role", source=at(5)),
        Node(id="table", kind=NodeKind.RESOURCE, label="Orders", type="AWS::DynamoDB::Table", source=at(20)),
        Node(id="queue", kind=NodeKind.RESOURCE, label="Inbox", type="AWS::SQS::Queue", source=at(30)),
        Node(id="service:s3.amazonaws.com", kind=NodeKind.SERVICE, label="s3", service="s3.amazonaws.com"),
    ):
        made.add_node(node)
    reason = (Provenance(at(12), "FnRole", "FnRolePolicy0[0]"),)
    for edge in (
        Edge(source="public", target="route:GET/", kind=EdgeKind.CAN_INVOKE),
        Edge(
            source="route:GET/",
            target="fn",
            kind=EdgeKind.TRIGGERS,
            mechanism="resource_policy",
            event="http-route",
            authorized=True,
            provenance=reason,
        ),
        Edge(
            source="queue",
            target="fn",
            kind=EdgeKind.TRIGGERS,
            mechanism="poll",
            event="event-source-mapping",
            authorized=False,
            provenance=(Provenance(at(31), "Mapping"),),
        ),
        Edge(source="fn", target="role", kind=EdgeKind.EXECUTES_AS, authorized=True, provenance=reason),
        Edge(
            source="role",
            target="table",
            kind=EdgeKind.CAN_ACCESS,
            actions=catalog.action_set(["dynamodb:PutItem", "dynamodb:GetItem"]),
            conditions={"StringEquals": {"aws:SourceAccount": ("111122223333",)}},
            decision=Decision.CONDITIONAL,
            provenance=reason,
        ),
    ):
        made.add_edge(edge)
    return made
