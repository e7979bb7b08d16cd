"""AWS Private CA: which service may issue certificates from an authority.

https://docs.aws.amazon.com/privateca/latest/userguide/assign-permissions.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from permscope.inventory.facts import AnyFact, ResourcePolicy
from permscope.inventory.located import LocatedStr, source_of
from permscope.inventory.policies import PolicyKind
from permscope.services._answers import each, picked, protecting
from permscope.services._live import LiveFact, LiveReader, Session
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


_NONE = ("ResourceNotFoundException", "InvalidStateException")


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every certificate authority with its permissions and its policy."""
    found = session.pages("acm-pca", "list_certificate_authorities", "CertificateAuthorities", ResourceOwner="SELF")
    yield from each(session, _live_authority, [item["Arn"] for item in found])


def _live_authority(session: Session, arn: str) -> Iterator[LiveFact]:
    call = "acm-pca.list_certificate_authorities"
    yield session.resource("AWS::ACMPCA::CertificateAuthority", {}, name=arn.rpartition("/")[2], arn=arn, call=call)
    for item in session.pages("acm-pca", "list_permissions", "Permissions", none=_NONE, CertificateAuthorityArn=arn):
        properties = {"CertificateAuthorityArn": arn, **picked(item, "Principal", "SourceAccount", "Actions")}
        name = f"{arn}/{item.get('Principal')}"
        yield session.resource("AWS::ACMPCA::Permission", properties, name=name, call="acm-pca.list_permissions")
    answer = session.call("acm-pca", "get_policy", none=_NONE, ResourceArn=arn) or {}
    yield from protecting(session, arn, answer.get("Policy"), name=arn, call="acm-pca.get_policy")


LIVE = (
    LiveReader(
        read=read_live,
        client="acm-pca",
        operations={
            "acm-pca.list_certificate_authorities": "which certificate authorities there are",
            "acm-pca.list_permissions": "which services may issue certificates",
            "acm-pca.get_policy": "which accounts may issue certificates",
        },
    ),
)
