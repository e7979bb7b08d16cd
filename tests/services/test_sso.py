"""Permission sets of IAM Identity Center."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from permscope.audit.engine import run
from permscope.audit.rules import load_rules
from permscope.collect.load import LoadOptions, load
from permscope.graph.build import build_graph
from permscope.graph.model import EdgeKind


def _found(folder: Path, properties: dict[str, Any]) -> tuple[set[str], list[str], int]:
    """Rules that find something, why things are unknown, and the number of edges of access."""
    path = folder / "template.json"
    given = {"InstanceArn": "arn:aws:sso:::instance/ssoins-1234567890abcdef", "Name": "Developers", **properties}
    path.write_text(json.dumps({"Resources": {"Set": {"Type": "AWS::SSO::PermissionSet", "Properties": given}}}))
    inventory = load([str(path)], LoadOptions())
    graph = build_graph(inventory)
    rules = {finding.rule for finding in run(graph, inventory, load_rules()) if finding.resource == "Set"}
    return rules, [unknown.why for unknown in inventory.unknowns], len(list(graph.edges_of(EdgeKind.CAN_ACCESS)))


def _policy(action: str) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}


def test_the_inline_policy_of_a_permission_set_is_judged(tmp_path: Path) -> None:
    """As a mapping or as JSON text, which the property takes as well.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sso-permissionset.html
    """
    assert "admin-star" in _found(tmp_path, {"InlinePolicy": _policy("*")})[0]
    assert "admin-star" in _found(tmp_path, {"InlinePolicy": json.dumps(_policy("*"))})[0]
    assert "admin-star" not in _found(tmp_path, {"InlinePolicy": _policy("s3:ListAllMyBuckets")})[0]


def test_managed_policies_of_a_permission_set_are_judged(tmp_path: Path) -> None:
    """A managed policy of AWS gives what it gives a role."""
    name = "arn:aws:iam::aws:policy/{}".format
    assert "admin-managed-attached" in _found(tmp_path, {"ManagedPolicies": [name("AdministratorAccess")]})[0]
    assert "elevated-managed-attached" in _found(tmp_path, {"ManagedPolicies": [name("IAMFullAccess")]})[0]
    assert _found(tmp_path, {"ManagedPolicies": [name("job-function/ViewOnlyAccess")]})[0] == set()


def test_a_permission_set_reaches_nothing_of_the_account_it_is_defined_in(tmp_path: Path) -> None:
    """Its roles are made in the accounts it is assigned to."""
    assert _found(tmp_path, {"InlinePolicy": _policy("*")})[2] == 0


def test_a_policy_that_only_the_other_account_has_is_unknown(tmp_path: Path) -> None:
    """A permission set names customer managed policies that each of its accounts must have."""
    references = [{"Name": "team", "Path": "/deploy/"}]
    _, unknowns, _ = _found(tmp_path, {"CustomerManagedPolicyReferences": references})
    assert unknowns == ["it is attached to `Set` but its document is in no input"]


def test_a_permission_set_with_a_boundary_is_unknown(tmp_path: Path) -> None:
    """What a boundary leaves is in another account."""
    boundary = {"ManagedPolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}
    rules, unknowns, _ = _found(tmp_path, {"InlinePolicy": _policy("*"), "PermissionsBoundary": boundary})
    assert (rules, unknowns) == (set(), ["a permissions boundary caps them"])
