"""Policies, functions and roles that nobody needs."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(("kind", "found"), [("Users", True), ("Roles", False), ("Groups", False)])
def test_a_managed_policy_may_name_a_user_of_another_stack(audit: Any, kind: str, found: bool) -> None:
    """`Users` holds names, of users in the template or not.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-managedpolicy.html
    """
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    policy = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document, kind: ["ann"]}}
    findings = audit({"Policy": policy}).get("user-attached", [])
    assert [finding.message for finding in findings] == ["`Policy` is attached to the user `ann`"] * found
