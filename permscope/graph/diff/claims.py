"""What policies let somebody do, as claims that can be compared: is each new claim covered by the old ones?

A claim is covered action by action: by an old claim whose resource pattern holds all of the new pattern, whose
conditions follow from the new conditions, and which nothing takes away that the new side does not take away too. What
is called covered surely is; what is called new may, in odd mixtures of wildcards, have been there in pieces.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from permscope.catalog.actions import ActionSet, load
from permscope.graph.diff.conditions import follows
from permscope.inventory.policies import ConditionEntry, Policy, Statement
from permscope.lazy import dataclass, regex
from permscope.policy.applicable import limit_to_resource
from permscope.policy.effective import Grant
from permscope.policy.matching import covers, decode, encode, opened, relation
from permscope.policy.variables import has_variable

_FORM = regex(r"\$\{[^}]*\}|<[^>]*>")
_MOST_CAUSES = 8  # `Grant.limited_by` names no more than these


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Claim:
    """Actions on one resource pattern, under conditions.

    Attributes:
        resource: encoded pattern.
        not_resources: encoded patterns that are left out.
        limits: Deny, boundary and control policy statements that take away a part.
        vague: whether it depends on something that is neither a condition nor a limit.
        old_resource: the pattern with the names of the other side, where that differs.
        principal: of a statement that names principals.
    """

    actions: ActionSet
    resource: str
    not_resources: tuple[str, ...] = ()
    conditions: tuple[ConditionEntry, ...] = ()
    only_if: str | None = None
    limits: tuple[Statement, ...] = ()
    vague: bool = False
    statement: Statement | None = None
    policy: Policy | None = None
    old_resource: str | None = None
    old_not_resources: tuple[str, ...] = ()
    old_conditions: tuple[ConditionEntry, ...] = ()
    principal: str = ""
    principal_kind: str = ""

    @property
    def has_variables(self) -> bool:
        """Whether `${aws:username}` is a variable here: only in policies of version 2012-10-17."""
        return self.policy is None or self.policy.version == "2012-10-17"

    @property
    def texts(self) -> tuple[str, ...]:
        """Its resource under the names of both sides."""
        return (self.resource,) if self.old_resource is None else (self.resource, self.old_resource)


Translate = Callable[[str], str]


def _same(text: str) -> str:
    return text


def claims_of(
    grants: Iterable[Grant],
    translate: Translate = _same,
    *,
    principal: str = "",
    principal_kind: str = "",
    on: str | None = None,
) -> tuple[Claim, ...]:
    """Grants as claims.

    Args:
        grants: of one principal.
        translate: gives a text of this side the names of the other.
        principal: whom a statement of a resource's policy names.
        principal_kind: what kind of principal that is.
        on: what `*` means in the policy of a resource.
    """
    found = []
    for grant in grants:
        only_if = grant.statement.only_if if grant.statement is not None else None
        vague = grant.conditional and not (grant.conditions or grant.limited_by or only_if)
        for resource in grant.resources:
            meant = on if on is not None and not resource.strip("*") else resource
            found.append(
                _claim(
                    Claim(
                        actions=grant.actions,
                        resource=encode(meant),
                        not_resources=tuple(map(encode, grant.not_resources)),
                        conditions=grant.conditions,
                        only_if=only_if,
                        limits=grant.limited_by,
                        vague=vague,
                        statement=grant.statement,
                        policy=grant.policy,
                        principal=principal,
                        principal_kind=principal_kind,
                    ),
                    translate,
                )
            )
    return tuple(found)


def _claim(claim: Claim, translate: Translate) -> Claim:
    """A claim that also knows the names of the other side."""
    if translate is _same:
        return claim
    old = encode(translate(decode(claim.resource)))
    return replace(
        claim,
        old_resource=None if old == claim.resource else old,
        old_not_resources=tuple(encode(translate(decode(each))) for each in claim.not_resources),
        old_conditions=tuple(
            entry._replace(values=tuple(translate(str(value)) for value in entry.values)) for entry in claim.conditions
        ),
    )


def statement_claims(
    statements: Iterable[tuple[Policy, Statement]],
    translate: Translate = _same,
    *,
    principals: bool = False,
    on: str | None = None,
) -> tuple[Claim, ...]:
    """Statements as claims, as they are written; of a resource's policy one for each principal they name."""
    found = []
    catalog = load()
    for policy, statement in statements:
        named = catalog.action_set(statement.actions or statement.not_actions or ())
        actions = named if statement.actions is not None else catalog.complement(named)
        who: Sequence[tuple[str, str]] = [("", "")]
        if principals:
            if statement.not_principals is not None:
                who = [("Not", " ".join(sorted(f"{p.kind}:{p.value}" for p in statement.not_principals)))]
            else:
                who = [(p.kind, translate(str(p.value))) for p in statement.principals or ()]
        for resource in statement.resources or ("*",):
            meant = on if on is not None and not resource.strip("*") else resource
            for kind, value in who:
                claim = Claim(
                    actions=actions,
                    resource=encode(meant),
                    not_resources=tuple(map(encode, statement.not_resources or ())),
                    conditions=statement.conditions,
                    only_if=statement.only_if,
                    statement=statement,
                    policy=policy,
                    principal=value,
                    principal_kind=kind,
                )
                found.append(_claim(claim, translate))
    return tuple(found)


# Coverage


class Limits:
    """The statements that take something away from a principal: Deny, boundary, control policies.

    Args:
        denies: claims of the Deny statements of every layer.
        layers: for the boundary and each level of control policies, the claims of its Allow statements.
        opaque: ARNs of boundaries whose document nobody has.
    """

    def __init__(
        self, denies: Sequence[Claim] = (), layers: Sequence[Sequence[Claim]] = (), opaque: Iterable[str] = ()
    ) -> None:
        self.denies = tuple(denies)
        self.layers = tuple(tuple(layer) for layer in layers)
        self.opaque = frozenset(opaque)

    def holds(self, statement: Statement, old: Limits) -> bool:
        """Whether what an old statement takes away is still taken away."""
        if statement.effect == "Deny":
            asked = [claim for claim in old.denies if claim.statement is statement]
            # In a resource's policy the grants know a Deny without its principals.
            asked = asked or [claim for claim in old.denies if _says_the_same(claim.statement, statement)]
            return bool(asked) and all(not uncovered_deny(claim, self.denies) for claim in asked)
        return self.layers_hold(old)

    def layers_hold(self, old: Limits) -> bool:
        """Whether no layer allows more than one did before."""
        return all(
            any(all(not remaining(claim, layer) for claim in own) for own in self.layers) for layer in old.layers
        )

    def all_hold(self, old: Limits) -> bool:
        """Whether everything that was taken away is."""
        held = old.opaque <= self.opaque and self.layers_hold(old)
        return held and all(not uncovered_deny(claim, self.denies) for claim in old.denies)


def _says_the_same(one: Statement | None, other: Statement) -> bool:
    return one is not None and (one.index, one.sid, one.actions, one.not_actions, one.conditions, one.source) == (
        other.index,
        other.sid,
        other.actions,
        other.not_actions,
        other.conditions,
        other.source,
    )


def uncovered_deny(old: Claim, by: Iterable[Claim]) -> ActionSet:
    """The actions of an old Deny that no new Deny denies at least as widely."""
    left = old.actions
    for deny in by:
        if not left:
            break
        if deny.actions.isdisjoint(left) or not _denies_principal(deny, old):
            continue
        if deny.only_if is not None and deny.only_if != old.only_if:
            continue
        wide = any(covers(text, opened(old.resource)) or text == old.resource for text in deny.texts)
        if not wide or not _leaves_out_no_more(deny, old):
            continue
        conditions = deny.old_conditions or deny.conditions
        if follows(old.conditions, deny.conditions) or follows(old.conditions, conditions):
            left = left - deny.actions
    return left


def _denies_principal(deny: Claim, old: Claim) -> bool:
    if deny.principal_kind == "Not" or old.principal_kind == "Not":
        return (deny.principal_kind, deny.principal) == (old.principal_kind, old.principal)
    return deny.principal in (old.principal, "*")


def _leaves_out_no_more(wide: Claim, narrow: Claim) -> bool:
    """Whether what a claim leaves out is left out by the narrower one too, or is no part of it."""
    wide_out = wide.old_not_resources or wide.not_resources
    return all(
        any(covers(own, opened(each)) or own == each for own in (*narrow.not_resources, *narrow.old_not_resources))
        or all(relation(each, text) is False for text in narrow.texts)
        for each in wide_out
    )


def _as_old(claim: Claim) -> Claim:
    if claim.old_resource is None and not claim.old_conditions and not claim.old_not_resources:
        return claim
    return replace(
        claim,
        resource=claim.old_resource or claim.resource,
        not_resources=claim.old_not_resources or claim.not_resources,
        conditions=claim.old_conditions or claim.conditions,
    )


class Book:
    """The old claims of somebody, filed for quick comparison.

    Args:
        claims: the claims.
        limits: what takes something away from them.
    """

    def __init__(self, claims: Iterable[Claim] = (), limits: Limits | None = None) -> None:
        self.claims = tuple(claims)
        self.limits = limits or Limits()
        self._by_service: dict[int, list[Claim]] = defaultdict(list)
        for claim in self.claims:
            for service in claim.actions.masks:
                self._by_service[service].append(claim)

    def as_old(self) -> Book:
        """The same claims under the names of the old side alone."""
        limits = Limits(tuple(map(_as_old, self.limits.denies)), self.limits.layers, self.limits.opaque)
        return Book(map(_as_old, self.claims), limits)

    def near(self, claim: Claim) -> Iterator[Claim]:
        """The claims that have an action in common with another one."""
        seen: set[int] = set()
        for service in claim.actions.masks:
            for own in self._by_service.get(service, ()):
                if id(own) not in seen:
                    seen.add(id(own))
                    if not own.actions.isdisjoint(claim.actions):
                        yield own

    def remaining(self, claim: Claim, limits: Limits | None = None, *, loosely: bool = False) -> ActionSet:
        """The actions of a new claim that nothing here covers.

        Args:
            claim: of the new side.
            limits: what takes something away on the new side.
            loosely: do not ask for conditions and limits.
        """
        near = list(self.near(claim))
        if loosely:
            return remaining(claim, near, loosely=True)
        kept = limits or Limits()
        if not self.limits.opaque <= kept.opaque:
            return claim.actions
        usable = [own for own in near if not own.limits or self._still_limited(own, kept)]
        return remaining(claim, usable)

    def _still_limited(self, own: Claim, new: Limits) -> bool:
        if len(own.limits) >= _MOST_CAUSES:
            return new.all_hold(self.limits)
        return all(new.holds(statement, self.limits) for statement in own.limits)


def remaining(claim: Claim, by: Iterable[Claim], *, loosely: bool = False) -> ActionSet:
    """The actions of a claim that no other claim covers."""
    left = claim.actions
    usable = [own for own in by if loosely or _is_no_stricter(own, claim)]
    for own in usable:
        if not left:
            return left
        if own.actions.isdisjoint(left) or not _holds_resource(own, claim):
            continue
        left = left - own.actions
    if left and any(not text.strip("*") for text in claim.texts) and not claim.not_resources:
        left = _by_form(left, usable)
    return left


def _is_no_stricter(own: Claim, claim: Claim) -> bool:
    if own.only_if is not None and own.only_if != claim.only_if:
        return False
    if own.vague and (own.resource not in claim.texts or own.not_resources != claim.not_resources):
        return False
    if own.has_variables is not claim.has_variables and _has_variables(own, claim):
        return False
    return follows(claim.conditions, own.conditions) or (
        bool(claim.old_conditions) and follows(claim.old_conditions, own.conditions)
    )


def _has_variables(*claims: Claim) -> bool:
    return any(
        has_variable(text)
        for claim in claims
        for text in (claim.resource, *claim.not_resources, *(v for e in claim.conditions for v in e.values))
    )


def _holds_resource(own: Claim, claim: Claim) -> bool:
    held = any(own.resource == text or covers(own.resource, _as_pattern(text)) for text in claim.texts)
    return held and (not own.not_resources or _leaves_out_no_more(own, claim))


def _as_pattern(text: str) -> str:
    """A new pattern for `covers`: what is not known in it may be anything."""
    return opened(text)


@lru_cache(maxsize=4096)
def _forms(service: str) -> tuple[tuple[str, ActionSet], ...]:
    """The ARN formats of a service as encoded patterns, with their actions."""
    head = "arn:${AWS::Partition}:"
    found = []
    for form, actions in load().actions_by_arn_format(service):
        text = _FORM.sub("*", form.replace("arn:${Partition}:", head, 1).replace(head, "\ue007"))
        found.append((encode(text.replace("\ue007", head)), actions))
    return tuple(found)


def _by_form(left: ActionSet, by: Sequence[Claim]) -> ActionSet:
    """What is left of actions on `*` where patterns cover every ARN that the actions can be about."""
    missing = left - load().restrictable
    for service in left.services():
        asked = left.of_service(service) & load().restrictable
        known = ActionSet.empty
        for form, actions in _forms(service):
            here = asked & actions
            known |= here
            for own in by:
                if not here:
                    break
                if not own.not_resources and covers(own.resource, form):
                    here = here - limit_to_resource(own.actions, own.resource)
            missing |= here
        missing |= asked - known
    return missing
