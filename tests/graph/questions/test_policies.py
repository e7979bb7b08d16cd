"""The policies of a principal of the graph as one document."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from permscope.collect.load import load
from permscope.errors import NameNotFoundError
from permscope.graph.build import build_graph
from permscope.graph.model import PermissionGraph
from permscope.graph.questions.policies import policy_of
from permscope.graph.questions.queries import find_node

TEMPLATE = dedent("""\
    Resources:
      Role:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument:
            Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
          PermissionsBoundary: !Ref Boundary
          ManagedPolicyArns: [arn:aws:iam::123456789012:policy/elsewhere]
          Policies:
            - PolicyName: work
              PolicyDocument:
                Version: "2012-10-17"
                Statement:
                  - {Effect: Allow, Action: "s3:*", Resource: "*"}
                  - {Effect: Deny, Action: "s3:Delete*", Resource: "*"}
      Boundary:
        Type: AWS::IAM::ManagedPolicy
        Properties:
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - {Effect: Allow, Action: ["s3:GetObject", "s3:DeleteObject", "sqs:*"], Resource: "arn:aws:s3:::b/*"}
      Function:
        Type: AWS::Lambda::Function
        Properties: {Role: !GetAtt Role.Arn, Code: {ZipFile: x}, Runtime: python3.13, Handler: index.handler}
    """)


@pytest.fixture
def graph(tmp_path: Path) -> PermissionGraph:
    """A function with a role that has a boundary, and a policy that nobody has."""
    path = tmp_path / "template.yaml"
    path.write_text(TEMPLATE, encoding="utf-8")
    return build_graph(load([str(path)]))


@pytest.mark.parametrize("name", ["Role", "Function"])
def test_boundary_and_denies_are_taken_off(graph: PermissionGraph, name: str) -> None:
    """A function has the policies of its role."""
    made = policy_of(graph, find_node(graph, name))
    assert made.document == {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}],
    }


def test_a_policy_that_nobody_has_is_told(graph: PermissionGraph) -> None:
    """A document that is not there is no silent loss."""
    (remark,) = policy_of(graph, find_node(graph, "Role")).remarks
    assert remark.startswith("the document of `arn:aws:iam::123456789012:policy/elsewhere` is in no input")


def test_who_has_no_policies_is_told_so(graph: PermissionGraph) -> None:
    """The public has none to write down."""
    with pytest.raises(NameNotFoundError, match="has no identity policies"):
        policy_of(graph, find_node(graph, "public"))
