"""AWS Private CA: which service may issue certificates from an authority.

https://docs.aws.amazon.com/privateca/latest/userguide/assign-permissions.html
"""

from __future__ import annotations

from collections.abc import Iterable

from permscope.inventory.facts import AnyFact, ResourcePolicy
from permscope.inventory.located import LocatedStr, source_of
from permscope.inventory.policies import PolicyKind
from permscope.services.interface import TemplateResource


def read_permission(resource: TemplateResource) -> Iterable[AnyFact]:
    """What ACM may do with a certificate authority."""
    for variant in resource.variants("CertificateAuthorityArn", "Principal", "SourceAccount"):
        arn, principal = variant.text("CertificateAuthorityArn"), variant.text("Principal")
        if not arn or not principal:
            missing = "CertificateAuthorityArn" if not arn else "Principal"
            yield variant.unknown("the permission", f"its `{missing}` is missing", "shape")
            continue
        statement: dict[str, object] = {
            "Sid": resource.logical_id,
            "Effect": "Allow",
            "Action": [LocatedStr(f"acm-pca:{action}", source_of(action)) for action in variant.texts("Actions")],
            "Resource": arn,
            "Principal": {"Service": principal},
        }
        account = variant.text("SourceAccount")
        if account:
            statement["Condition"] = {"StringEquals": {"aws:SourceAccount": account}}
        document = {"Version": "2012-10-17", "Statement": statement}
        policy = variant.policy(document, PolicyKind.RESOURCE, name=resource.logical_id)
        yield ResourcePolicy(resource_arn=arn, policy=policy, **variant.facts_about())


TEMPLATE = {"AWS::ACMPCA::Permission": read_permission}
SERVICE_PRINCIPALS = ("acm-pca.amazonaws.com",)
