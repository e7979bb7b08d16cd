"""Amazon EC2: policies of VPC endpoints, and who may use an endpoint service.

A VPC endpoint's policy cuts down what goes through the endpoint and grants nothing
(https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html).
"""

from __future__ import annotations

from collections.abc import Iterable

from permscope.inventory.facts import AnyFact
from permscope.services.interface import TemplateResource


def read_endpoint(resource: TemplateResource) -> Iterable[AnyFact]:
    """A VPC endpoint and its policy; without one it lets everything through."""
    yield resource.resource(
        service_name=resource.text("ServiceName"),
        vpc_id=resource.text("VpcId"),
        has_policy=resource.get("PolicyDocument") is not None,
    )
    yield from resource.protects(resource.id, "PolicyDocument")


def read_service_permissions(resource: TemplateResource) -> Iterable[AnyFact]:
    """Who may connect to an endpoint service."""
    yield resource.resource(
        service_id=resource.text("ServiceId"), allowed_principals=resource.texts("AllowedPrincipals")
    )


TEMPLATE = {
    "AWS::EC2::VPCEndpoint": read_endpoint,
    "AWS::EC2::VPCEndpointServicePermissions": read_service_permissions,
}
SERVICE_PRINCIPALS = ("ec2.amazonaws.com",)
