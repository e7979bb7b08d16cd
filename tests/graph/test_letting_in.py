"""Services at the door of functions, roles and queues."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from permscope.collect.load import load
from permscope.graph.build import build_graph
from permscope.graph.letting_in import source_context
from permscope.graph.model import EdgeKind

RULE = """\
  Group: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /events/all}}
  Rule: {Type: AWS::Events::Rule, Properties: {EventPattern: {source: [a]}, Targets: [{Id: a, Arn: !GetAtt Group.Arn}]}}
"""
POLICY = """\
  Policy:
    Type: AWS::Logs::ResourcePolicy
    Properties:
      PolicyName: p
      PolicyDocument: !Sub |
        {{"Version": "2012-10-17", "Statement": [{{
          "Effect": "Allow", "Principal": {{"Service": "events.amazonaws.com"}},
          "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "{0}"}}]}}
"""


@pytest.mark.parametrize(
    ("resource", "authorized"),
    [
        ("arn:aws:logs:${{AWS::Region}}:${{AWS::AccountId}}:log-group:/events/*:*", True),
        ("${{Group.Arn}}", True),
        ("arn:aws:logs:${{AWS::Region}}:${{AWS::AccountId}}:log-group:/other/*:*", False),
        (None, False),
    ],
)
def test_log_policies_of_the_account_are_about_the_groups_they_name(
    world: Any, resource: str | None, authorized: bool
) -> None:
    """AWS documents it (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html)."""
    policy = "" if resource is None else POLICY.format(resource.format())
    assert world(RULE, policy).edge(EdgeKind.DELIVERS_TO, "Rule", "Group").authorized is authorized


def test_a_source_has_the_account_of_its_arn() -> None:
    """A bucket's ARN has none, so only what the fact says counts."""
    assert source_context("arn:aws:sns:r:111122223333:t", None)["aws:SourceAccount"] == ("111122223333",)
    assert source_context("arn:aws:s3:::b", None) == {"aws:SourceArn": ("arn:aws:s3:::b",)}
    assert source_context(None, None) == {}


@pytest.mark.parametrize(("condition", "authorized"), [("", True), ("Condition: Prod, ", None)])
def test_a_permission_that_may_not_be_deployed_is_unknown(
    world: Any, function: Any, condition: str, authorized: bool | None
) -> None:
    """A template condition nobody decided makes the wiring depend on it."""
    head = (
        "AWSTemplateFormatVersion: '2010-09-09'\nParameters: {Stage: {Type: String}}\n"
        "Conditions: {Prod: !Equals [!Ref Stage, prod]}\nResources:\n"
    )
    topic = (
        "  Topic: {Type: AWS::SNS::Topic, Properties: {Subscription: [{Protocol: lambda, Endpoint: !GetAtt Fn.Arn}]}}\n"
    )
    allow = (
        f"  Allow: {{{condition}Type: AWS::Lambda::Permission, Properties: {{Action: lambda:InvokeFunction, "
        "FunctionName: !Ref Fn, Principal: sns.amazonaws.com, SourceArn: !Ref Topic}}\n"
    )
    edge = world(head + function() + topic + allow).edge(EdgeKind.TRIGGERS)
    assert edge.authorized is authorized
    if authorized is None:
        assert edge.conditions["template"] == {"condition": ["Prod"]}


def test_a_role_that_two_templates_define_differently_is_judged_in_each(tmp_path: Path) -> None:
    """An account has a role name once (reference_iam-quotas.html): each template is read as the one deployed."""
    text = """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: shared
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: SERVICE}, Action: sts:AssumeRole}]
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties: {RoleArn: !GetAtt Role.Arn, Definition: {StartAt: A, States: {A: {Type: Succeed}}}}
"""
    (tmp_path / "a.yaml").write_text(text.replace("SERVICE", "lambda.amazonaws.com"), encoding="utf-8")

    def runs() -> dict[str | None, bool | None]:
        graph = build_graph(load([str(tmp_path)]))
        runs = [edge for edge in graph.edges if edge.kind is EdgeKind.EXECUTES_AS]
        return {Path(graph.nodes[edge.source].source.file or "").name: edge.authorized for edge in runs}

    assert runs() == {"a.yaml": False}
    (tmp_path / "b.yaml").write_text(text.replace("SERVICE", "states.amazonaws.com"), encoding="utf-8")
    assert runs() == {"a.yaml": False, "b.yaml": True}
