"""Instances of a live account and the roles they act with, by their instance profiles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import Resource, RoleUse

ROLE = "arn:aws:iam::123456789012:role/team/web"
PROFILE = "arn:aws:iam::123456789012:instance-profile/team/web"
INSTANCE = "arn:aws:ec2:eu-west-1:123456789012:instance"


def instance(number: int, state: str = "running", profile: str | None = PROFILE) -> dict[str, Any]:
    """An instance as the API tells it."""
    profiled = {"IamInstanceProfile": {"Arn": profile, "Id": "AIPA0123456789ABCDEF"}} if profile else {}
    return {"InstanceId": f"i-{number}", "State": {"Name": state}, **profiled}


def answers(*instances: dict[str, Any], profile: Any = None) -> dict[str, Any]:
    """What EC2 and IAM say."""
    held = {"InstanceProfileName": "web", "Path": "/team/", "Arn": PROFILE, "InstanceProfileId": "AIPA0123456789ABCDEF"}
    role = {
        "RoleName": "web",
        "Path": "/team/",
        "Arn": ROLE,
        "RoleId": "AROA0123456789ABCDEF",
        "CreateDate": "2026-01-01T00:00:00Z",
    }
    told = {"InstanceProfile": {**held, "CreateDate": "2026-01-01T00:00:00Z", "Roles": [role]}}
    return {
        "ec2.describe_instances": {"Reservations": [{"Instances": [one]} for one in instances]},
        "ec2.describe_vpc_endpoints": {"VpcEndpoints": []},
        "ec2.describe_vpc_endpoint_service_configurations": {"ServiceConfigurations": []},
        "iam.get_instance_profile": profile or told,
        "ec2.describe_flow_logs": {"FlowLogs": [{"FlowLogId": "fl-1", "DeliverLogsPermissionArn": f"{ROLE}-logs"}]},
    }


def uses(facts: list[Any]) -> set[tuple[str, str]]:
    """Who acts with which role."""
    return {(fact.user_id, fact.role_arn) for fact in facts if isinstance(fact, RoleUse)}


def test_an_instance_acts_with_the_role_of_its_profile(account: Callable[..., list[Any]]) -> None:
    """The profile is asked for once, whose role has a path; flow logs write with a role of their own."""
    facts = account("ec2", answers(instance(1), instance(2)))
    assert {(f"{INSTANCE}/i-1", ROLE), (f"{INSTANCE}/i-2", ROLE), (PROFILE, ROLE)} <= uses(facts)
    assert any(role == f"{ROLE}-logs" for _, role in uses(facts))
    asked = [name for name, _ in account.asked]  # type: ignore[attr-defined]
    assert asked.count("iam.get_instance_profile") == 1


def test_instances_that_act_as_nobody_are_left_out(account: Callable[..., list[Any]]) -> None:
    """Those without a profile, and those that are gone."""
    facts = account("ec2", answers(instance(1, profile=None), instance(2, state="terminated")))
    assert not [fact for fact in facts if isinstance(fact, Resource) and fact.type == "AWS::EC2::Instance"]
    assert "iam.get_instance_profile" not in [name for name, _ in account.asked]  # type: ignore[attr-defined]


def test_a_profile_that_is_gone_gives_no_role(account: Callable[..., list[Any]]) -> None:
    """The instance stays; nothing fails."""
    facts = account("ec2", answers(instance(1), profile="NoSuchEntity"))
    assert [fact.id for fact in facts if isinstance(fact, Resource) and fact.type == "AWS::EC2::Instance"]
    assert {user for user, role in uses(facts) if role == ROLE} == set()
