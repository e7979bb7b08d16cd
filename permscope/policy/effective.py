"""Everything a principal may do: its Allow statements with Deny, boundary and control policies taken off.

Nothing that a Deny surely takes away is reported, nothing that a Deny might leave is hidden: what is not certain is
*conditional*. Statements are filed in an index by resource pattern, so time and memory grow with the statements, and
the access to one resource (`EffectiveAccess.on`) costs only what touches it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from permscope.catalog.actions import ActionSet, load
from permscope.inventory.policies import ConditionEntry, Policy, Statement
from permscope.policy.applicable import applicable_actions, by_matched_resource, limit_to_resource
from permscope.policy.compiled import CompiledPolicy, CompiledStatement, compile_policies, compile_policy
from permscope.policy.context import RequestContext
from permscope.policy.evaluate import AnyPolicy
from permscope.policy.matching import covers, decode, encode, is_open, opened, relation
from permscope.policy.pattern_index import PatternIndex
from permscope.policy.requester import Requester, parse_requester
from permscope.policy.unrestrictable import restrictable

_ALL = ("*",)
_MOST_PARTS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What one Allow statement grants in the end.

    Attributes:
        actions: that it grants on every one of `resources`.
        resources: patterns, as the policies write them.
        not_resources: patterns that are left out.
        conditions: of the statement, those that the principal alone does not settle.
        statement: the Allow statement.
        policy: the policy it stands in.
        conditional: whether anything must still hold: `conditions`, a Deny that may apply, a boundary or control policy
            that allows only a part, a template condition.
        limited_by: statements of Deny, boundary or control policies that make it conditional.
    """

    actions: ActionSet
    resources: tuple[str, ...]
    not_resources: tuple[str, ...] = ()
    conditions: tuple[ConditionEntry, ...] = ()
    statement: Statement | None = None
    policy: Policy | None = None
    conditional: bool = False
    limited_by: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The access to one resource and everything under it.

    Attributes:
        allowed: actions surely allowed on the resource, or on something under it.
        conditional: actions that may be allowed, when conditions hold.
        grants: what gives them; `resources` are the parts of the resource that each is about.
    """

    allowed: ActionSet
    conditional: ActionSet
    grants: tuple[Grant, ...]

    def __bool__(self) -> bool:
        return bool(self.allowed or self.conditional)


class _Rule(NamedTuple):
    """A statement with its actions as a set and its conditions decided as far as the principal decides them."""

    compiled: CompiledStatement
    policy: Policy | None
    actions: ActionSet
    certain: bool
    residual: tuple[ConditionEntry, ...]
    not_resources: tuple[str, ...]


class _Layer:
    """The rules of one layer with one effect, filed by resource pattern."""

    def __init__(self, *, limiting: bool = True) -> None:
        self._limiting = limiting
        self.rules: list[_Rule] = []
        self.whole = ActionSet.empty  # surely, on every resource
        self._index: PatternIndex[_Rule] = PatternIndex()

    def add(self, rule: _Rule) -> None:
        self.rules.append(rule)
        patterns = _patterns(rule)
        if self._limiting and rule.certain and not rule.not_resources and any(not each.strip("*") for each in patterns):
            self.whole |= rule.actions
            return
        for pattern in patterns:
            self._index.add(pattern, rule)

    def touching(self, target: str, actions: ActionSet) -> Iterator[tuple[str, _Rule, bool | None]]:
        """Rules that touch a target with one of the actions: their pattern, and how it stands to the target."""
        for pattern, rule in self._index.touching(target):
            if rule.actions.isdisjoint(actions):
                continue
            stands = relation(pattern, target)
            if stands is False:
                continue
            for excluded in rule.not_resources:
                left_out = relation(excluded, target)
                if left_out:
                    stands = False
                    break
                if left_out is None:
                    stands = None
            if stands is not False:
                yield pattern, rule, stands


def _patterns(rule: _Rule) -> tuple[str, ...]:
    resources = rule.compiled.resources
    if resources is None or rule.compiled.not_resource:
        return _ALL
    return tuple(dict.fromkeys(resources.texts))


class EffectiveAccess:
    """Everything one principal may do; made by `effective`."""

    def __init__(self, allows: _Layer, denies: _Layer, limits: tuple[_Layer, ...]) -> None:
        self._allows = allows
        self._denies = denies
        self._limits = limits
        self._grants: tuple[Grant, ...] | None = None

    @property
    def grants(self) -> tuple[Grant, ...]:
        """What its policies grant, in file order, split only where Deny, boundary or control policies say so."""
        if self._grants is None:
            self._grants = tuple(grant for rule in self._allows.rules for grant in self._of_rule(rule))
        return self._grants

    @property
    def actions(self) -> ActionSet:
        """Every action that is allowed somewhere, surely or under conditions."""
        found = ActionSet.empty
        for grant in self.grants:
            found |= grant.actions
        return found

    def _of_rule(self, rule: _Rule) -> Iterator[Grant]:
        by_limit: dict[tuple[str, bool, tuple[Statement, ...]], ActionSet] = {}
        for pattern in _patterns(rule):
            for part in self._at(rule, pattern):
                key = (part.resource, part.conditional, part.limited_by)
                by_limit[key] = by_limit.get(key, ActionSet.empty) | part.actions
        merged: dict[tuple[ActionSet, bool, tuple[Statement, ...]], list[str]] = {}
        for (resource, conditional, limited_by), actions in by_limit.items():
            merged.setdefault((actions, conditional, limited_by), []).append(resource)
        for (actions, conditional, limited_by), resources in merged.items():
            yield self._grant(rule, actions, tuple(resources), conditional, limited_by)

    def _grant(
        self,
        rule: _Rule,
        actions: ActionSet,
        resources: tuple[str, ...],
        conditional: bool,
        limited_by: tuple[Statement, ...],
    ) -> Grant:
        return Grant(
            actions=actions,
            resources=tuple(map(decode, resources)),
            not_resources=tuple(map(decode, rule.not_resources)),
            conditions=rule.residual,
            statement=rule.compiled.statement,
            policy=rule.policy,
            conditional=conditional or not rule.certain,
            limited_by=limited_by,
        )

    def on(self, arn: str) -> Access:
        """The access to one resource, its objects, indexes, streams, qualifiers and paths included."""
        allowed = conditional = ActionSet.empty
        grants: list[Grant] = []
        for target in parts_of(encode(arn)):
            able = applicable_actions(target)
            wanted = able if able is not None else restrictable() if target.strip("*") else load().everything
            for rule, part in self._on_target(target, wanted):
                grants.append(self._grant(rule, part.actions, (part.resource,), part.conditional, part.limited_by))
                if part.conditional or not rule.certain:
                    conditional |= part.actions
                else:
                    allowed |= part.actions
        return Access(allowed=allowed, conditional=conditional - allowed, grants=tuple(grants))

    def _on_target(self, target: str, wanted: ActionSet) -> Iterator[tuple[_Rule, _Part]]:
        seen: set[tuple[int, str]] = set()
        for pattern, rule, stands in self._allows.touching(target, wanted):
            part_pattern, exact = _meet(pattern, target, stands)
            if (id(rule), part_pattern) in seen:
                continue
            seen.add((id(rule), part_pattern))
            for part in self._at(rule, part_pattern, wanted):
                if part.actions:
                    yield rule, part if exact else part._replace(conditional=True)

    def _at(self, rule: _Rule, pattern: str, wanted: ActionSet | None = None) -> Iterator[_Part]:
        """What a rule grants on a pattern inside its own resources, in parts that differ in what limits them."""
        actions = rule.actions if wanted is None else rule.actions & wanted
        for target, of_target in by_matched_resource(actions, pattern):
            if any(relation(left_out, target) for left_out in rule.not_resources):
                continue
            parts = [_Part(of_target, target, conditional=False, limited_by=())]
            for layer in self._limits:
                parts = [narrowed for part in parts for narrowed in _limit(part, layer)]
            for part in parts:
                for left in _deny(part, self._denies):
                    yield left if target is pattern else left._replace(resource=pattern)


class _Part(NamedTuple):
    """Actions on a pattern, on the way through the layers."""

    actions: ActionSet
    resource: str
    conditional: bool
    limited_by: tuple[Statement, ...]


def _meet(pattern: str, target: str, stands: bool | None) -> tuple[str, bool]:
    """The narrower of two patterns that touch, and whether it is exactly what both match."""
    if stands:
        return target, True
    if covers(target, opened(pattern)):
        return pattern, True
    return target, False


def _limit(part: _Part, layer: _Layer) -> Iterator[_Part]:
    """A part cut down to what a boundary or control policy level allows."""
    free = part.actions & layer.whole
    if free:
        yield part._replace(actions=free)
    left = part.actions - free
    if not left:
        return
    sure = ActionSet.empty
    maybe: dict[str, ActionSet] = {}
    causes: list[Statement] = []
    for pattern, rule, stands in layer.touching(part.resource, left):
        common = rule.actions & left
        if stands and rule.certain:
            sure |= common
            continue
        where, exact = _meet(pattern, part.resource, stands)
        if where != part.resource and exact and rule.certain and not rule.not_resources and not is_open(where):
            key = where
        else:
            key = ""
            if rule.compiled.statement is not None:
                causes.append(rule.compiled.statement)
        maybe[key] = maybe.get(key, ActionSet.empty) | common
    if sure:
        yield part._replace(actions=sure)
    vague = maybe.pop("", ActionSet.empty) - sure
    if len(maybe) > _MOST_PARTS:
        for actions in maybe.values():
            vague |= actions - sure
        maybe = {}
    for where, actions in maybe.items():
        if kept := limit_to_resource(actions - sure - vague, where):
            yield part._replace(actions=kept, resource=where)
    if vague:
        yield part._replace(actions=vague, conditional=True, limited_by=_joined(part.limited_by, causes))


def _deny(part: _Part, denies: _Layer) -> Iterator[_Part]:
    """A part without what is surely denied, and with what may be denied set apart."""
    left = part.actions - denies.whole
    if not left:
        return
    sure = ActionSet.empty
    touched: list[tuple[ActionSet, Statement | None]] = []
    for _, rule, stands in denies.touching(part.resource, left):
        if stands and rule.certain:
            sure |= rule.actions
        else:
            touched.append((rule.actions, rule.compiled.statement))
    left -= sure
    maybe = ActionSet.empty
    causes = []
    for actions, statement in touched:
        common = actions & left
        if common:
            maybe |= common
            if statement is not None:
                causes.append(statement)
    if free := left - maybe:
        yield part._replace(actions=free)
    if maybe:
        yield part._replace(actions=maybe, conditional=True, limited_by=_joined(part.limited_by, causes))


def _joined(known: tuple[Statement, ...], more: Iterable[Statement]) -> tuple[Statement, ...]:
    seen = {id(each) for each in known}
    found = list(known)
    for each in more:
        if id(each) not in seen:
            seen.add(id(each))
            found.append(each)
    return tuple(found)


_UNDER = {
    "s3": "/*",
    "dynamodb": "/*",
    "logs": ":*",
    "lambda": ":*",
    "execute-api": "/*",
    "apigateway": "/*",
    "sns": ":*",
    "kinesis": "/*",
    "states": ":*",
    "ecs": "/*",
    "events": "/*",
    "appsync": "/*",
}


def parts_of(arn: str) -> tuple[str, ...]:
    """An encoded ARN and the pattern of what lies under it."""
    if arn.endswith(("*", ":*", "/*")):
        return (arn,)
    fields = arn.split(":", 5)
    end = _UNDER.get(fields[2]) if len(fields) > 5 and fields[0] == "arn" else None  # noqa: PLR2004 (six fields)
    return (arn,) if end is None else (arn, arn + end)


def effective(
    policies: Iterable[AnyPolicy],
    *,
    boundary: AnyPolicy | None = None,
    scps: Iterable[Iterable[AnyPolicy]] = (),
    session: Iterable[AnyPolicy] = (),
    principal: str | Requester | None = None,
    context: RequestContext | None = None,
) -> EffectiveAccess:
    """Everything that a principal's identity policies grant.

    Args:
        policies: attached to the principal and its groups.
        boundary: its permissions boundary.
        scps: one group per level; empty for no organization.
        session: session policies; empty for none.
        principal: whose they are, so that conditions about the principal are decided.
        context: what is known of its requests; partial unless it says otherwise.
    """
    known = context or RequestContext(complete=False)
    requester = parse_requester(principal) if isinstance(principal, str) else principal
    if requester is not None:
        known = known.with_requester(requester)
    allows, denies = _Layer(limiting=False), _Layer()
    _file(compile_policies(policies), known, allows, denies)
    limits: list[_Layer] = []
    groups: list[tuple[CompiledPolicy, ...]] = []
    if boundary is not None:
        groups.append((compile_policy(boundary),))
    if sessions := compile_policies(session):
        groups.append(sessions)
    if requester is None or not requester.is_service_linked:
        groups += [compile_policies(level) for level in scps]
    for group in groups:
        layer = _Layer()
        _file(group, known, layer, denies)
        limits.append(layer)
    return EffectiveAccess(allows, denies, tuple(limits))


def _file(policies: Iterable[CompiledPolicy], context: RequestContext, allows: _Layer, denies: _Layer) -> None:
    """Sort the statements that can apply to the principal into allow and deny."""
    catalog = load()
    for policy in policies:
        for statement in policy.statements:
            residual: list[ConditionEntry] = []
            for condition in statement.conditions:
                found = condition.test(context, set())
                if found is False:
                    break
                if found is None:
                    residual.append(condition.entry)
            else:
                named = catalog.action_set(statement.actions.texts)
                actions = catalog.complement(named) if statement.not_action else named
                if not actions:
                    continue
                left_out: tuple[str, ...] = ()
                resolvable: bool | None = True
                if statement.resources is not None and statement.not_resource:
                    left_out = statement.resources.texts
                    resolvable = statement.resources.resolvable(context, set())
                if resolvable is False:
                    continue
                rule = _Rule(
                    compiled=statement,
                    policy=policy.policy,
                    actions=actions,
                    certain=not residual and statement.only_if is None and resolvable is True,
                    residual=tuple(residual),
                    not_resources=left_out,
                )
                (allows if statement.allow else denies).add(rule)
