"""What resource policies take from identity policies."""

from __future__ import annotations

from typing import Any

from permscope.graph.model import Decision, EdgeKind
from permscope.graph.questions.asking import who_can
from permscope.graph.questions.paths import find_paths

BUCKET = """\
  Bucket: {{Type: AWS::S3::Bucket}}
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Bucket
      PolicyDocument:
        Version: '2012-10-17'
        Statement: [{0}]
"""
READER = "{Effect: Allow, Action: ['s3:GetObject', 's3:DeleteObject'], Resource: !Sub '${Bucket.Arn}/*'}"


def test_a_deny_of_the_bucket_wins_over_the_role(world: Any, function: Any) -> None:
    """AWS documents it (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html)."""
    deny = "{Effect: Deny, Principal: '*', Action: 's3:Delete*', Resource: !Sub '${Bucket.Arn}/*'}"
    edge = world(function("Fn", READER), BUCKET.format(deny)).edge(EdgeKind.CAN_ACCESS, "FnRole", "Bucket")
    assert edge.actions.patterns() == ("s3:GetObject",)


def test_a_conditional_deny_makes_the_edge_conditional(world: Any, function: Any) -> None:
    """What a Deny may leave is not hidden."""
    deny = (
        "{Effect: Deny, Principal: '*', Action: 's3:*', Resource: !Sub '${Bucket.Arn}/*', "
        "Condition: {StringNotEquals: {'aws:SourceVpce': vpce-1}}}"
    )
    edge = world(function("Fn", READER), BUCKET.format(deny)).edge(EdgeKind.CAN_ACCESS, "FnRole", "Bucket")
    assert edge.decision is Decision.CONDITIONAL
    assert "limited by" in edge.reason


def test_a_deny_of_plain_http_limits_nobody(world: Any, function: Any) -> None:
    """Whoever may choose TLS may choose it."""
    deny = (
        "{Effect: Deny, Principal: '*', Action: 's3:*', Resource: !Sub '${Bucket.Arn}/*', "
        "Condition: {Bool: {'aws:SecureTransport': 'false'}}}"
    )
    edge = world(function("Fn", READER), BUCKET.format(deny)).edge(EdgeKind.CAN_ACCESS, "FnRole", "Bucket")
    assert edge.decision is Decision.ALLOW


KEY = """\
  Key:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy:
        Version: '2012-10-17'
        Statement: [{{Effect: Allow, Principal: {{{0}}}, Action: 'kms:*', Resource: '*'}}]
"""
DECRYPT = "{Effect: Allow, Action: 'kms:Decrypt', Resource: !GetAtt Key.Arn}"


def test_identity_policies_count_for_a_key_only_where_its_policy_says_so(world: Any, function: Any) -> None:
    """AWS documents it (https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html)."""
    root = "AWS: !Sub 'arn:aws:iam::${AWS::AccountId}:root'"
    assert world(function("Fn", DECRYPT), KEY.format(root)).edges(EdgeKind.CAN_ACCESS, "FnRole", "Key")
    other = "AWS: 'arn:aws:iam::111122223333:root'"
    assert not world(function("Fn", DECRYPT), KEY.format(other)).edges(EdgeKind.CAN_ACCESS, "FnRole", "Key")


def test_a_grant_on_every_role_is_no_way_into_one_that_trusts_others(world: Any) -> None:
    """Who may assume any role may assume those that trust it or its account, once each.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-trust-policy.html
    """
    made = world(
        """\
  Any:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: {Effect: Allow, Principal: {Service: ec2.amazonaws.com}, Action: sts:AssumeRole}
      Policies:
        - PolicyName: own
          PolicyDocument:
            Statement: {Effect: Allow, Action: sts:AssumeRole, Resource: !Sub 'arn:aws:iam::${AWS::AccountId}:role/*'}
  ServiceOnly:
    Type: AWS::IAM::Role
    Properties:
      RoleName: service-only
      AssumeRolePolicyDocument:
        Statement: {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}
  OfAccount:
    Type: AWS::IAM::Role
    Properties:
      RoleName: of-account
      AssumeRolePolicyDocument:
        Statement: {Effect: Allow, Principal: {AWS: !Ref AWS::AccountId}, Action: sts:AssumeRole}
  WithWord:
    Type: AWS::IAM::Role
    Properties:
      RoleName: with-word
      AssumeRolePolicyDocument:
        Statement:
          Effect: Allow
          Principal: {AWS: !Ref AWS::AccountId}
          Action: sts:AssumeRole
          Condition: {StringEquals: {'sts:ExternalId': word}}
"""
    )

    def decided(role: str) -> list[Decision]:
        return [one.decision for one in who_can(made.graph, "sts:AssumeRole", role) if one.principal.label == "Any"]

    assert decided("ServiceOnly") == []
    assert decided("OfAccount") == [Decision.ALLOW]
    assert decided("WithWord") == [Decision.CONDITIONAL]
    start = made.node("Any")
    assert find_paths(made.graph, start, made.node("ServiceOnly")) == []
    assert len(find_paths(made.graph, start, made.node("OfAccount"))) == 1
