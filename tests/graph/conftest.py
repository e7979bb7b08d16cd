"""Small worlds: a template as text becomes a graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from permscope.collect.load import LoadOptions, load
from permscope.graph.build import build_graph
from permscope.graph.model import Edge, EdgeKind, Node, PermissionGraph
from permscope.graph.questions.queries import find_node
from permscope.graph.trusted import TrustedParties

HEAD = "AWSTemplateFormatVersion: '2010-09-09'\nTransform: AWS::Serverless-2016-10-31\nResources:\n"
FUNCTION = """\
  {name}:
    Type: AWS::Lambda::Function
    Properties: {{Runtime: python3.12, Handler: a.b, Code: {{ZipFile: 'x'}}, Role: !GetAtt {name}Role.Arn}}
  {name}Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement: {{Effect: Allow, Principal: {{Service: lambda.amazonaws.com}}, Action: sts:AssumeRole}}
      Policies:
        - PolicyName: own
          PolicyDocument: {{Version: '2012-10-17', Statement: [{statements}]}}
"""
LOGS = "{Effect: Allow, Action: logs:PutLogEvents, Resource: '*'}"


def _function(name: str = "Fn", *statements: str) -> str:
    """A function with a role of its own that has the given statements."""
    return FUNCTION.format(name=name, statements=", ".join(statements or (LOGS,)))


@dataclass
class World:
    """A graph and short ways to look at it."""

    graph: PermissionGraph

    def node(self, name: str) -> Node:
        """The node a name means."""
        return find_node(self.graph, name)

    def edges(self, kind: EdgeKind, source: str | None = None, target: str | None = None) -> list[Edge]:
        """Edges of a kind between two nodes given by label or id; None means any."""

        def fits(node_id: str, wanted: str | None) -> bool:
            node = self.graph.nodes[node_id]
            return wanted is None or wanted in (node.id, node.label, node.service)

        return [edge for edge in self.graph.edges_of(kind) if fits(edge.source, source) and fits(edge.target, target)]

    def edge(self, kind: EdgeKind, source: str | None = None, target: str | None = None) -> Edge:
        """The one edge there is."""
        found = self.edges(kind, source, target)
        assert len(found) == 1, [(each.source, each.target, each.conditions) for each in found]
        return found[0]


@pytest.fixture
def function() -> Callable[..., str]:
    """The text of a function whose role has given statements."""
    return _function


@pytest.fixture
def world(tmp_path: Path) -> Callable[..., World]:
    """Make a world of one template's resources."""

    def make(*resources: str, trusted: TrustedParties | None = None, **options: str) -> World:
        path = tmp_path / "template.yaml"
        text = "".join(resources)
        path.write_text(text if text.startswith(("AWS", "Param", "Trans")) else HEAD + text, encoding="utf-8")
        return World(build_graph(load([str(path)], LoadOptions(**options)), trusted))  # type: ignore[arg-type]

    return make
