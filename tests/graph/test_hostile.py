"""Whatever the facts say, a graph comes out."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from permscope.graph.build import build_graph
from permscope.graph.questions.queries import focus
from permscope.inventory.facts import (
    AnyFact,
    Auth,
    Delivery,
    Function,
    Mechanism,
    Need,
    Resource,
    ResourcePolicy,
    Role,
    RoleUse,
    Route,
    Trigger,
    User,
)
from permscope.inventory.inventory import Inventory
from permscope.inventory.policies import PolicyKind, parse_policy
from permscope.report.graph_json import graph_document

TEXTS = st.sampled_from(
    [
        "",
        "*",
        "x",
        "arn:",
        "arn:aws:::::",
        "arn:aws:lambda:us-east-1:111122223333:function:f",
        "arn:aws:lambda:us-east-1:111122223333:function:f:live",
        "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:f",
        "arn:aws:iam::111122223333:role/r",
        "arn:aws:iam::111122223333:root",
        "arn:aws:iam::${Param::Account}:role/${Param::Role}",
        "arn:aws:sqs:*:*:q*",
        "arn:aws:s3:::b/*",
        "${Param::Anything}",
        "${broken",
        "url:x",
        "s3.amazonaws.com",
        "111122223333",
        "caller",
        "a" * 300 + "*" * 20 + "b",
    ]
)
ACTIONS = st.sampled_from(
    ["*", "s3:*", "lambda:InvokeFunction", "sts:AssumeRole", "iam:PassRole", "nonsense", "a:b", ""]
)
CONDITIONS = st.sampled_from(
    [{}, {"StringEquals": {"aws:SourceAccount": "111122223333"}}, {"Nonsense": {"k": ["v"]}}, {"Bool": {"a": True}}]
)


@st.composite
def policies(draw: st.DrawFn) -> object:
    """A policy document of some kind, perhaps one AWS would refuse."""
    statements = draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "Effect": st.sampled_from(["Allow", "Deny"]),
                    "Action": st.lists(ACTIONS, max_size=3),
                    "Resource": st.lists(TEXTS, max_size=3),
                    "Condition": CONDITIONS,
                },
                optional={
                    "Principal": st.one_of(
                        st.just("*"), st.dictionaries(st.sampled_from(["AWS", "Service", "Federated"]), TEXTS)
                    )
                },
            ),
            max_size=3,
        )
    )
    return parse_policy({"Statement": statements}, name="p", kind=draw(st.sampled_from(PolicyKind)))


NEEDS = st.tuples(st.builds(Need, actions=st.tuples(ACTIONS), resource_arn=TEXTS))
FACTS = st.one_of(
    st.builds(Function, arn=TEXTS, name=TEXTS, role_arn=st.one_of(st.none(), TEXTS)),
    st.builds(Role, arn=TEXTS, name=TEXTS, trust=policies(), inline_policies=st.tuples(policies())),
    st.builds(User, arn=TEXTS, name=TEXTS, inline_policies=st.tuples(policies())),
    st.builds(Resource, id=TEXTS, name=TEXTS, type=TEXTS, arn=st.one_of(st.none(), TEXTS)),
    st.builds(ResourcePolicy, resource_arn=TEXTS, policy=policies()),
    st.builds(
        Trigger,
        function_arn=TEXTS,
        event=TEXTS,
        mechanism=st.sampled_from(Mechanism),
        service=TEXTS,
        source_id=st.one_of(st.none(), TEXTS),
        source_arn=st.one_of(st.none(), TEXTS),
        role_arn=st.one_of(st.none(), TEXTS),
        required=NEEDS,
    ),
    st.builds(
        Route,
        id=TEXTS,
        api_id=TEXTS,
        auth=st.sampled_from(Auth),
        execute_arn=st.one_of(st.none(), TEXTS),
        private=st.booleans(),
    ),
    st.builds(Delivery, sender_id=TEXTS, target_arn=TEXTS, event=TEXTS, service=st.one_of(st.none(), TEXTS)),
    st.builds(RoleUse, user_id=TEXTS, role_arn=TEXTS, service=TEXTS, required=NEEDS),
)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(FACTS, max_size=10))
def test_no_facts_break_the_graph(facts: list[AnyFact]) -> None:
    """Every edge has both ends and a place; the document is JSON."""
    graph = build_graph(Inventory(facts))
    for edge in graph.edges:
        assert edge.source in graph.nodes
        assert edge.target in graph.nodes
        assert edge.provenance
    json.dumps(graph_document(graph))
    for node in list(graph.nodes.values())[:3]:
        assert node.id in focus(graph, node).nodes
