"""AWS Signer: who may sign with a profile.

https://docs.aws.amazon.com/signer/latest/developerguide/signing-profile-cross-account.html
"""

from __future__ import annotations

from collections.abc import Iterable

from permscope.inventory.facts import AnyFact, ResourcePolicy
from permscope.inventory.policies import PolicyKind
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
