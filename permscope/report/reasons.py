"""The statements behind an edge: those that matter to what was asked, each with a place to go to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from permscope.catalog.actions import ActionSet, load
from permscope.graph.model import Edge, NodeKind, PermissionGraph, Provenance
from permscope.inventory.facts import Group, Role, User
from permscope.inventory.policies import PolicyKind, Principal, Statement
from permscope.inventory.source import NOWHERE, Source

_FEW_ACTIONS = 3
# Names that SAM gives to what it makes of a function:
# https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources.html
_ENTRY = re.compile(r"RolePolicy(\d+)")
_OF_EVENT = re.compile(r"([A-Za-z0-9]+?)Permission[A-Za-z0-9]*")
_OF_URL = re.compile(r"UrlPublicPermissions|URLInvokeAllowPublicAccess")


class Reason(NamedTuple):
    """One statement or wiring, in words.

    Attributes:
        words: `statement PutOrders of OrdersPolicy`, `AWS managed policy AWSLambdaBasicExecutionRole`.
        source: where it stands; for a policy of AWS, where it is attached.
        statement: the statement, where it is one.
    """

    words: str
    source: Source
    statement: Statement | None = None


def reasons_of(graph: PermissionGraph, edge: Edge, actions: ActionSet | None = None) -> list[Reason]:
    """What makes an edge true, once each, in file order.

    Args:
        graph: the graph of the edge.
        edge: a wiring or a permission.
        actions: leave out statements that say nothing about any of these.
    """
    holder = graph.nodes.get(edge.via or "") or graph.nodes[edge.source]
    found: dict[tuple[str, Source], Reason] = {}
    for one in edge.provenance:
        if actions is not None and one.fact is not None and not _speaks_of(one.fact, actions):
            continue
        source = one.source if one.source != NOWHERE else _attached(one, holder.fact, holder.source)
        reason = Reason(statement_words(one), source, one.fact)
        found.setdefault((reason.words, reason.source), reason)
    return list(found.values())


def statement_words(one: Provenance) -> str:
    """What a person calls a statement or wiring; of what SAM makes, the part of the template that it is made of."""
    policy = one.policy
    if policy is not None and policy.kind is PolicyKind.AWS_MANAGED:
        return f"AWS managed policy {policy.name}"
    if one.statement is None:
        return f"wired in {one.logical_id}" if one.logical_id else "wired"
    if policy is not None and policy.kind is PolicyKind.TRUST:
        return f"trust policy of {policy.name.partition('/')[0]}"
    owner = f" of {one.logical_id}" if one.logical_id and one.logical_id != one.statement else ""
    return f"{_written(one) or f'statement {one.statement}'}{owner}"


def _written(one: Provenance) -> str | None:
    """The event or the entry under `Policies` of a SAM resource that a statement was made of."""
    if one.policy is None or one.fact is None or not one.logical_id:
        return None
    name = one.policy.name
    if not name.startswith(one.logical_id) or name == one.logical_id:
        return None
    rest = name[len(one.logical_id) :]
    entry = _ENTRY.fullmatch(rest)
    if entry:
        from permscope.audit.generated import policy_template_of

        template = policy_template_of(one.policy, one.fact)
        if template:
            return f"policy template {template}"
        number = f", statement {one.fact.index + 1}" if len(one.policy.statements) > 1 else ""
        return f"Policies[{entry[1]}]{number}" if one.fact.sid is None else None
    if _OF_URL.fullmatch(rest):
        return "FunctionUrlConfig"
    event = _OF_EVENT.fullmatch(rest)
    if event is None:
        return None
    authorizer = event[1].removesuffix("Authorizer")
    return f"authorizer {authorizer}" if authorizer != event[1] and authorizer else f"event {event[1]}"


def _attached(one: Provenance, holder: object, default: Source) -> Source:
    """Where a role names the managed policy; the role itself where SAM attaches it unasked."""
    if isinstance(holder, Role | User | Group) and one.policy is not None:
        for arn in holder.managed_policy_arns:
            if arn == one.policy.arn or arn.endswith(f"/{one.policy.name}"):
                return getattr(arn, "source", default)
    return default


def _speaks_of(statement: Statement, actions: ActionSet) -> bool:
    catalog = load()
    if statement.actions is not None:
        return not catalog.action_set(statement.actions).isdisjoint(actions)
    return not catalog.complement(catalog.action_set(statement.not_actions or ())).isdisjoint(actions)


def narrowed(graph: PermissionGraph, edge: Edge, target_arn: str | None) -> ActionSet:
    """The actions of an edge that can be about one target: of `*`, those of the target's own service.

    Where there are none, they are about what is below it; and never is nothing told, since there is an edge.
    """
    from permscope.policy.effective import parts_of
    from permscope.policy.matching import encode

    if target_arn is None or graph.nodes[edge.target].kind is not NodeKind.RESOURCE_SET:
        return edge.actions
    parts = (target_arn, *parts_of(encode(target_arn))[1:])
    return next((found for part in parts if (found := edge.actions & able_on(part))), edge.actions)


def able_on(arn: str) -> ActionSet:
    """The actions that can be about an ARN; of a form the catalogue does not know, those of the ARN's service."""
    from permscope.inventory.arn import split_arn
    from permscope.policy.applicable import applicable_actions
    from permscope.policy.matching import encode

    able = applicable_actions(encode(arn))
    if able is not None:
        return able
    parts = split_arn(arn)
    return load().expand(f"{parts.service}:*") if parts else load().everything


def excerpt_of(statement: Statement, actions: ActionSet | None = None) -> list[str]:
    """A statement as a few lines of YAML.

    Args:
        statement: what to show.
        actions: of its actions only those that have to do with these, and how many more there are.
    """
    return list(_excerpt(statement, _about(statement.actions, actions)))


def _about(patterns: Sequence[str] | None, actions: ActionSet | None) -> Sequence[str] | None:
    if patterns is None or not actions or len(patterns) <= _FEW_ACTIONS:
        return patterns
    kept = [pattern for pattern in patterns if not load().action_set([pattern]).isdisjoint(actions)]
    left = len(patterns) - len(kept)
    return [*kept, f"and {left} more"] if kept and left > 1 else patterns


def _excerpt(statement: Statement, actions: Sequence[str] | None) -> Iterator[str]:
    yield f"Effect: {statement.effect}"
    for name, values in (
        ("Action", actions),
        ("NotAction", statement.not_actions),
        ("Resource", statement.resources),
        ("NotResource", statement.not_resources),
    ):
        if values is not None:
            yield f"{name}: {_flow(values)}"
    for name, principals in (("Principal", statement.principals), ("NotPrincipal", statement.not_principals)):
        if principals is not None:
            yield f"{name}: {_flow(_principal(each) for each in principals)}"
    for entry in statement.conditions:
        yield f"Condition: {entry.operator} {entry.key}: {_flow(entry.values)}"


def _principal(principal: Principal) -> str:
    return principal.value if principal.kind == "*" else f"{principal.kind}:{principal.value}"


def _flow(values: Iterable[str]) -> str:
    items = [str(value) for value in values]
    return items[0] if len(items) == 1 else f"[{', '.join(items)}]"
