"""Amazon Cognito: the functions and roles of user pools, and the roles identity pools hand out.

https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html
https://docs.aws.amazon.com/cognito/latest/developerguide/iam-roles.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from permscope.inventory.facts import AnyFact, IdentityProvider, Mechanism, Need, RoleUse, Trigger
from permscope.inventory.located import as_text
from permscope.services._answers import each, picked
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._values import Text, about, json_value, mappings, texts
from permscope.services.interface import TemplateReader, TemplateResource

USER_POOLS = "cognito-idp.amazonaws.com"
IDENTITY_POOLS = "cognito-identity.amazonaws.com"
SYNC = "cognito-sync.amazonaws.com"
SERVICE_PRINCIPALS = (USER_POOLS, IDENTITY_POOLS, SYNC)

_ATTACHMENT = "AWS::Cognito::IdentityPoolRoleAttachment"
_TRIGGERS = (
    "PreSignUp",
    "PostConfirmation",
    "PreAuthentication",
    "PostAuthentication",
    "CustomMessage",
    "DefineAuthChallenge",
    "CreateAuthChallenge",
    "VerifyAuthChallengeResponse",
    "UserMigration",
    "PreTokenGeneration",
)
_VERSIONED = {
    "PreTokenGenerationConfig": "PreTokenGeneration",
    "CustomSMSSender": "CustomSMSSender",
    "CustomEmailSender": "CustomEmailSender",
    "InboundFederation": "InboundFederation",
}


def event_of(trigger: str) -> str:
    """The event of a user pool trigger: `PreSignUp` is `cognito-pre-sign-up`."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z][a-z]+", trigger)
    return "-".join(["cognito", *(word.lower() for word in words)])


def read_user_pool(resource: TemplateResource) -> Iterable[AnyFact]:
    """A user pool, the functions it runs at each step of a sign-in, and the role it sends SMS with."""
    open_sign_up = not resource.flag("AdminCreateUserConfig", "AllowAdminCreateUserOnly")
    yield resource.resource(
        user_pool_id=resource.ref,
        kms_key_arn=resource.text("LambdaConfig", "KMSKeyID"),
        mfa_configuration=resource.text("MfaConfiguration"),
        self_sign_up=open_sign_up or None,
        deletion_protection=resource.text("DeletionProtection"),
    )
    seen = set()
    for trigger, target in _wired(resource):
        function = resource.stack.function_arn(target.text)
        if function is None or (trigger, function, target.only_if) in seen:
            continue
        seen.add((trigger, function, target.only_if))
        yield Trigger(
            function_arn=function,
            event=event_of(trigger),
            mechanism=Mechanism.RESOURCE_POLICY,
            service=USER_POOLS,
            source_id=resource.id,
            source_arn=resource.arn,
            source_account=resource.stack.account,
            **about(resource, target.source, target.only_if),
        )
    for role in texts(resource.get("SmsConfiguration", "SnsCallerArn"), resource.place("SmsConfiguration")):
        yield RoleUse(
            user_id=resource.id,
            role_arn=role.text,
            service=USER_POOLS,
            required=(Need(actions=("sns:Publish",), resource_arn="*", why="to send SMS messages"),),
            **about(resource, role.source, role.only_if),
        )


def _wired(resource: TemplateResource) -> Iterator[tuple[str, Text]]:
    """The functions of `LambdaConfig` by trigger."""
    for config in mappings(resource.get("LambdaConfig")):
        for name in _TRIGGERS:
            for target in config.texts(name):
                yield name, target
        for name, trigger in _VERSIONED.items():
            for target in config.texts(name, "LambdaArn"):
                yield trigger, target


def read_identity_pool(resource: TemplateResource) -> Iterable[AnyFact]:
    """An identity pool with the roles it hands out to people with and without a login.

    The roles are attributes of the pool and no use of a role: the callers act with them, and the roles' own trust
    decides for whom, by the pool's id (`aud`) and by being signed in (`amr`).
    """
    stack = resource.stack
    arn = resource.arn or stack.arn("cognito-identity", f"identitypool/{resource.ref}")
    roles = _attached_roles(resource)
    yield resource.resource(
        identity_pool_id=resource.ref,
        allow_unauthenticated_identities=resource.flag("AllowUnauthenticatedIdentities") or None,
        allow_classic_flow=resource.flag("AllowClassicFlow") or None,
        authenticated_role_arns=roles["authenticated"],
        unauthenticated_role_arns=roles["unauthenticated"],
        mapped_role_arns=roles["mapped"],
        provider_names=tuple(
            name for item in resource.items("CognitoIdentityProviders") if (name := as_text(item.get("ProviderName")))
        ),
        developer_provider_name=resource.text("DeveloperProviderName"),
    )
    yield IdentityProvider(arn=arn, kind="cognito-identity", name=resource.ref, **resource.facts_about())
    for role in texts(resource.get("CognitoStreams", "RoleArn"), resource.place("CognitoStreams")):
        stream = as_text(resource.get("CognitoStreams", "StreamName"))
        need = Need(
            actions=("kinesis:PutRecord", "kinesis:PutRecords"),
            resource_arn=stack.arn("kinesis", f"stream/{stream}") if stream else "*",
            why="to write data set changes to the stream",
        )
        yield RoleUse(
            user_id=resource.id,
            role_arn=role.text,
            service=SYNC,
            required=(need,),
            exact=bool(stream),
            **about(resource, role.source, role.only_if),
        )
    for events in mappings(json_value(resource.get("CognitoEvents"))):
        for target in events.texts("SyncTrigger"):
            function = stack.function_arn(target.text)
            if function is not None:
                yield Trigger(
                    function_arn=function,
                    event="cognito-sync",
                    mechanism=Mechanism.RESOURCE_POLICY,
                    service=SYNC,
                    source_id=resource.id,
                    source_arn=arn,
                    source_account=stack.account,
                    **about(resource, target.source, target.only_if),
                )


def _attached_roles(pool: TemplateResource) -> dict[str, tuple[str, ...]]:
    """The roles of the attachments that name a pool, by who gets them."""
    found: dict[str, list[str]] = {"authenticated": [], "unauthenticated": [], "mapped": []}
    for attachment in pool.stack.of_type(_ATTACHMENT):
        if as_text(attachment.get("IdentityPoolId")) != pool.ref:
            continue
        for roles in mappings(attachment.get("Roles")):
            for kind in ("authenticated", "unauthenticated"):
                found[kind].extend(role.text for role in roles.texts(kind))
        for mapping in _role_mappings(attachment.get("RoleMappings")):
            found["mapped"].extend(role.text for role in mapping)
    return {kind: tuple(dict.fromkeys(arns)) for kind, arns in found.items()}


def _role_mappings(value: Any) -> Iterator[Iterator[Text]]:
    for provider in mappings(value):
        for key in provider.value:
            for rules in provider.items(key, "RulesConfiguration", "Rules"):
                yield rules.texts("RoleARN")


def read_role_attachment(resource: TemplateResource) -> Iterable[AnyFact]:
    """The roles of an identity pool; said on the pool where it is in the template."""
    roles = resource.get("Roles")
    yield resource.resource(
        identity_pool_id=resource.text("IdentityPoolId"),
        authenticated_role_arn=resource.text("Roles", "authenticated") if isinstance(roles, Mapping) else None,
        unauthenticated_role_arn=resource.text("Roles", "unauthenticated") if isinstance(roles, Mapping) else None,
    )


def read_user_pool_group(resource: TemplateResource) -> Iterable[AnyFact]:
    """A group of a user pool and the role its members may ask for."""
    yield resource.resource(user_pool_id=resource.text("UserPoolId"), role_arn=resource.text("RoleArn"))


TEMPLATE: Mapping[str, TemplateReader] = {
    "AWS::Cognito::UserPool": read_user_pool,
    "AWS::Cognito::UserPoolGroup": read_user_pool_group,
    "AWS::Cognito::IdentityPool": read_identity_pool,
    _ATTACHMENT: read_role_attachment,
}


_GONE = ("ResourceNotFoundException",)


def read_live_user_pools(session: Session) -> Iterator[LiveFact]:
    """Every user pool with its groups."""
    pools = [pool["Id"] for pool in session.pages("cognito-idp", "list_user_pools", "UserPools", MaxResults=60)]
    yield from each(session, _live_user_pool, pools)


def _live_user_pool(session: Session, pool_id: str) -> Iterator[LiveFact]:
    answer = session.call("cognito-idp", "describe_user_pool", none=_GONE, UserPoolId=pool_id)
    pool = (answer or {}).get("UserPool")
    if not pool:
        return
    properties = picked(pool, "LambdaConfig", "MfaConfiguration", "DeletionProtection")
    admin = (pool.get("AdminCreateUserConfig") or {}).get("AllowAdminCreateUserOnly")
    caller = (pool.get("SmsConfiguration") or {}).get("SnsCallerArn")
    properties |= {
        "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": admin},
        "SmsConfiguration": {"SnsCallerArn": caller} if caller else None,
    }
    if properties.get("MfaConfiguration") == "OFF":
        del properties["MfaConfiguration"]  # what Cognito does where nothing is said
    if properties.get("DeletionProtection") == "INACTIVE":
        del properties["DeletionProtection"]
    arn = pool.get("Arn") or session.stack.arn("cognito-idp", f"userpool/{pool_id}")
    call = "cognito-idp.describe_user_pool"
    yield session.resource("AWS::Cognito::UserPool", properties, name=pool["Name"], arn=arn, ref=pool_id, call=call)
    for group in session.pages("cognito-idp", "list_groups", "Groups", none=_GONE, UserPoolId=pool_id):
        properties = {"UserPoolId": pool_id, **picked(group, "RoleArn")}
        yield session.resource(
            "AWS::Cognito::UserPoolGroup", properties, name=group["GroupName"], call="cognito-idp.list_groups"
        )


def read_live_identity_pools(session: Session) -> Iterator[LiveFact]:
    """Every identity pool with the roles it hands out."""
    found = session.pages("cognito-identity", "list_identity_pools", "IdentityPools", MaxResults=60)
    yield from each(session, _live_identity_pool, [pool["IdentityPoolId"] for pool in found])


def _live_identity_pool(session: Session, pool_id: str) -> Iterator[LiveFact]:
    call = "cognito-identity.describe_identity_pool"
    answer = session.call("cognito-identity", "describe_identity_pool", none=_GONE, IdentityPoolId=pool_id)
    if not answer:
        return
    same = ("AllowUnauthenticatedIdentities", "AllowClassicFlow", "DeveloperProviderName")
    events = session.call("cognito-sync", "get_cognito_events", none=_NO_SYNC, IdentityPoolId=pool_id)
    sync = session.call("cognito-sync", "get_identity_pool_configuration", none=_NO_SYNC, IdentityPoolId=pool_id)
    properties = {
        **picked(answer, *same),
        "CognitoIdentityProviders": [
            picked(provider, "ProviderName") for provider in answer.get("CognitoIdentityProviders") or ()
        ],
        "CognitoEvents": (events or {}).get("Events"),
        "CognitoStreams": (sync or {}).get("CognitoStreams"),
    }
    arn = session.stack.arn("cognito-identity", f"identitypool/{pool_id}")
    name = answer.get("IdentityPoolName") or pool_id
    yield session.resource("AWS::Cognito::IdentityPool", properties, name=name, arn=arn, ref=pool_id, call=call)
    roles = session.call("cognito-identity", "get_identity_pool_roles", none=_GONE, IdentityPoolId=pool_id)
    if roles and (roles.get("Roles") or roles.get("RoleMappings")):
        properties = {"IdentityPoolId": pool_id, **picked(roles, "Roles", "RoleMappings")}
        yield session.resource(_ATTACHMENT, properties, name=pool_id, call="cognito-identity.get_identity_pool_roles")


# Cognito Sync is in few Regions and closed; it refuses pools that never used it
_NO_SYNC = ("ResourceNotFoundException", "NotAuthorizedException", "EndpointConnectionError")

LIVE = (
    LiveReader(
        read=read_live_user_pools,
        client="cognito-idp",
        operations={
            "cognito-idp.list_user_pools": "which user pools there are",
            "cognito-idp.describe_user_pool": "which functions a user pool runs, and its role",
            "cognito-idp.list_groups": "which role members of a group get",
        },
    ),
    LiveReader(
        read=read_live_identity_pools,
        client="cognito-identity",
        operations={
            "cognito-identity.list_identity_pools": "which identity pools there are",
            "cognito-identity.describe_identity_pool": "whether an identity pool takes people without a login",
            "cognito-identity.get_identity_pool_roles": "which roles an identity pool hands out",
            "cognito-sync.get_cognito_events": "which function runs before data sets are synchronised",
            "cognito-sync.get_identity_pool_configuration": "which role writes data set changes to a stream",
        },
    ),
)
