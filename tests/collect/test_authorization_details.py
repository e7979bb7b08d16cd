"""The dump of an account's identities that people already have is read like a snapshot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from permscope.collect.load import load
from permscope.collect.snapshot import is_snapshot
from permscope.errors import InputError
from permscope.graph.build import build_graph
from permscope.graph.model import EdgeKind

ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/app"


def document(*statements: dict[str, Any], principal: Any = None) -> dict[str, Any]:
    """A policy document."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: str, **more: Any) -> dict[str, Any]:
    """A statement."""
    return {"Effect": "Allow", "Action": action, **more}


DETAILS: dict[str, Any] = {
    "UserDetailList": [
        {
            "UserName": "ada",
            "UserId": "AIDAEXAMPLE123456789",
            "Arn": f"arn:aws:iam::{ACCOUNT}:user/ada",
            "Path": "/",
            "GroupList": ["ops"],
            "AttachedManagedPolicies": [
                {"PolicyName": "ReadOnlyAccess", "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}
            ],
            "PermissionsBoundary": {
                "PermissionsBoundaryType": "Policy",
                "PermissionsBoundaryArn": f"arn:aws:iam::{ACCOUNT}:policy/edge",
            },
        }
    ],
    "GroupDetailList": [
        {
            "GroupName": "ops",
            "Arn": f"arn:aws:iam::{ACCOUNT}:group/ops",
            "GroupPolicyList": [
                {"PolicyName": "assume", "PolicyDocument": document(allow("sts:AssumeRole", Resource=ROLE))}
            ],
            "AttachedManagedPolicies": [],
        }
    ],
    "RoleDetailList": [
        {
            "RoleName": "app",
            "RoleId": "AROAEXAMPLE123456789",
            "Arn": ROLE,
            "Path": "/team/",
            "AssumeRolePolicyDocument": document(
                allow("sts:AssumeRole", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
            ),
            "RolePolicyList": [],
            "AttachedManagedPolicies": [{"PolicyName": "edge", "PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/edge"}],
            "InstanceProfileList": [
                {"InstanceProfileName": "app", "Arn": f"arn:aws:iam::{ACCOUNT}:instance-profile/app", "Roles": []}
            ],
            "Tags": [{"Key": "team", "Value": "a"}],
        }
    ],
    "Policies": [
        {
            "PolicyName": "edge",
            "Arn": f"arn:aws:iam::{ACCOUNT}:policy/edge",
            "DefaultVersionId": "v2",
            "AttachmentCount": 1,
            "PolicyVersionList": [
                {"VersionId": "v2", "IsDefaultVersion": True, "Document": document(allow("s3:*", Resource="*"))},
                {"VersionId": "v1", "IsDefaultVersion": False, "Document": document(allow("*", Resource="*"))},
            ],
        }
    ],
}


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    """The dump as a file."""
    path = tmp_path / "details.json"
    path.write_text(json.dumps(DETAILS, indent=4), encoding="utf-8")
    return path


def test_every_identity_is_there(dump: Path) -> None:
    """Users, groups, roles, their policies, boundaries, unique ids; tags are not kept."""
    assert is_snapshot(dump.read_bytes()[:4096])
    inventory = load([str(dump)])
    role = inventory.roles[ROLE]
    assert (role.name, role.unique_id, role.tags) == ("app", "AROAEXAMPLE123456789", {})
    user = inventory.users[f"arn:aws:iam::{ACCOUNT}:user/ada"]
    assert user.group_arns == (f"arn:aws:iam::{ACCOUNT}:group/ops",)
    assert user.boundary_arn == f"arn:aws:iam::{ACCOUNT}:policy/edge"
    assert role.source.call == "iam.get_account_authorization_details"
    assert [unknown.what for unknown in inventory.unknowns] == [f"the credential report of account `{ACCOUNT}`"]


def test_the_default_version_of_a_policy_counts(dump: Path) -> None:
    """Older versions of a managed policy decide nothing."""
    policy = load([str(dump)]).managed_policy(f"arn:aws:iam::{ACCOUNT}:policy/edge")
    assert policy is not None
    assert [statement.actions for statement in policy.statements] == [("s3:*",)]


def test_the_graph_of_the_dump_decides(dump: Path) -> None:
    """Ada's group lets her ask for the role, the role's trust lets the account in; her boundary takes it off."""
    edges = [edge for edge in build_graph(load([str(dump)])).edges_of(EdgeKind.CAN_ASSUME) if edge.target == ROLE]
    assert f"arn:aws:iam::{ACCOUNT}:user/ada" not in {edge.source for edge in edges}
    free = json.loads(dump.read_text(encoding="utf-8"))
    del free["UserDetailList"][0]["PermissionsBoundary"]
    dump.write_text(json.dumps(free), encoding="utf-8")
    edges = [edge for edge in build_graph(load([str(dump)])).edges_of(EdgeKind.CAN_ASSUME) if edge.target == ROLE]
    assert f"arn:aws:iam::{ACCOUNT}:user/ada" in {edge.source for edge in edges}


def test_what_a_dump_does_not_tell_is_lacking_unless_a_template_is_what_is_read(dump: Path, tmp_path: Path) -> None:
    """No function stands in it, so nothing can be said of roles that none runs with; its identities are all there."""
    inventory = load([str(dump)])
    assert inventory.may_lack(ACCOUNT)
    assert inventory.may_lack(ACCOUNT, "lambda")
    assert not inventory.may_lack(ACCOUNT, "iam")
    template = tmp_path / "template.yaml"
    template.write_text("Resources: {Jobs: {Type: AWS::SQS::Queue}}", encoding="utf-8")
    assert not load([str(template)]).may_lack(None, "lambda")


def test_a_dump_that_was_cut_says_so(dump: Path) -> None:
    """`IsTruncated` hides identities, and is an unknown."""
    dump.write_text(json.dumps({**DETAILS, "IsTruncated": True}), encoding="utf-8")
    first, _ = load([str(dump)]).unknowns
    assert "further users" in first.what


@pytest.mark.parametrize(
    "broken",
    [
        {"RoleDetailList": [{}]},
        {"UserDetailList": ["x"]},
        {"RoleDetailList": [{"Arn": 1}]},
        {"UserDetailList": [{**DETAILS["UserDetailList"][0], "UserId": {"a": 1}}]},
        {"UserDetailList": [{**DETAILS["UserDetailList"][0], "UserName": 1}]},
        {"UserDetailList": [{**DETAILS["UserDetailList"][0], "Tags": [{"Key": ["a"], "Value": "b"}]}]},
    ],
)
def test_a_dump_of_another_shape_is_an_error(tmp_path: Path, broken: dict[str, Any]) -> None:
    """Never a traceback."""
    path = tmp_path / "details.json"
    path.write_text(json.dumps(broken), encoding="utf-8")
    with pytest.raises(InputError, match="get-account-authorization-details"):
        load([str(path)])
