"""Cognito of a live account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import IdentityProvider, Resource, RoleUse, Trigger

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:pre"
POOL = "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_a"
IDENTITIES = "eu-west-1:11111111-2222-3333-4444-555555555555"
ROLE = "arn:aws:iam::123456789012:role/guest"
ANSWERS: dict[str, Any] = {
    "cognito-idp.list_user_pools": {"UserPools": [{"Id": "eu-west-1_a", "Name": "shop"}]},
    "cognito-idp.describe_user_pool": {
        "UserPool": {
            "Id": "eu-west-1_a",
            "Name": "shop",
            "Arn": POOL,
            "LambdaConfig": {
                "PreSignUp": FUNCTION,
                "PreTokenGenerationConfig": {"LambdaVersion": "V2_0", "LambdaArn": FUNCTION},
                "PreTokenGeneration": FUNCTION,
            },
            "SmsConfiguration": {"SnsCallerArn": ROLE, "ExternalId": "not kept"},
            "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": False},
        }
    },
    "cognito-idp.list_groups": {"Groups": [{"GroupName": "admins", "UserPoolId": "eu-west-1_a", "RoleArn": ROLE}]},
    "cognito-identity.list_identity_pools": {
        "IdentityPools": [{"IdentityPoolId": IDENTITIES, "IdentityPoolName": "shop"}]
    },
    "cognito-identity.describe_identity_pool": {
        "IdentityPoolId": IDENTITIES,
        "IdentityPoolName": "shop",
        "AllowUnauthenticatedIdentities": True,
        "CognitoIdentityProviders": [{"ProviderName": "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a"}],
    },
    "cognito-identity.get_identity_pool_roles": {
        "IdentityPoolId": IDENTITIES,
        "Roles": {"unauthenticated": ROLE},
        "RoleMappings": {
            "provider": {
                "Type": "Rules",
                "RulesConfiguration": {
                    "Rules": [{"Claim": "a", "MatchType": "Equals", "Value": "b", "RoleARN": f"{ROLE}-mapped"}]
                },
            }
        },
    },
    "cognito-sync.get_cognito_events": {"Events": {"SyncTrigger": FUNCTION}},
    "cognito-sync.get_identity_pool_configuration": "NotAuthorizedException",
}


def test_every_trigger_of_a_pool_is_found_once(account: Callable[..., list[Any]]) -> None:
    """The two ways to write the token trigger are one; the sync trigger is of the identity pool."""
    found = sorted((trigger.event, trigger.source_arn) for trigger in account("cognito", ANSWERS, Trigger))
    assert found == [
        ("cognito-pre-sign-up", POOL),
        ("cognito-pre-token-generation", POOL),
        ("cognito-sync", f"arn:aws:cognito-identity:eu-west-1:123456789012:identitypool/{IDENTITIES}"),
    ]


def test_an_identity_pool_hands_out_its_roles(account: Callable[..., list[Any]]) -> None:
    """Roles and role mappings are attributes of the pool, which is an identity provider."""
    facts = account("cognito", ANSWERS)
    (pool,) = [fact for fact in facts if isinstance(fact, Resource) and fact.type == "AWS::Cognito::IdentityPool"]
    assert pool.attributes["unauthenticated_role_arns"] == (ROLE,)
    assert pool.attributes["mapped_role_arns"] == (f"{ROLE}-mapped",)
    assert pool.attributes["allow_unauthenticated_identities"] is True
    assert [fact.name for fact in facts if isinstance(fact, IdentityProvider)] == [IDENTITIES]


def test_messages_are_sent_with_the_role_of_the_pool(account: Callable[..., list[Any]]) -> None:
    """The external id is not kept."""
    facts = account("cognito", ANSWERS)
    assert [(fact.user_id, fact.role_arn) for fact in facts if isinstance(fact, RoleUse)] == [(POOL, ROLE)]
    assert "not kept" not in repr(facts)
