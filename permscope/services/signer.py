"""AWS Signer: who may sign with a profile.

https://docs.aws.amazon.com/signer/latest/developerguide/signing-profile-cross-account.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from permscope.inventory.facts import AnyFact, ResourcePolicy
from permscope.inventory.policies import PolicyKind
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services.interface import TemplateResource
from permscope.services.lambda_permissions import stored_principals


def read_permission(resource: TemplateResource) -> Iterable[AnyFact]:
    """One statement of the policy of a signing profile."""
    for variant in resource.variants("Principal", "ProfileName"):
        principal, name = variant.text("Principal"), variant.text("ProfileName")
        if not principal or not name:
            missing = "Principal" if not principal else "ProfileName"
            yield variant.unknown("the permission", f"its `{missing}` is missing", "shape")
            continue
        profile = resource.stack.find(name, "AWS::Signer::SigningProfile")
        arn = (profile and profile.arn) or resource.stack.arn("signer", f"/signing-profiles/{name}")
        stored = stored_principals(resource.stack, principal)
        document = {
            "Version": "2012-10-17",
            "Statement": {
                "Sid": variant.text("StatementId") or resource.logical_id,
                "Effect": "Allow",
                "Action": variant.text("Action") or "",
                "Resource": arn,
                "Principal": {kind: value for kind, value in stored if kind != "*"} or "*",
            },
        }
        policy = variant.policy(document, PolicyKind.RESOURCE, name=resource.logical_id)
        yield ResourcePolicy(resource_arn=arn, policy=policy, **variant.facts_about())


TEMPLATE = {"AWS::Signer::ProfilePermission": read_permission}
SERVICE_PRINCIPALS = ("signer.amazonaws.com",)


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every signing profile with its permissions.

    https://docs.aws.amazon.com/signer/latest/api/API_ListProfilePermissions.html
    """
    call = "signer.list_profile_permissions"
    none = ("ResourceNotFoundException",)
    for profile in session.pages("signer", "list_signing_profiles", "profiles"):
        name = profile["profileName"]
        yield session.resource(
            "AWS::Signer::SigningProfile", {}, name=name, arn=profile["arn"], call="signer.list_signing_profiles"
        )
        for item in session.pages("signer", "list_profile_permissions", "permissions", none=none, profileName=name):
            properties = {
                "ProfileName": name,
                "Principal": item.get("principal"),
                "Action": item.get("action"),
                "StatementId": item.get("statementId"),
            }
            yield session.resource(
                "AWS::Signer::ProfilePermission", properties, name=f"{name}/{item.get('statementId')}", call=call
            )


LIVE = (
    LiveReader(
        read=read_live,
        client="signer",
        operations={
            "signer.list_signing_profiles": "which signing profiles there are",
            "signer.list_profile_permissions": "who may sign code",
        },
    ),
)
