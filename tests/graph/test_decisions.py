"""What is asked of the policy engine."""

from __future__ import annotations

from typing import Any

import pytest

from permscope.graph.decisions import any_partition, is_optional
from permscope.inventory.facts import Need


@pytest.mark.parametrize(
    ("need", "authorized"),
    [
        (Need(actions=("sqs:SendMessage",), resource_arn="arn:aws:sqs:us-east-1:111122223333:q"), None),
        (Need(actions=("sqs:ReceiveMessage",), resource_arn="arn:aws:sqs:us-east-1:111122223333:q"), False),
        (Need(actions=("kms:Decrypt",), resource_arn="*"), None),
        (Need(actions=("xray:PutTraceSegments",), resource_arn="*"), True),
        (Need(actions=("dynamodb:ListStreams",), resource_arn="*"), None),
        (Need(actions=("dynamodb:GetItem",), resource_arn="*"), False),
        (Need(actions=("ec2:DescribeVpcs",), resource_arn="*"), None),
        (Need(actions=(), resource_arn="*"), True),
    ],
)
def test_needs_are_met_surely_perhaps_or_not(world: Any, function: Any, need: Need, authorized: bool | None) -> None:
    """Another account's resource is never sure; an action on something unnamed is sure with `*` only."""
    made = world(
        function(
            "Fn",
            "{Effect: Allow, Action: 'sqs:SendMessage', Resource: '*'}",
            "{Effect: Allow, Action: 'kms:Decrypt', Resource: 'arn:aws:kms:us-east-1:111122223333:key/k'}",
            "{Effect: Allow, Action: 'xray:PutTraceSegments', Resource: '*'}",
            "{Effect: Allow, Action: 'dynamodb:ListStreams', Resource: 'arn:aws:dynamodb:*:*:table/t/stream/*'}",
        )
    )
    decisions = made.graph.decisions
    role = next(iter(decisions.inventory.roles))
    assert decisions.role_may(role, need).authorized is authorized


def test_partitions_do_not_tell_arns_apart() -> None:
    """A literal partition and the token are one."""
    assert any_partition("arn:aws:sqs:r:a:q") == any_partition("arn:${AWS::Partition}:sqs:r:a:q") == "arn::sqs:r:a:q"
    assert any_partition("q") == "q"


def test_lists_and_network_interfaces_are_not_needed_everywhere() -> None:
    """A missing one makes a wiring unknown, not broken."""
    assert is_optional("kinesis:ListShards")
    assert is_optional("ec2:CreateNetworkInterface")
    assert not is_optional("sqs:ReceiveMessage")
