"""Services of which only the roles are known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from permscope.catalog.cloudformation import type_facts
from permscope.catalog.principals import is_known_service_principal
from permscope.inventory.facts import RoleUse
from permscope.services import other_roles

Read = Callable[..., list[Any]]
ROLE = "arn:aws:iam::111122223333:role/acting"


@pytest.mark.parametrize(
    ("resource", "properties", "service"),
    [
        ("AWS::EKS::PodIdentityAssociation", "RoleArn: ROLE", "pods.eks.amazonaws.com"),
        ("AWS::EC2::FlowLog", "DeliverLogsPermissionArn: ROLE", "vpc-flow-logs.amazonaws.com"),
        ("AWS::MWAA::Environment", "ExecutionRoleArn: ROLE", "airflow.amazonaws.com"),
        ("AWS::AppRunner::Service", "InstanceConfiguration: {InstanceRoleArn: ROLE}", "tasks.apprunner.amazonaws.com"),
        (
            "AWS::AppRunner::Service",
            "SourceConfiguration: {AuthenticationConfiguration: {AccessRoleArn: ROLE}}",
            "build.apprunner.amazonaws.com",
        ),
    ],
)
def test_a_resource_acts_with_the_role_it_is_given(read: Read, resource: str, properties: str, service: str) -> None:
    """What it does with it is not known, and the role use says so."""
    text = properties.replace("ROLE", f"'{ROLE}'")
    (use,) = read(f"Resources: {{X: {{Type: {resource}, Properties: {{{text}}}}}}}", RoleUse)
    assert (use.role_arn, use.service, use.exact) == (ROLE, service, False)


@pytest.mark.parametrize("type_name", sorted(other_roles.TEMPLATE))
def test_every_type_has_a_property_for_a_role(type_name: str) -> None:
    """A type without one needs no reader."""
    facts = type_facts(type_name)
    assert facts is not None
    assert facts.role_properties


@pytest.mark.parametrize("principal", other_roles.SERVICE_PRINCIPALS)
def test_every_principal_is_one_aws_uses(principal: str) -> None:
    """The catalogue of service principals knows it."""
    assert is_known_service_principal(principal)
