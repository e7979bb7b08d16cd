"""Amazon EC2: what instances act with, policies of VPC endpoints, and who may use an endpoint service.

An instance acts with the role of its instance profile
(https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2_instance-profiles.html).

A VPC endpoint's policy cuts down what goes through the endpoint and grants nothing
(https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from permscope.inventory.facts import AnyFact
from permscope.services._answers import arn_of, each, json_text, picked
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._values import Text
from permscope.services._wiring import properties, role_arn, role_uses
from permscope.services._workers import Worker
from permscope.services.interface import TemplateResource


def read_instance(resource: TemplateResource) -> Iterable[AnyFact]:
    """An instance, and the role in its instance profile."""
    yield resource.resource()
    yield from _profile_roles(resource, "IamInstanceProfile")


def read_launch_template(resource: TemplateResource) -> Iterable[AnyFact]:
    """A launch template, and the role of the instances that are made with it."""
    yield resource.resource()
    for key in ("Arn", "Name"):
        yield from _profile_roles(resource, "LaunchTemplateData", "IamInstanceProfile", key)


def _profile_roles(resource: TemplateResource, *path: str) -> Iterator[AnyFact]:
    yield from role_uses(resource, _roles_at(resource, *path), "ec2.amazonaws.com", exact=False)


def _roles_at(resource: TemplateResource, *path: str) -> Iterator[Text]:
    """The roles in the instance profile that a property names."""
    for text in properties(resource, *path):
        profile = resource.stack.find(text.text, "AWS::IAM::InstanceProfile")
        yield from properties(profile, "Roles") if profile is not None else ()


def instance_roles(resource: TemplateResource | None) -> Iterator[str]:
    """ARNs of the roles that an instance acts with, or the instances of a template or an Auto Scaling group."""
    if resource is None:
        return
    if resource.type == "AWS::AutoScaling::AutoScalingGroup":
        named = [text.text for path in _LAUNCHED_WITH for text in properties(resource, *path)]
        for name in named:
            yield from instance_roles(resource.stack.find(name, *_LAUNCHES))
        return
    for path in _PROFILES:
        yield from (role_arn(resource, text) for text in _roles_at(resource, *path))


_PROFILES = (
    ("IamInstanceProfile",),
    ("LaunchTemplateData", "IamInstanceProfile", "Arn"),
    ("LaunchTemplateData", "IamInstanceProfile", "Name"),
)
_LAUNCHES = ("AWS::EC2::LaunchTemplate", "AWS::AutoScaling::LaunchConfiguration")
_SPECIFIED = ("MixedInstancesPolicy", "LaunchTemplate", "LaunchTemplateSpecification")
_LAUNCHED_WITH = (
    ("LaunchConfigurationName",),
    ("LaunchTemplate", "LaunchTemplateId"),
    ("LaunchTemplate", "LaunchTemplateName"),
    (*_SPECIFIED, "LaunchTemplateId"),
    (*_SPECIFIED, "LaunchTemplateName"),
)


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
    "AWS::EC2::Instance": read_instance,
    "AWS::EC2::LaunchTemplate": read_launch_template,
    "AWS::EC2::VPCEndpoint": read_endpoint,
    "AWS::EC2::VPCEndpointServicePermissions": read_service_permissions,
}
SERVICE_PRINCIPALS = ("ec2.amazonaws.com",)


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every VPC endpoint with its policy, and who may use the account's own endpoint services."""
    for item in session.pages("ec2", "describe_vpc_endpoints", "VpcEndpoints"):
        name = item["VpcEndpointId"]
        yield session.resource(
            "AWS::EC2::VPCEndpoint",
            {**picked(item, "ServiceName", "VpcId"), "PolicyDocument": _chosen(item.get("PolicyDocument"))},
            name=name,
            arn=session.stack.arn("ec2", f"vpc-endpoint/{name}"),
            call="ec2.describe_vpc_endpoints",
        )
    found = session.pages("ec2", "describe_vpc_endpoint_service_configurations", "ServiceConfigurations")
    yield from each(session, _live_service, [item["ServiceId"] for item in found])


def _chosen(text: str | None) -> object:
    """A policy that somebody wrote; None for the one that endpoints have otherwise, which lets everything through."""
    document = json_text(text)
    statements = document.get("Statement") if isinstance(document, Mapping) else None
    everything = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
    return None if statements in ([everything], everything) else text or None


def _live_service(session: Session, service: str) -> Iterator[LiveFact]:
    call = "ec2.describe_vpc_endpoint_service_permissions"
    allowed = session.pages(
        "ec2",
        "describe_vpc_endpoint_service_permissions",
        "AllowedPrincipals",
        none=("InvalidVpcEndpointServiceId.NotFound",),
        ServiceId=service,
    )
    properties = {"ServiceId": service, "AllowedPrincipals": [item["Principal"] for item in allowed]}
    yield session.resource("AWS::EC2::VPCEndpointServicePermissions", properties, name=service, call=call)


def read_live_instances(session: Session) -> Iterator[LiveFact]:
    """The instances that have an instance profile, and the roles in those; others act as nobody.

    What instances are started with (user data, launch templates) is not read: it is code, and often holds secrets.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html
    """
    profiles: dict[str, None] = {}
    for reservation in session.pages("ec2", "describe_instances", "Reservations"):
        for item in reservation.get("Instances") or ():
            profile = (item.get("IamInstanceProfile") or {}).get("Arn")
            if profile and (item.get("State") or {}).get("Name") != "terminated":
                profiles.setdefault(profile)
                type_name, name = "AWS::EC2::Instance", item["InstanceId"]
                yield session.resource(
                    type_name,
                    {"IamInstanceProfile": _name_of(profile)},
                    name=name,
                    arn=arn_of(session, type_name, id=name),
                    call="ec2.describe_instances",
                )
    yield from each(session, live_profile, profiles)


def live_profile(session: Session, arn: str) -> Iterator[LiveFact]:
    """An instance profile with its role, for things of a Region that name it."""
    answer = session.call(
        "iam", "get_instance_profile", none=("NoSuchEntity",), of=arn, InstanceProfileName=_name_of(arn)
    )
    roles = [role["Arn"] for role in ((answer or {}).get("InstanceProfile") or {}).get("Roles") or ()]
    yield session.resource(
        "AWS::IAM::InstanceProfile", {"Roles": roles}, name=_name_of(arn), arn=arn, call="iam.get_instance_profile"
    )


def _name_of(profile: str) -> str:
    return profile.rpartition("/")[2]


_FLOW_LOGS = Worker(
    client="ec2",
    lists="describe_flow_logs",
    items="FlowLogs",
    name="FlowLogId",
    arn="",
    type_name="AWS::EC2::FlowLog",
    roles={key: key for key in ("DeliverLogsPermissionArn", "DeliverCrossAccountRole")},
    what="with which role the traffic of a network is logged",
)
LIVE = (
    LiveReader(
        read=read_live_instances,
        client="ec2",
        operations={
            "ec2.describe_instances": "with which role instances act",
            "iam.get_instance_profile": "with which role instances act",
        },
    ),
    _FLOW_LOGS.reader(),
    LiveReader(
        read=read_live,
        client="ec2",
        operations={
            "ec2.describe_vpc_endpoints": "what may pass through a VPC endpoint",
            "ec2.describe_vpc_endpoint_service_configurations": "which endpoint services there are",
            "ec2.describe_vpc_endpoint_service_permissions": "who may use an endpoint service",
        },
    ),
)
