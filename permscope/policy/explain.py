"""Why a request is decided as it is: what allows or denies it, what is missing, and what nearly allows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from permscope.lazy import dataclass
from permscope.policy.compiled import CompiledPolicy, CompiledStatement
from permscope.policy.evaluate import (
    Case,
    CompiledLayers,
    Decision,
    Verdict,
    is_out_of_reach,
    needs_nothing,
    needs_resource_policy,
)
from permscope.policy.layers import Asked, Match, naming
from permscope.policy.requester import RequesterKind
from permscope.policy.unrestrictable import is_restrictable, matched_resource

_MOST_NEAR = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """An Allow statement about the action that does not apply.

    Attributes:
        layer: `identity`, `resource`, `boundary`, `session` or `scp`.
        policy: the policy it stands in.
        statement: 0-based index.
        sid: as written.
        misses: `principal`, `resource`, or `condition <operator> <key>` for each condition that does not hold.
    """

    layer: str
    policy: str
    statement: int
    sid: str | None
    misses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a request is decided as it is.

    Attributes:
        because: sentences without a final period; of an implicit deny, each thing that is missing.
        near: Allow statements about the action that do not apply, at most eight.
    """

    because: tuple[str, ...]
    near: tuple[NearMiss, ...] = ()


def explain(case: Case, layers: CompiledLayers, verdict: Verdict) -> Explanation:
    """Why a case has its verdict.

    Args:
        case: with its layers asked.
        layers: the policies it was asked of.
        verdict: what `weigh` made of it.
    """
    match verdict.decision:
        case Decision.EXPLICIT_DENY:
            return Explanation(because=tuple(f"{_name(match)} denies it" for match in verdict.matched))
        case Decision.ALLOW:
            return Explanation(because=tuple(_allowed_by(case, verdict)))
        case Decision.IMPLICIT_DENY:
            near = tuple(_near_misses(case, layers))[:_MOST_NEAR]
            return Explanation(because=tuple(_missing(case, layers)), near=near)


def _name(match: Match) -> str:
    return f"{_statement_name(match.statement)} of `{match.statement.policy}`"


def _statement_name(statement: CompiledStatement) -> str:
    return f"statement `{statement.sid}`" if statement.sid else f"statement {statement.index}"


def _allowed_by(case: Case, verdict: Verdict) -> Iterator[str]:
    if needs_nothing(case):
        yield "the action needs no permission"
    if case.requester.kind is RequesterKind.ROOT and case.same_account:
        yield "the root user may do everything in its account"
    for match in verdict.matched:
        how = ""
        if match.layer == "resource":
            how = _NAMED.get(str(naming(match.statement, case.asked)), "")
        elif match.layer == "scp":
            how = " to the account"
        yield f"{_name(match)} allows it{how}"


_NAMED = {
    "everyone": " to everyone",
    "direct": " to the principal itself",
    "role": " to the role of the session",
    "account": " to the account, which needs an identity policy that allows it too",
}


def _missing(case: Case, layers: CompiledLayers) -> Iterator[str]:
    """What would have to allow the request and does not, from the organization to the resource."""
    if is_out_of_reach(case):
        yield "only AWS itself may change the resource"
        return
    for at, level in enumerate(case.scps):
        if not level.allow:
            yield f"no policy of `scps[{at}]` allows it" if layers.scps[at] else f"`scps[{at}]` has no policy"
    resource = case.resource_policy
    if not case.requester.is_iam:
        if not resource.allow:
            yield "the resource's policy does not allow it, and nothing else counts for this principal"
        return
    if case.same_account:
        if resource.direct:
            return
        key = _what_it_is(case)
        if needs_resource_policy(case) and not resource.allow:
            yield f"the {key} must allow it, or hand over to the account, and does not"
            return
        limited = resource.role or case.identity.allow
        if not limited:
            needed = "it hands over to the account only" if resource.account else "nor does the resource's policy"
            yield f"no identity policy allows it; {needed}"
    else:
        if not resource.allow:
            yield "the resource is in another account, and its policy does not allow it"
        if not case.identity.allow:
            yield "the resource is in another account, and no identity policy allows it"
    yield from _limits(case)


def _limits(case: Case) -> Iterator[str]:
    if not case.boundary.allow:
        yield "the permissions boundary does not allow it"
    if not case.session.allow:
        federated = case.requester.kind is RequesterKind.FEDERATED_USER and not case.session.matches
        more = "; a federated user has only what its session policies and the user share" if federated else ""
        yield f"no session policy allows it{more}"


def _what_it_is(case: Case) -> str:
    return "key policy" if case.action.startswith("kms:") else "trust policy"


def _near_misses(case: Case, layers: CompiledLayers) -> Iterator[NearMiss]:
    asked = case.asked
    unscoped = asked._replace(resource=matched_resource(asked.action, asked.resource))
    groups: list[tuple[str, Iterable[CompiledPolicy], Asked]] = [("resource", layers.resource, asked)]
    if case.requester.is_iam:
        groups = [
            ("identity", layers.identity, unscoped),
            *groups,
            ("boundary", layers.boundary or (), unscoped),
            ("session", layers.session, unscoped),
            *(("scp", level, unscoped) for level in layers.scps),
        ]
    for layer, policies, of_layer in groups:
        for policy in policies:
            for statement in policy.about(asked.action):
                if statement.allow and (misses := tuple(_misses(layer, statement, of_layer))):
                    yield NearMiss(
                        layer=layer,
                        policy=statement.policy,
                        statement=statement.index,
                        sid=statement.sid,
                        misses=misses,
                    )


def _misses(layer: str, statement: CompiledStatement, asked: Asked) -> Iterator[str]:
    if layer == "resource" and naming(statement, asked) is False:
        yield "principal"
    resources = statement.resources
    if resources is not None:
        inside = resources.matches(asked.resource, asked.context, set())
        if inside is statement.not_resource:
            needs_star = layer != "resource" and not is_restrictable(asked.action)
            yield "resource: the action takes `*` only" if needs_star else "resource"
    for condition in statement.conditions:
        if condition.test(asked.context, set()) is False:
            yield f"condition {condition.entry.operator} {condition.entry.key}"
