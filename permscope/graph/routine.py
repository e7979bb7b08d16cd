"""What nearly every function may do because Lambda's own managed policies grant it: said in few words, never as news.

https://docs.aws.amazon.com/lambda/latest/dg/permissions-managed-policies.html
"""

from __future__ import annotations

from typing import NamedTuple

from permscope.catalog.actions import ActionSet, load


class Routine(NamedTuple):
    """The routine grants of one service.

    Attributes:
        does: what a function does with them: `writes its logs`.
        do: the same after `can`: `write its logs`.
        actions: which they are.
        polling: whether they are routine only for a function that is fed by that service.
    """

    does: str
    do: str
    actions: tuple[str, ...]
    polling: bool = False


ROUTINE = {
    "logs": Routine(
        "writes its logs",
        "write its logs",
        (
            "logs:CreateLogGroup",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
            "logs:DescribeLogGroups",
            "logs:DescribeLogStreams",
        ),
    ),
    "xray": Routine(
        "sends traces",
        "send traces",
        (
            "xray:PutTraceSegments",
            "xray:PutTelemetryRecords",
            "xray:GetSamplingRules",
            "xray:GetSamplingTargets",
            "xray:GetSamplingStatisticSummaries",
        ),
    ),
    "cloudwatch": Routine("sends metrics", "send metrics", ("cloudwatch:PutMetricData",)),
    "ec2": Routine(
        "VPC network interfaces",
        "make VPC network interfaces",
        (
            "ec2:CreateNetworkInterface",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcs",
            "ec2:DescribeSecurityGroups",
            "ec2:DeleteNetworkInterface",
            "ec2:AssignPrivateIpAddresses",
            "ec2:UnassignPrivateIpAddresses",
        ),
    ),
    "sqs": Routine(
        "polls queues",
        "poll queues",
        ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
        polling=True,
    ),
    "dynamodb": Routine(
        "polls table streams",
        "poll table streams",
        ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"),
        polling=True,
    ),
    "kinesis": Routine(
        "polls streams",
        "poll streams",
        (
            "kinesis:DescribeStream",
            "kinesis:DescribeStreamSummary",
            "kinesis:GetRecords",
            "kinesis:GetShardIterator",
            "kinesis:ListShards",
            "kinesis:ListStreams",
            "kinesis:SubscribeToShard",
        ),
        polling=True,
    ),
    "kafka": Routine(
        "looks up brokers",
        "look up brokers",
        ("kafka:DescribeCluster", "kafka:DescribeClusterV2", "kafka:GetBootstrapBrokers"),
        polling=True,
    ),
}


def routine_of(actions: ActionSet, service: str, polled: frozenset[str] = frozenset()) -> Routine | None:
    """The routine that actions of one service on everything are a part of.

    Args:
        actions: all of that service.
        service: its prefix.
        polled: prefixes of the services that feed the function.
    """
    known = ROUTINE.get(service)
    if known is None or (known.polling and service not in polled):
        return None
    return known if actions <= load().action_set(known.actions) else None


def routine_words(actions: ActionSet, polled: frozenset[str] = frozenset()) -> str:
    """`write its logs and send traces`, where actions are nothing but routine; else empty."""
    found = [routine_of(actions.of_service(service), service, polled) for service in actions.services()]
    words = [each.do for each in found if each is not None]
    if not words or len(words) < len(found):
        return ""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
