"""Everything a principal may do: its Allow statements with Deny, boundary and control policies taken off.

Nothing that a Deny surely takes away is reported, nothing that a Deny might leave is hidden: what is not certain is
*conditional*. Statements are filed in an index by resource pattern, so time and memory grow with the statements, and
the access to one resource (`EffectiveAccess.on`) costs only what touches it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

from permscope.catalog.actions import ActionSet, load
from permscope.inventory.policies import ConditionEntry, Policy, Statement
from permscope.lazy import dataclass
from permscope.policy.applicable import applicable_actions, by_matched_resource, limit_to_resource
from permscope.policy.compiled import CompiledPolicy, compile_policies, compile_policy
from permscope.policy.context import RequestContext
from permscope.policy.evaluate import AnyPolicy
from permscope.policy.matching import decode, encode, relation
from permscope.policy.requester import Requester, parse_requester
from permscope.policy.rules import Rule, RuleLayer, Touch, file_rules, meet
from permscope.policy.unrestrictable import restrictable

_MOST_CAUSES = 8


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
        limited_by: statements of Deny, boundary or control policies that make it conditional, the first eight.
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


class EffectiveAccess:
    """Everything one principal may do; made by `effective`."""

    def __init__(self, allows: RuleLayer, denies: RuleLayer, limits: tuple[RuleLayer, ...]) -> None:
        self._allows = allows
        self._denies = denies
        self._limits = limits
        self._capped = bool(limits or denies.rules)
        self._grants: tuple[Grant, ...] | None = None
        self._touched: dict[tuple[int, str], Touch] = {}
        self._last: tuple[str, Access] | None = None

    def _touch(self, layer: RuleLayer, target: str) -> Touch:
        key = (id(layer), target)
        found = self._touched.get(key)
        if found is None:
            found = self._touched[key] = layer.touch(target)
        return found

    @property
    def grants(self) -> tuple[Grant, ...]:
        """What its policies grant, in file order, split only where Deny, boundary or control policies say so."""
        if self._grants is None:
            self._grants = tuple(grant for rule in self._allows.rules for grant in self._granted_by(rule))
            self._touched.clear()
        return self._grants

    @property
    def actions(self) -> ActionSet:
        """Every action that is allowed somewhere, surely or under conditions."""
        found = ActionSet.empty
        for grant in self.grants:
            found |= grant.actions
        return found

    def _granted_by(self, rule: Rule) -> Iterable[Grant]:
        """The grants of a rule: where nothing caps it and it is the same for all, made once for all."""
        statement = rule.compiled
        if self._capped or statement.rule is not rule:
            return self._of_rule(rule)
        if statement.grants is None:
            statement.grants = tuple(self._of_rule(rule))
        return statement.grants

    def _of_rule(self, rule: Rule) -> Iterator[Grant]:
        by_limit: dict[tuple[str, bool, tuple[Statement, ...]], ActionSet] = {}
        for pattern in rule.patterns:
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
        rule: Rule,
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
        if self._last is None or self._last[0] != arn:
            whole = encode(arn)
            self._last = arn, self._access(whole, parts_of(whole))  # several questions in a row are about one resource
        return self._last[1]

    def at(self, arn: str) -> Access:
        """The access to one resource alone, without what lies under it."""
        return self._access(encode(arn), (encode(arn),))

    def _access(self, whole: str, targets: tuple[str, ...]) -> Access:
        allowed = conditional = ActionSet.empty
        grants: list[Grant] = []
        for target in targets:
            able = _applicable_under(whole) if target != whole else applicable_actions(target)
            wanted = able if able is not None else restrictable() if target.strip("*") else load().everything
            if ":lambda:" in target and target != whole:
                wanted -= _of_whole_functions()
            for rule, part in self._on_target(target, wanted):
                grants.append(self._grant(rule, part.actions, (part.resource,), part.conditional, part.limited_by))
                if part.conditional or not rule.certain:
                    conditional |= part.actions
                else:
                    allowed |= part.actions
        self._touched.clear()
        return Access(allowed=allowed, conditional=conditional - allowed, grants=tuple(grants))

    def _on_target(self, target: str, wanted: ActionSet) -> Iterator[tuple[Rule, _Part]]:
        seen: set[tuple[int, str]] = set()
        for pattern, rule, stands in self._allows.touching(target):
            if rule.actions.isdisjoint(wanted):
                continue
            part_pattern, exact = meet(pattern, target, stands)
            if (id(rule), part_pattern) in seen:
                continue
            seen.add((id(rule), part_pattern))
            for part in self._at(rule, part_pattern, wanted):
                if part.actions:
                    yield rule, part if exact else part._replace(conditional=True)

    def _at(self, rule: Rule, pattern: str, wanted: ActionSet | None = None) -> Iterator[_Part]:
        """What a rule grants on a pattern inside its own resources, in parts that differ in what limits them."""
        actions = rule.actions if wanted is None else rule.actions & wanted
        for target, of_target in by_matched_resource(actions, pattern):
            if any(relation(left_out, target) for left_out in rule.not_resources):
                continue
            if not self._capped:
                yield _Part(of_target, pattern, conditional=False, limited_by=())
                continue
            parts = [_Part(of_target, target, conditional=False, limited_by=())]
            for layer in self._limits:
                parts = [
                    narrowed
                    for part in parts
                    for narrowed in _limit(part, layer.whole, self._touch(layer, part.resource))
                ]
            for part in parts:
                for left in _deny(part, self._denies.whole, self._touch(self._denies, part.resource)):
                    yield left if target is pattern else left._replace(resource=pattern)


class _Part(NamedTuple):
    """Actions on a pattern, on the way through the layers."""

    actions: ActionSet
    resource: str
    conditional: bool
    limited_by: tuple[Statement, ...]


def _limit(part: _Part, whole: ActionSet, touch: Touch) -> Iterator[_Part]:
    """A part cut down to what a boundary or control policy level allows."""
    sure = part.actions & (whole | touch.sure)
    if sure:
        yield part._replace(actions=sure)
    left = part.actions - sure
    vague = left & touch.vague
    left -= vague
    for where, actions in touch.narrow:
        if kept := limit_to_resource(actions & left, where):
            yield part._replace(actions=kept, resource=where)
    if vague:
        causes = _joined(part.limited_by, touch.causes_of(vague))
        yield part._replace(actions=vague, conditional=True, limited_by=causes)


def _deny(part: _Part, whole: ActionSet, touch: Touch) -> Iterator[_Part]:
    """A part without what is surely denied, and with what may be denied set apart."""
    left = part.actions - whole - touch.sure
    maybe = left & touch.vague
    if free := left - maybe:
        yield part._replace(actions=free)
    if maybe:
        causes = _joined(part.limited_by, touch.causes_of(maybe))
        yield part._replace(actions=maybe, conditional=True, limited_by=causes)


def _joined(known: tuple[Statement, ...], more: Iterable[Statement]) -> tuple[Statement, ...]:
    found = list(known)
    for each in more:
        if len(found) >= _MOST_CAUSES:
            break
        if not any(each is other for other in found):
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
# What lies under a table or stream has a kind; the ARN format of the thing itself would match all of it.
_KINDS_UNDER = {
    "dynamodb": ("/index/*", "/stream/*", "/backup/*", "/export/*", "/import/*"),
    "kinesis": ("/consumer/*",),
}
# Of these nothing lies under a name that has as many of its separators: an object, an index, a version.
_LEAVES = {"s3": 1, "dynamodb": 2, "lambda": 2, "sns": 1, "kinesis": 2}


@cache
def _of_whole_functions() -> ActionSet:
    """Actions on a function that take no version or alias, so that they are never about one.

    https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionCode.html (`Invoke`, for one, has `Qualifier`)
    """
    catalog = load()
    names = ("UpdateFunctionCode", "UpdateFunctionConfiguration", "PublishVersion", "*FunctionConcurrency")
    found = ActionSet.empty
    for name in (*names, "*FunctionCodeSigningConfig", "*FunctionRecursionConfig", "CreateFunction", "*tagResource"):
        found |= catalog.expand(f"lambda:{name}")
    return found


def parts_of(arn: str) -> tuple[str, ...]:
    """An encoded ARN and the pattern of what lies under it."""
    if arn.endswith(("*", ":*", "/*")):
        return (arn,)
    fields = arn.split(":", 5)
    end = _UNDER.get(fields[2]) if len(fields) > 5 and fields[0] == "arn" else None  # noqa: PLR2004 (six fields)
    if end is None or (fields[2] in _LEAVES and fields[5].count(end[0]) >= _LEAVES[fields[2]]):
        return (arn,)
    return arn, arn + end


def _applicable_under(arn: str) -> ActionSet | None:
    """The actions that can be about what lies under an encoded ARN; None when the catalogue cannot tell."""
    fields = arn.split(":", 3)
    kinds = _KINDS_UNDER.get(fields[2] if len(fields) > 2 else "")  # noqa: PLR2004 (the service is the third field)
    if kinds is None:
        return applicable_actions(parts_of(arn)[-1])
    found = ActionSet.empty
    for kind in kinds:
        found |= applicable_actions(arn + kind) or ActionSet.empty
    return found


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
    allows, denies = RuleLayer(limiting=False), RuleLayer()
    file_rules(compile_policies(policies), known, allows, denies)
    limits: list[RuleLayer] = []
    groups: list[tuple[CompiledPolicy, ...]] = []
    if boundary is not None:
        groups.append((compile_policy(boundary),))
    if sessions := compile_policies(session):
        groups.append(sessions)
    if requester is None or not requester.is_service_linked:
        groups += [compile_policies(level) for level in scps]
    for group in groups:
        layer = RuleLayer(narrows=True)
        file_rules(group, known, layer, denies)
        limits.append(layer)
    return EffectiveAccess(allows, denies, tuple(limits))
