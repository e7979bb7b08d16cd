"""Who resource policies let in."""

from __future__ import annotations

from typing import Any

import pytest

from permscope.graph.model import Decision, EdgeKind, NodeKind
from permscope.graph.trusted import TrustedParties


def permission(principal: str, more: str = "", action: str = "lambda:InvokeFunction") -> str:
    """A permission of the function."""
    return (
        "  Allow:\n    Type: AWS::Lambda::Permission\n    Properties: {"
        f"Action: '{action}', FunctionName: !Ref Fn, Principal: {principal}{more}}}\n"
    )


@pytest.mark.parametrize(
    ("principal", "kind", "node_id"),
    [
        ("events.amazonaws.com", NodeKind.SERVICE, "service:events.amazonaws.com"),
        ("'*'", NodeKind.PUBLIC, "public"),
        ("'111122223333'", NodeKind.ACCOUNT, "account:111122223333"),
        ("arn:aws:iam::111122223333:root", NodeKind.ACCOUNT, "account:111122223333"),
        ("!Ref AWS::AccountId", NodeKind.ACCOUNT, "account:${AWS::AccountId}"),
        ("arn:aws:iam::111122223333:role/theirs", NodeKind.EXTERNAL, "arn:aws:iam::111122223333:role/theirs"),
        ("!GetAtt FnRole.Arn", NodeKind.ROLE, "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/${FnRole}"),
    ],
)
def test_each_principal_of_a_function_policy_can_invoke(
    world: Any, function: Any, principal: str, kind: NodeKind, node_id: str
) -> None:
    """Services, accounts, roles and the public are nodes."""
    made = world(function(), permission(principal))
    edge = made.edge(EdgeKind.CAN_INVOKE, target="Fn")
    assert (edge.source, made.graph.nodes[edge.source].kind) == (node_id, kind)
    assert edge.decision is Decision.ALLOW
    assert edge.actions.patterns() == ("lambda:InvokeFunction",)


def test_a_source_arn_is_a_condition_of_the_edge(world: Any, function: Any) -> None:
    """The stored form of `SourceArn` (https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html)."""
    edge = world(function(), permission("s3.amazonaws.com", ", SourceArn: 'arn:aws:s3:::b'")).edge(EdgeKind.CAN_INVOKE)
    assert edge.decision is Decision.CONDITIONAL
    assert edge.conditions == {"ArnLike": {"AWS:SourceArn": ["arn:aws:s3:::b"]}}


def test_more_than_invoking_is_access(world: Any, function: Any) -> None:
    """`lambda:*` lets the account change the code, too."""
    made = world(function(), permission("'111122223333'", action="lambda:*"))
    assert "lambda:UpdateFunctionCode" in made.edge(EdgeKind.CAN_ACCESS, "account 111122223333", "Fn").actions
    assert "lambda:InvokeFunction" in made.edge(EdgeKind.CAN_INVOKE, "account 111122223333", "Fn").actions


def test_a_trusted_account_is_marked(world: Any, function: Any) -> None:
    """The user vouches for accounts by id."""
    made = world(function(), permission("'111122223333'"), trusted=TrustedParties(accounts=frozenset(["111122223333"])))
    assert made.node("account:111122223333").trusted is True


def test_a_queue_policy_lets_its_principals_in(world: Any) -> None:
    """Resource policies of everything else are `can_access`."""
    made = world(
        """\
  Queue: {Type: AWS::SQS::Queue}
  Policy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Queue]
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
          - {Effect: Allow, Principal: '*', Action: 'sqs:*', Resource: '*'}
          - {Effect: Deny, Principal: '*', Action: 'sqs:Delete*', Resource: '*'}
"""
    )
    edge = made.edge(EdgeKind.CAN_ACCESS, "public", "Queue")
    assert "sqs:SendMessage" in edge.actions
    assert "sqs:DeleteMessage" not in edge.actions
    assert edge.actions.services() == ("sqs",)


@pytest.mark.parametrize(("block", "source"), [("false", "public"), ("true", "account:${AWS::AccountId}")])
def test_a_bucket_that_blocks_public_policies_is_open_to_its_account_alone(world: Any, block: str, source: str) -> None:
    """AWS documents it (https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html)."""
    made = world(
        f"""\
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      PublicAccessBlockConfiguration: {{BlockPublicPolicy: {block}, RestrictPublicBuckets: {block}}}
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Bucket
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
          - {{Effect: Allow, Principal: '*', Action: 's3:GetObject', Resource: !Sub '${{Bucket.Arn}}/*'}}
"""
    )
    assert made.edge(EdgeKind.CAN_ACCESS, target="Bucket").source == source
