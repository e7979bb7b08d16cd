"""One edge per principal, target and conditions."""

from __future__ import annotations

from permscope.catalog.actions import load
from permscope.graph.collector import EdgeCollector, Permit, conditions_of, distinct, frozen, grant_limits, said_by
from permscope.graph.model import Decision, EdgeKind, Node, NodeKind, PermissionGraph, Provenance
from permscope.inventory.policies import ConditionEntry, Policy, PolicyKind, Statement
from permscope.inventory.source import Source
from permscope.policy.effective import Grant

CATALOG = load()
FIRST, SECOND = (Statement(effect="Allow", actions=("s3:*",), resources=("*",), index=at) for at in range(2))
POLICY = Policy(name="p", kind=PolicyKind.INLINE, statements=(FIRST, SECOND), logical_id="Role")


def permit(statement: Statement, **conditions: dict[str, list[str]]) -> Permit:
    """What a statement gives to the principal `a`."""
    decision = Decision.CONDITIONAL if conditions else Decision.ALLOW
    return Permit("a", said_by(statement, POLICY), conditions, decision, f"arn:{statement.index}")


def test_equal_conditions_are_one_edge_and_others_another() -> None:
    """Actions, reasons and patterns add up; nothing is said twice."""
    graph = PermissionGraph()
    for name in "ab":
        graph.add_node(Node(id=name, kind=NodeKind.ROLE, label=name))
    edges = EdgeCollector(graph)
    edges.permit(EdgeKind.CAN_ACCESS, "b", CATALOG.expand("s3:GetObject"), permit(FIRST))
    edges.permit(EdgeKind.CAN_ACCESS, "b", CATALOG.expand("s3:PutObject"), permit(SECOND))
    edges.permit(EdgeKind.CAN_ACCESS, "b", CATALOG.expand("s3:PutObject"), permit(SECOND))
    edges.permit(EdgeKind.CAN_ACCESS, "b", CATALOG.expand("s3:PutObject"), permit(FIRST, Bool={"k": ["v"]}))
    plain, conditional = graph.edges
    assert plain.actions.patterns() == ("s3:GetObject", "s3:PutObject")
    assert [one.fact for one in plain.provenance] == [FIRST, SECOND]
    assert plain.attributes["resources"] == ("arn:0", "arn:1")
    assert conditional.decision is Decision.CONDITIONAL


def test_a_statement_without_sid_is_called_by_its_place() -> None:
    """The policy's name and the index."""
    assert said_by(SECOND, POLICY).statement == "p[1]"
    assert said_by(SECOND, POLICY).logical_id == "Role"


def test_reasons_are_told_once() -> None:
    """Statements by identity, wirings by place."""
    place = Provenance(source=Source("t.yaml", 3), logical_id="Fn")
    again = Provenance(source=Source("t.yaml", 3), logical_id="Fn")
    assert distinct((place, said_by(FIRST, POLICY), again, said_by(FIRST, POLICY))) == (place, said_by(FIRST, POLICY))


def test_conditions_are_written_as_in_a_policy() -> None:
    """Values of one key under one operator come together; order of keys does not tell them apart."""
    entries = [ConditionEntry("StringEquals", "k", ("a",)), ConditionEntry("StringEquals", "k", ("a", "b"))]
    assert conditions_of(entries) == {"StringEquals": {"k": ["a", "b"]}}
    assert frozen({"a": {"x": ["1"]}, "b": {}}) == frozen({"b": {}, "a": {"x": ["1"]}})


def test_a_deny_that_only_names_resources_is_told_by_these() -> None:
    """`sns:Publish` on everything but topics is what sends messages to phones; other limits are named.

    https://docs.aws.amazon.com/sns/latest/dg/sns-using-identity-based-policies.html
    """
    topics = Statement(effect="Deny", actions=("sns:Publish",), resources=("arn:aws:sns:*:*:*",))
    condition = ConditionEntry("Bool", "aws:MultiFactorAuthPresent", ("false",))
    named = Statement(effect="Deny", actions=("sns:*",), resources=("*",), sid="NoMfa", conditions=(condition,))

    def limits(*statements: Statement) -> str | None:
        actions = CATALOG.expand("sns:Publish")
        return grant_limits(Grant(actions=actions, resources=("*",), conditional=True, limited_by=statements))

    assert limits(topics) == "except on `arn:aws:sns:*:*:*`"
    assert limits(topics, named) == "except on `arn:aws:sns:*:*:*`, limited by `NoMfa`"
    assert limits() is None
