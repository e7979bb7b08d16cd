"""Changes in words, and how grave each is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from permscope.catalog.actions import ActionSet, load
from permscope.graph.diff.conditions import follows, implies, lost
from permscope.graph.model import Node, NodeKind, PermissionGraph, Provenance
from permscope.graph.routine import routine_words
from permscope.inventory.policies import ConditionEntry, PolicyKind
from permscope.lazy import regex
from permscope.policy.conditions.condition import split_operator

LEVEL_ORDER = ("List", "Read", "Tagging", "Write", "Permissions management")
_SEVERITIES = ("critical", "high", "medium", "low", "info")
_SHOWN = 4
_MANY_SERVICES = 40
AUTH_WORDS = {
    "none": "nothing",
    "iam": "IAM credentials",
    "cognito": "a Cognito token",
    "jwt": "a JWT",
    "lambda": "a Lambda authorizer's word",
    "api_key": "an API key",
    "mutual_tls": "a client certificate",
    "unknown": "something that is not known",
}
_SINGULAR = {"scopes": "scope", "audience": "audience", "issuer": "issuer", "provider_arns": "user pool"}
_VERBS = {
    "stringequals": "is",
    "stringlike": "is",
    "stringequalsignorecase": "is",
    "arnlike": "is",
    "arnequals": "is",
    "bool": "is",
    "binaryequals": "is",
    "stringnotequals": "is not",
    "stringnotlike": "is not like",
    "stringnotequalsignorecase": "is not",
    "arnnotlike": "is not like",
    "arnnotequals": "is not like",
    "numericequals": "is",
    "numericnotequals": "is not",
    "numericlessthan": "is below",
    "numericlessthanequals": "is at most",
    "numericgreaterthan": "is above",
    "numericgreaterthanequals": "is at least",
    "dateequals": "is",
    "datenotequals": "is not",
    "datelessthan": "is before",
    "datelessthanequals": "is not after",
    "dategreaterthan": "is after",
    "dategreaterthanequals": "is not before",
    "ipaddress": "is in",
    "notipaddress": "is not in",
}
_LACKS = regex(r"(`[^`]*`) lacks (`[^`]*`) on `([^`]*)`")
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


def stranger_name(node: Node) -> str:
    """What to call somebody who comes from outside; a principal with its account."""
    if node.kind is NodeKind.EXTERNAL and node.account:
        return f"`{node.label}` of account {node.account}"
    return name_of(node) if node.kind in (NodeKind.PUBLIC, NodeKind.ACCOUNT) else f"`{name_of(node)}`"


def pattern_words(graph: PermissionGraph, pattern: str) -> str:
    """A resource pattern with the name of the thing that its ARN begins with: `Invoices/archive/*`."""
    for end in (at for at, sign in enumerate(pattern) if sign in "/:*?"):
        node = graph.nodes.get(pattern[:end])
        if node is not None:
            return f"{name_of(node)}{pattern[end:]}"
    node = graph.nodes.get(pattern)
    return name_of(node) if node is not None else pattern


def reason_words(graph: PermissionGraph, reason: str) -> str:
    """Why a wiring is not allowed, with what one role lacks on one thing said once."""
    parts = reason.split("; ")
    found = [_LACKS.fullmatch(part) for part in parts]
    if not all(found):
        return reason
    lacking: dict[tuple[str, str], list[str]] = {}
    for part in found:
        if part is not None:
            lacking.setdefault((part[1], part[3]), []).append(part[2])
    return "; ".join(
        f"{role} lacks {', '.join(actions)} on `{pattern_words(graph, target)}`"
        for (role, target), actions in lacking.items()
    )


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


def doing_words(actions: ActionSet) -> str:
    """`call s3:GetObject`, or `do nearly anything in 400 services`."""
    words = action_words(actions)
    return words if words.startswith("do ") else f"call {words}"


def condition_words(conditions: Mapping[str, Any]) -> str:
    """`with a JWT, when `aws:SourceAccount` is 111122223333`: each condition once."""
    found: list[str] = []
    when: list[str] = []
    for operator, keys in conditions.items():
        pairs = keys.items() if isinstance(keys, Mapping) else [("", keys)]
        for key, values in pairs:
            listed = [values] if isinstance(values, str) else [str(each) for each in values]
            own = _own_words(operator, key, listed)
            (when if own is None else found).append(own or _clause(operator, key, listed))
    if when:
        found.append(f"when {' and '.join(dict.fromkeys(when))}")
    return ", ".join(dict.fromkeys(found))


def _own_words(operator: str, key: str, values: list[str]) -> str | None:
    """A condition that no policy states, in words; None for one that a policy states."""
    match operator, key:
        case "auth", "type":
            return f"with {' or '.join(AUTH_WORDS.get(each, each) for each in values)}"
        case "auth", "api_key":
            return "with an API key"
        case "auth", "by":
            return "by another authorizer"
        case "auth", _:
            return f"with {_SINGULAR.get(key, key)} {_either(values)}"
        case "network", _:
            return "from inside the private network"
        case "template", _:
            return f"where the template's condition {_either(values)} holds"
        case "unknown", _:
            return f"under a condition on `{key}`"
        case "cross-account", _:
            return f"if {_either(values)} allows it too"
        case "trust", _:
            return "if the role trusts it"
        case _:
            return None


def _clause(operator: str, key: str, values: list[str]) -> str:
    """`aws:SourceIp` is in 10.0.0.0/8."""
    quantifier, name, if_exists = split_operator(operator)
    if name == "null":
        return f"`{key}` is {'absent' if values == ['true'] else 'sent' if values == ['false'] else _either(values)}"
    every = "every value of " if quantifier == "forallvalues:" else "one value of " if quantifier else ""
    given = ", where it is sent," if if_exists else ""
    wild = name in ("arnlike", "arnequals", "stringlike") and any(sign in each for each in values for sign in "*?")
    verb = "is like" if wild else _VERBS.get(name, operator)
    return f"{every}`{key}`{given} {verb} {_either(values)}"


def _either(values: list[str]) -> str:
    more = len(values) - _SHOWN
    shown = values[:_SHOWN] if more > 0 else values
    return " or ".join(f"`{each}`" for each in shown) + (f" or {more} more" if more > 0 else "")


def stricter_words(old: Iterable[ConditionEntry], new: Sequence[ConditionEntry]) -> str:
    """Which conditions were there and are gone, say less, or ask for something else now."""
    missing = lost(new, old)
    if not missing:
        return "its conditions are gone"
    still = {entry.key.lower() for entry in new}
    gone = [entry for entry in missing if entry.key.lower() not in still]
    if gone:
        return f"the condition on {_keys(gone)} is gone"
    looser = [entry for entry in missing if any(implies(entry, own) for own in new)]
    if looser:
        return f"the condition on {_keys(looser)} says less"
    return f"the condition on {_keys(missing)} asks for something else"


def is_loosened(old: Iterable[ConditionEntry], new: Sequence[ConditionEntry]) -> bool:
    """Whether conditions are gone or say less, rather than ask for something else."""
    return follows(tuple(old), new)


def _keys(entries: Iterable[ConditionEntry]) -> str:
    return ", ".join(dict.fromkeys(f"`{entry.key}`" for entry in entries))


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
    """Whether actions are those of logs, traces and the like, or of a policy AWS makes for functions."""
    return bool(routine_words(actions)) or _is_made_for_functions(provenance)


def housekeeping_words(actions: ActionSet, provenance: Iterable[Provenance]) -> str:
    """`write its logs and poll queues`, where that is all that actions on everything are for; else empty.

    Polling is taken for routine where a policy that AWS makes for functions grants it.
    """
    polled = frozenset(actions.services()) if _is_made_for_functions(provenance) else frozenset()
    return routine_words(actions, polled)


def _is_made_for_functions(provenance: Iterable[Provenance]) -> bool:
    policies = [one.policy for one in provenance]
    return bool(policies) and all(
        policy is not None
        and policy.kind is PolicyKind.AWS_MANAGED
        and ":policy/service-role/AWSLambda" in (policy.arn or "")
        and not policy.name.startswith("AWSLambdaRole")
        for policy in policies
    )
