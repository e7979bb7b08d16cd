"""What resources lack beside each other."""

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


def test_a_key_policy_that_names_the_role_is_enough(audit: Any, role: Any) -> None:
    """The key's own policy may let the role in, without a word in the role's policies."""
    queue_arn = {"Fn::GetAtt": ["Queue", "Arn"]}
    send = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": queue_arn}
    role_arn = {"Fn::GetAtt": ["Role", "Arn"]}
    key = {
        "Type": "AWS::KMS::Key",
        "Properties": {
            "KeyPolicy": {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Principal": {"AWS": role_arn}, "Action": "kms:*", "Resource": "*"},
                ],
            }
        },
    }
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {"Role": role_arn, "Code": {"ZipFile": "x"}, "Handler": "a.b", "Runtime": "python3.12"},
    }
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"KmsMasterKeyId": {"Ref": "Key"}}}
    resources = {"Role": role(send), "Key": key, "Queue": queue, "Function": function}
    assert "kms-missing" not in audit(resources)
    key["Properties"]["KeyPolicy"]["Statement"][0]["Principal"] = {"AWS": {"Ref": "AWS::AccountId"}}
    assert "kms-missing" in audit(resources)


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


def test_an_inline_policy_that_names_nobody_is_judged(audit: Any) -> None:
    """It cannot be deployed, and says what will be deployed once somebody is named."""
    document = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    policy = {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "p", "PolicyDocument": document}}
    assert [finding.resource for finding in audit({"Policy": policy})["admin-star"]] == ["Policy"]
