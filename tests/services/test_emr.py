"""Clusters of EMR in a template."""

from __future__ import annotations

from pathlib import Path

from permscope.collect.load import load
from permscope.graph.build import build_graph
from permscope.graph.model import EdgeKind

TEMPLATE = """
Resources:
  Nodes:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: {Effect: Allow, Principal: {Service: ec2.amazonaws.com}, Action: sts:AssumeRole}
  Service:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: {Effect: Allow, Principal: {Service: elasticmapreduce.amazonaws.com}, Action: sts:AssumeRole}
  Profile: {Type: AWS::IAM::InstanceProfile, Properties: {Roles: [!Ref Nodes]}}
  Cluster:
    Type: AWS::EMR::Cluster
    Properties: {Name: c, JobFlowRole: !Ref Profile, ServiceRole: !Ref Service, Instances: {}}
"""


def test_a_cluster_acts_with_its_own_role_and_that_of_its_nodes(tmp_path: Path) -> None:
    """Both trust who takes them, so both edges are sure."""
    path = tmp_path / "template.yaml"
    path.write_text(TEMPLATE, encoding="utf-8")
    graph = build_graph(load([str(path)]))
    edges = [edge for edge in graph.edges_of(EdgeKind.EXECUTES_AS) if graph.nodes[edge.source].label == "Cluster"]
    assert {(graph.nodes[edge.target].label, edge.authorized) for edge in edges} == {("Service", True), ("Nodes", True)}
