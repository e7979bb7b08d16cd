"""Principals that may let themselves in."""

from __future__ import annotations

from typing import Any

QUEUE = {"Type": "AWS::SQS::Queue"}
ARN = {"Fn::GetAtt": ["Jobs", "Arn"]}


def test_changing_a_policy_that_keeps_one_out_lets_one_in(audit: Any, role: Any) -> None:
    """The gain is named."""
    statement = {"Effect": "Allow", "Action": "sqs:SetQueueAttributes", "Resource": ARN}
    (finding,) = audit({"Jobs": QUEUE, "Keeper": role(statement)})["resource-policy-self-grant"]
    assert "sqs:ReceiveMessage" in finding.message


def test_who_may_use_a_resource_gains_nothing_by_its_policy(audit: Any, role: Any) -> None:
    """However the two permissions are spread over statements."""
    both = [
        {"Effect": "Allow", "Action": "sqs:SetQueueAttributes", "Resource": ARN},
        {"Effect": "Allow", "Action": "sqs:ReceiveMessage", "Resource": "*"},
    ]
    assert "resource-policy-self-grant" not in audit({"Jobs": QUEUE, "Keeper": role(*both)})


def test_the_policy_of_another_account_is_not_ours_to_change(audit: Any, role: Any) -> None:
    """Where the account of the template is known to be another one."""
    arn = "arn:aws:sqs:eu-west-1:999988887777:jobs"
    own = {"Effect": "Allow", "Action": "sqs:ReceiveMessage", "Resource": arn}
    denied = {"Effect": "Deny", "Action": "sqs:SetQueueAttributes", "Resource": arn}
    statement = {"Effect": "Allow", "Action": "sqs:SetQueueAttributes", "Resource": arn}
    assert "resource-policy-self-grant" not in audit({"Keeper": role(statement, own, denied)})
