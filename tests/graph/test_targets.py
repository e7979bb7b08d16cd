"""What `Resource` patterns mean."""

from __future__ import annotations

from typing import Any

import pytest

from permscope.graph.model import EdgeKind, NodeKind, PermissionGraph
from permscope.graph.nodes import Nodes
from permscope.graph.targets import Targets
from permscope.graph.trusted import TrustedParties
from permscope.inventory.inventory import Inventory

EXTERNAL, SET = NodeKind.EXTERNAL, NodeKind.RESOURCE_SET


@pytest.mark.parametrize(
    ("pattern", "node_id", "kind", "rest"),
    [
        ("*", "set:*", SET, ""),
        ("arn:aws:s3:::b", "arn:aws:s3:::b", EXTERNAL, ""),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b", EXTERNAL, "/*"),
        ("arn:aws:s3:::b/logs/${aws:username}/*", "arn:aws:s3:::b", EXTERNAL, "/logs/${aws:username}/*"),
        ("arn:aws:s3:::${aws:username}/*", "set:arn:aws:s3:::${aws:username}/*", SET, ""),
        ("arn:aws:s3:::b*/*", "set:arn:aws:s3:::b*/*", SET, ""),
        ("arn:aws:sqs:*:*:q", "set:arn:aws:sqs:*:*:q", SET, ""),
        (
            "arn:aws:lambda:us-east-1:111122223333:function:f:*",
            "arn:aws:lambda:us-east-1:111122223333:function:f",
            EXTERNAL,
            ":*",
        ),
        (
            "arn:aws:logs:us-east-1:111122223333:log-group:/aws/lambda/f:*",
            "arn:aws:logs:us-east-1:111122223333:log-group:/aws/lambda/f",
            EXTERNAL,
            ":*",
        ),
        ("${Param::TableArn}", "${Param::TableArn}", EXTERNAL, ""),
        ("arn:aws:iam::111122223333:role/app/*", "set:arn:aws:iam::111122223333:role/app/*", SET, ""),
    ],
)
def test_a_pattern_is_a_stranger_or_a_set(pattern: str, node_id: str, kind: NodeKind, rest: str) -> None:
    """A wildcard below a named thing leaves the thing named; one in its name makes a set."""
    graph = PermissionGraph()
    targets = Targets(Nodes(Inventory(()), graph, TrustedParties()))
    (target,) = targets.of(pattern)
    assert (target.id, target.kind, target.rest) == (node_id, kind, rest)
    assert graph.nodes[node_id].kind is kind
    assert targets.of(pattern) is targets.of(pattern)


def test_what_not_resource_leaves_is_a_set() -> None:
    """Everything but the patterns."""
    targets = Targets(Nodes(Inventory(()), PermissionGraph(), TrustedParties()))
    assert targets.all_but(("arn:aws:s3:::b",)).id == "set:!arn:aws:s3:::b"


@pytest.mark.parametrize(("reference", "qualifier"), [("Fn.Alias", "live"), ("Fn.Version", None)])
def test_an_alias_or_version_in_a_policy_is_the_function_on_it(
    world: Any, reference: str, qualifier: str | None
) -> None:
    """`!Ref Fn.Alias` and `!Ref Fn.Version` are qualified ARNs of the function, and no things of their own.

    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html
    """
    found = world(f"""\
  Fn:
    Type: AWS::Serverless::Function
    Properties: {{Runtime: python3.12, Handler: a.b, AutoPublishAlias: live}}
  Caller:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: a.b
      Policies:
        - Statement: [{{Effect: Allow, Action: 'lambda:InvokeFunction', Resource: !Ref {reference}}}]
""")
    edge = found.edge(EdgeKind.CAN_INVOKE, "CallerRole", "Fn")
    assert edge.qualifier is not None
    assert edge.qualifier == qualifier or qualifier is None
    assert not [
        node for node in found.graph.nodes.values() if node.type in ("AWS::Lambda::Alias", "AWS::Lambda::Version")
    ]
