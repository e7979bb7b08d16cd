"""User pools and identity pools."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from permscope.inventory.facts import AnyFact, IdentityProvider, Mechanism, Resource, RoleUse, Trigger
from permscope.services.cognito import event_of

Read = Callable[[str], list[AnyFact]]
FN = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${Fn}"
POOL = "arn:${AWS::Partition}:cognito-idp:${AWS::Region}:${AWS::AccountId}:userpool/${Pool}"
WORLD = """
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.13, Role: !GetAtt Role.Arn}}
  Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Statement: []}}}
"""


@pytest.mark.parametrize(
    ("trigger", "event"),
    [
        ("PreSignUp", "cognito-pre-sign-up"),
        ("CustomSMSSender", "cognito-custom-sms-sender"),
        ("VerifyAuthChallengeResponse", "cognito-verify-auth-challenge-response"),
    ],
)
def test_the_event_of_a_trigger_reads_aloud(trigger: str, event: str) -> None:
    """The words of AWS's name, in lower case."""
    assert event_of(trigger) == event


def test_a_user_pool_runs_its_functions_by_their_own_policy(read: Read) -> None:
    """Every entry of `LambdaConfig` is a trigger with the pool as source; a function named twice for one is one.

    https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html
    """
    facts = read(
        WORLD
        + """
  Pool:
    Type: AWS::Cognito::UserPool
    Properties:
      LambdaConfig:
        PreSignUp: !GetAtt Fn.Arn
        PreTokenGeneration: !GetAtt Fn.Arn
        PreTokenGenerationConfig: {LambdaArn: !GetAtt Fn.Arn, LambdaVersion: V2_0}
        CustomEmailSender: {LambdaArn: !GetAtt Fn.Arn, LambdaVersion: V1_0}
      SmsConfiguration: {SnsCallerArn: !GetAtt Role.Arn, ExternalId: x}
"""
    )
    triggers = [fact for fact in facts if isinstance(fact, Trigger)]
    assert [(trigger.event, trigger.source.line) for trigger in triggers] == [
        ("cognito-pre-sign-up", 10),
        ("cognito-pre-token-generation", 11),
        ("cognito-custom-email-sender", 13),
    ]
    assert {(trigger.function_arn, trigger.mechanism, trigger.service) for trigger in triggers} == {
        (FN, Mechanism.RESOURCE_POLICY, "cognito-idp.amazonaws.com")
    }
    assert {(trigger.source_id, trigger.source_arn, trigger.source_account) for trigger in triggers} == {
        (POOL, POOL, "${AWS::AccountId}")
    }
    (use,) = [fact for fact in facts if isinstance(fact, RoleUse)]
    assert (use.user_id, use.required[0].actions) == (POOL, ("sns:Publish",))


def test_an_identity_pool_says_whom_it_gives_which_role(read: Read) -> None:
    """People without a login get the unauthenticated role where the pool allows them.

    https://docs.aws.amazon.com/cognito/latest/developerguide/iam-roles.html
    """
    facts = read(
        WORLD
        + """
  Pool: {Type: AWS::Cognito::IdentityPool, Properties: {AllowUnauthenticatedIdentities: true, AllowClassicFlow: true}}
  Roles:
    Type: AWS::Cognito::IdentityPoolRoleAttachment
    Properties:
      IdentityPoolId: !Ref Pool
      Roles: {unauthenticated: !GetAtt Role.Arn, authenticated: "arn:aws:iam::111122223333:role/in"}
      RoleMappings:
        web:
          Type: Rules
          RulesConfiguration:
            Rules: [{Claim: a, MatchType: Equals, Value: b, RoleARN: "arn:aws:iam::111122223333:role/m"}]
"""
    )
    pool = next(fact for fact in facts if isinstance(fact, Resource) and fact.type == "AWS::Cognito::IdentityPool")
    assert pool.attributes["allow_unauthenticated_identities"] is True
    assert pool.attributes["allow_classic_flow"] is True
    assert pool.attributes["unauthenticated_role_arns"] == (
        "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/${Role}",
    )
    assert pool.attributes["authenticated_role_arns"] == ("arn:aws:iam::111122223333:role/in",)
    assert pool.attributes["mapped_role_arns"] == ("arn:aws:iam::111122223333:role/m",)
    (provider,) = [fact for fact in facts if isinstance(fact, IdentityProvider)]
    assert (provider.kind, provider.name) == ("cognito-identity", "${Pool}")
    assert provider.arn.endswith(":identitypool/${Pool}")


def test_a_sync_trigger_is_run_by_cognito_sync(read: Read) -> None:
    """`CognitoEvents` wires one function to an identity pool."""
    facts = read(
        WORLD
        + "  Pool: {Type: AWS::Cognito::IdentityPool, Properties: {AllowUnauthenticatedIdentities: false,\n"
        + "    CognitoEvents: {SyncTrigger: !GetAtt Fn.Arn}}}\n"
    )
    (trigger,) = [fact for fact in facts if isinstance(fact, Trigger)]
    assert (trigger.event, trigger.service, trigger.function_arn) == ("cognito-sync", "cognito-sync.amazonaws.com", FN)
