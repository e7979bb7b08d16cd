"""Changes in words, and how grave each is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from permscope.catalog.actions import ActionSet, load
from permscope.graph.model import Node, NodeKind, Provenance
from permscope.inventory.policies import ConditionEntry, PolicyKind

LEVEL_ORDER = ("List", "Read", "Tagging", "Write", "Permissions management")
_SEVERITIES = ("critical", "high", "medium", "low", "info")
_SHOWN = 4
_MANY_SERVICES = 40
# What a function needs to write its own logs and traces tells nothing about the application.
_HOUSEKEEPING = (
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "logs:DescribeLogGroups",
    "logs:DescribeLogStreams",
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:GetSamplingStatisticSummaries",
    "cloudwatch:PutMetricData",
)
_SENSITIVE = ("secretsmanager:GetSecretValue", "ssm:GetParameter*", "kms:Decrypt", "iam:PassRole", "sts:AssumeRole")


def name_of(node: Node) -> str:
    """What a person calls a node."""
    match node.kind:
        case NodeKind.PUBLIC:
            return "anyone on the internet"
        case NodeKind.RESOURCE_SET:
            pattern = node.arn or node.label
            return "every resource (*)" if pattern == "*" else pattern
        case _:
            return node.label


def highest(levels: Iterable[str]) -> int:
    """The rank of the gravest access level; -1 for none."""
    return max((LEVEL_ORDER.index(level) for level in levels), default=-1)


def level_words(levels: Iterable[str]) -> str:
    """`Read and Write`."""
    names = list(levels)
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def action_words(actions: ActionSet) -> str:
    """The first few actions and how many more there are."""
    services = len(actions.services())
    if services > _MANY_SERVICES:
        return f"do nearly anything in {services} services"
    patterns = actions.patterns(wildcards=len(actions) > _SHOWN)
    more = len(patterns) - _SHOWN
    shown = ", ".join(patterns[: _SHOWN if more > 1 else _SHOWN + 1])
    return f"{shown} and {more} more" if more > 1 else shown


def condition_words(conditions: Mapping[str, Any]) -> str:
    """`StringEquals aws:SourceAccount 111122223333`, each condition once."""
    found = []
    for operator, keys in conditions.items():
        pairs = keys.items() if isinstance(keys, Mapping) else [("", keys)]
        for key, values in pairs:
            listed = [values] if isinstance(values, str) else list(values)
            found.append(" ".join(part for part in (f"{key} {operator}", " or ".join(map(str, listed))) if part))
    return "; ".join(dict.fromkeys(found))


def stricter_words(old: Iterable[ConditionEntry], new: Iterable[ConditionEntry]) -> str:
    """Which conditions were there and are not any more, or say less."""
    still = {(entry.operator.lower(), entry.key.lower()) for entry in new}
    entries = list(old)
    gone = [entry for entry in entries if (entry.operator.lower(), entry.key.lower()) not in still]
    if gone:
        names = ", ".join(dict.fromkeys(f"`{entry.key}`" for entry in gone))
        return f"the condition on {names} is gone"
    names = ", ".join(dict.fromkeys(f"`{entry.key}`" for entry in entries))
    return f"the condition on {names} says less" if names else "its conditions are gone"


def step_up(severity: str, by: int) -> str:
    """A severity so many steps higher (lower when negative), between low and critical; `info` stays."""
    if severity == "info":
        return severity
    at = _SEVERITIES.index(severity) - by
    return _SEVERITIES[max(0, min(at, _SEVERITIES.index("low")))]


def at_least(severity: str, other: str) -> str:
    """The graver of two severities."""
    return min(severity, other, key=_SEVERITIES.index)


def access_severity(actions: ActionSet, *, wide: bool, target: str = "") -> str:
    """How grave it is to get actions on something; `wide` for a pattern rather than one thing."""
    levels = actions.levels()
    everything = (wide and not target.strip("*")) or target == "every resource (*)"
    if everything and len(actions.services()) > _MANY_SERVICES and "Write" in levels:
        return "critical"
    if "Permissions management" in levels:
        return "high"
    sensitive = not actions.isdisjoint(load().action_set(_SENSITIVE))
    if "Write" in levels:
        return "high" if wide else "medium"
    if "Read" in levels:
        return "high" if wide and sensitive else "medium" if wide or sensitive else "low"
    return "low"


def is_housekeeping(actions: ActionSet, provenance: Iterable[Provenance]) -> bool:
    """Whether actions are those of logs and traces, or of a policy AWS makes for functions."""
    if actions <= load().action_set(_HOUSEKEEPING):
        return True
    policies = [one.policy for one in provenance]
    return bool(policies) and all(
        policy is not None
        and policy.kind is PolicyKind.AWS_MANAGED
        and ":policy/service-role/AWSLambda" in (policy.arn or "")
        and not policy.name.startswith("AWSLambdaRole")
        for policy in policies
    )
