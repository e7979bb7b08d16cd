"""Keys, their policies and aliases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from permscope.inventory.facts import Resource, ResourcePolicy

Read = Callable[..., list[Any]]
HERE = "${AWS::Region}:${AWS::AccountId}"
ARN = "arn:${AWS::Partition}"


KEY = f"{ARN}:kms:{HERE}:key/${{K}}"


def test_a_key_has_the_policy_it_is_given(read: Read) -> None:
    """The key policy is the root of trust."""
    (policy,) = read(
        """
Resources:
  K:
    Type: AWS::KMS::Key
    Properties: {KeyPolicy: {Statement: [{Effect: Allow, Principal: {AWS: '*'}, Action: 'kms:*', Resource: '*'}]}}
""",
        ResourcePolicy,
    )
    assert policy.resource_arn == KEY
    assert policy.policy.statements[0].principals == (("AWS", "*"),)


def test_a_key_without_policy_is_handed_to_its_account(read: Read) -> None:
    """https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html ."""
    (policy,) = read("Resources: {K: {Type: AWS::KMS::Key}}", ResourcePolicy)
    (statement,) = policy.policy.statements
    assert statement.principals == (("AWS", f"{ARN}:iam::${{AWS::AccountId}}:root"),)
    assert (statement.actions, policy.resource_arn) == (("kms:*",), KEY)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("!Ref K", KEY),
        ("!GetAtt K.Arn", KEY),
        ("!Ref A", KEY),
        ("alias/mine", KEY),
        ("alias/aws/sqs", f"{ARN}:kms:{HERE}:alias/aws/sqs"),
        ("1234abcd", f"{ARN}:kms:{HERE}:key/1234abcd"),
        ("arn:aws:kms:eu-west-1:111122223333:key/1", "arn:aws:kms:eu-west-1:111122223333:key/1"),
        ("!Ref Given", "${Param::Given}"),
    ],
)
def test_a_key_is_found_however_it_is_named(read: Read, given: str, expected: str) -> None:
    """By id, ARN or alias; an alias of the template is followed to its key."""
    found = read(
        f"""
Parameters: {{Given: {{Type: String}}}}
Resources:
  K: {{Type: AWS::KMS::Key}}
  A: {{Type: AWS::KMS::Alias, Properties: {{AliasName: alias/mine, TargetKeyId: !GetAtt K.Arn}}}}
  Q: {{Type: AWS::SQS::Queue, Properties: {{KmsMasterKeyId: {given}}}}}
""",
        Resource,
    )
    (queue,) = [fact for fact in found if fact.type == "AWS::SQS::Queue"]
    assert queue.attributes["kms_key_arn"] == expected


def test_aliases_of_each_other_lead_to_no_key(read: Read) -> None:
    """There is no alias of an alias: https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html ."""
    one, other = read(
        """
Resources:
  A: {Type: AWS::KMS::Alias, Properties: {AliasName: alias/a, TargetKeyId: alias/b}}
  B: {Type: AWS::KMS::Alias, Properties: {AliasName: alias/b, TargetKeyId: !Ref A}}
""",
        Resource,
    )
    assert one.attributes["target_key_arn"] == f"{ARN}:kms:{HERE}:alias/b"
    assert other.attributes["target_key_arn"] == f"{ARN}:kms:{HERE}:alias/a"
