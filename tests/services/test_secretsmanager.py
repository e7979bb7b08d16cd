"""Secrets and the functions that rotate them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from permscope.inventory.facts import Mechanism, Resource, ResourcePolicy, Trigger, Unknown

Read = Callable[..., list[Any]]
HERE = "${AWS::Region}:${AWS::AccountId}"
ARN = "arn:${AWS::Partition}"


def test_a_rotation_function_is_called_for_its_secret(read: Read) -> None:
    """Secrets Manager sends the account, and the function's own policy must let it in."""
    (trigger,) = read(
        """
Resources:
  S: {Type: AWS::SecretsManager::Secret, Properties: {Name: db}}
  R:
    Type: AWS::SecretsManager::RotationSchedule
    Properties: {SecretId: !Ref S, RotationLambdaARN: 'arn:aws:lambda:eu-west-1:111122223333:function:rotate'}
""",
        Trigger,
    )
    assert (trigger.mechanism, trigger.service) == (Mechanism.RESOURCE_POLICY, "secretsmanager.amazonaws.com")
    assert trigger.source_id == f"{ARN}:secretsmanager:{HERE}:secret:db-??????"
    assert trigger.source_account == "${AWS::AccountId}"


def test_a_hosted_rotation_function_is_unknown(read: Read) -> None:
    """It is made at deployment by a transform of AWS."""
    found = read(
        """
Resources:
  R:
    Type: AWS::SecretsManager::RotationSchedule
    Properties: {SecretId: s, HostedRotationLambda: {RotationType: MySQLSingleUser}}
""",
        Unknown,
    )
    assert [fact.kind for fact in found] == ["transform"]


def test_a_secret_is_protected_by_its_policy_and_never_read(read: Read) -> None:
    """The value stands in no fact."""
    facts = read("""
Resources:
  S: {Type: AWS::SecretsManager::Secret, Properties: {SecretString: hush-hush, KmsKeyId: alias/own}}
  P:
    Type: AWS::SecretsManager::ResourcePolicy
    Properties:
      SecretId: !Ref S
      ResourcePolicy: {Statement: [{Effect: Allow, Principal: '*', Action: 'secretsmanager:*', Resource: '*'}]}
""")
    (secret,) = [fact for fact in facts if isinstance(fact, Resource)]
    assert [fact.resource_arn for fact in facts if isinstance(fact, ResourcePolicy)] == [secret.id]
    assert secret.attributes["kms_key_arn"] == f"{ARN}:kms:{HERE}:alias/own"
    assert "hush-hush" not in repr(facts)


@pytest.mark.parametrize(
    ("target", "arn", "unknowns"),
    [
        ("SecretId: by-name, ", f"{ARN}:secretsmanager:{HERE}:secret:by-name-??????", []),
        ("", "${Unknown::AWS::SecretsManager::ResourcePolicy/P}", ["what it protects is not known"]),
    ],
)
def test_a_policy_on_a_secret_that_is_in_no_template_is_read(
    read: Read, target: str, arn: str, unknowns: list[str]
) -> None:
    """The ARN of a secret ends in characters AWS chooses; whom the policy lets in is there, whatever it is on.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
    """
    statement = "{Effect: Allow, Principal: '*', Action: 'secretsmanager:GetSecretValue', Resource: '*'}"
    facts = read(
        f"""
Resources:
  P:
    Type: AWS::SecretsManager::ResourcePolicy
    Properties: {{{target}ResourcePolicy: {{Version: '2012-10-17', Statement: [{statement}]}}}}
"""
    )
    (policy,) = (fact for fact in facts if isinstance(fact, ResourcePolicy))
    assert (policy.resource_arn, len(policy.policy.statements)) == (arn, 1)
    assert [fact.why for fact in facts if isinstance(fact, Unknown)] == unknowns
