"""How policies of devices and identities are put together."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(
    ("actions", "resource", "found"),
    [
        (["iot:*"], "*", True),
        (["iot:Publish"], "*", True),
        (["iot:Publish"], "arn:aws:iot:us-east-1:111122223333:topic/*", True),
        (["iot:Connect"], "*", False),
        (["iot:Publish"], "arn:aws:iot:us-east-1:111122223333:topic/a", False),
    ],
)
def test_an_iot_policy_is_open_where_devices_share_topics(
    audit: Any,
    actions: list[str],
    resource: str,
    found: bool,
) -> None:
    """What to name: https://docs.aws.amazon.com/iot/latest/developerguide/pub-sub-policy.html."""
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": actions, "Resource": resource}],
    }
    policy = {"Type": "AWS::IoT::Policy", "Properties": {"PolicyDocument": document}}
    assert ("iot-policy-star" in audit({"Policy": policy})) is found


def test_an_inline_policy_that_names_nobody_is_judged(audit: Any) -> None:
    """It cannot be deployed, and says what will be deployed once somebody is named."""
    document = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    policy = {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "p", "PolicyDocument": document}}
    assert [finding.resource for finding in audit({"Policy": policy})["admin-star"]] == ["Policy"]


def test_a_managed_policy_given_by_name_is_taken_for_the_one_that_is_meant(audit: Any) -> None:
    """A role wants ARNs; what the name says is what will be attached once it is one."""
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [trust]}
    properties = {"AssumeRolePolicyDocument": document, "ManagedPolicyArns": ["AdministratorAccess"]}
    assert "admin-managed-attached" in audit({"Role": {"Type": "AWS::IAM::Role", "Properties": properties}})
