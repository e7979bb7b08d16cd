"""Keys that shut out who may use what they protect."""

from __future__ import annotations

from typing import Any


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
