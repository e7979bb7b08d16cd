"""The statements of one layer as rules filed by resource pattern, and what they do to a target.

A rule is a statement with its actions as a set, and its conditions decided as far as the principal decides them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from permscope.catalog.actions import ActionSet, load
from permscope.inventory.policies import ConditionEntry, Policy, Statement
from permscope.policy.compiled import CompiledPolicy, CompiledStatement
from permscope.policy.context import RequestContext
from permscope.policy.matching import covers, is_open, opened, relation
from permscope.policy.pattern_index import PatternIndex
from permscope.policy.variables import settle

_ALL = ("*",)
_MOST_PARTS = 64


class Rule(NamedTuple):
    """A statement with its actions as a set and its conditions decided as far as the principal decides them.

    Attributes:
        patterns: encoded resource patterns, with the variables replaced whose value is known; `*` where the statement
            has none, or `NotResource`.
        not_resources: the same of `NotResource`.
    """

    compiled: CompiledStatement
    policy: Policy | None
    actions: ActionSet
    certain: bool
    residual: tuple[ConditionEntry, ...]
    patterns: tuple[str, ...]
    not_resources: tuple[str, ...]


class RuleLayer:
    """The rules of one layer with one effect, filed by resource pattern."""

    def __init__(self, *, limiting: bool = True, narrows: bool = False) -> None:
        self._limiting = limiting
        self._narrows = narrows
        self.rules: list[Rule] = []
        self.whole = ActionSet.empty  # surely, on every resource
        self._index: PatternIndex[Rule] = PatternIndex()

    def add(self, rule: Rule) -> None:
        """File a rule under each of its resource patterns."""
        self.rules.append(rule)
        patterns = rule.patterns
        if self._limiting and rule.certain and not rule.not_resources and any(not each.strip("*") for each in patterns):
            self.whole |= rule.actions
            return
        for pattern in patterns:
            self._index.add(pattern, rule)

    def touching(self, target: str) -> Iterator[tuple[str, Rule, bool | None]]:
        """Rules that touch a target: the pattern they do it with, and how that stands to the target."""
        for pattern, rule in self._index.touching(target):
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

    def touch(self, target: str) -> Touch:
        """What all rules together do to a target."""
        sure = vague = ActionSet.empty
        narrow: dict[str, ActionSet] = {}
        causes: dict[ActionSet, list[Statement]] = {}
        for pattern, rule, stands in self.touching(target):
            if stands and rule.certain:
                sure |= rule.actions
                continue
            where, exact = meet(pattern, target, stands)
            narrows = self._narrows and where != target and exact and rule.certain and not rule.not_resources
            if narrows and (where in narrow or (len(narrow) < _MOST_PARTS and not is_open(where))):
                narrow[where] = narrow.get(where, ActionSet.empty) | rule.actions
                continue
            vague |= rule.actions
            if rule.compiled.statement is not None:
                causes.setdefault(rule.actions, []).append(rule.compiled.statement)
        return Touch(sure, vague, tuple(narrow.items()), tuple(causes.items()))


class Touch(NamedTuple):
    """What the rules of a layer do to one target, whatever the action.

    Attributes:
        sure: actions that a rule surely covers on all of the target.
        vague: actions that a rule covers on a part of it, or under conditions.
        narrow: patterns inside the target with the actions that a rule surely covers there.
        causes: the statements behind `vague`, by their actions.
    """

    sure: ActionSet
    vague: ActionSet
    narrow: tuple[tuple[str, ActionSet], ...]
    causes: tuple[tuple[ActionSet, list[Statement]], ...]

    def causes_of(self, actions: ActionSet) -> Iterator[Statement]:
        """The statements that make some of the actions conditional."""
        for of_actions, statements in self.causes:
            if not of_actions.isdisjoint(actions):
                yield from statements


def has_variables(statement: CompiledStatement) -> bool:
    """Whether the principal may have a say in what a statement's resources are."""
    texts = statement.resources.texts if statement.resources is not None else ()
    return statement.variables and any("${" in text for text in texts)


def _settled(statement: CompiledStatement, context: RequestContext) -> tuple[str, ...]:
    """The patterns of `Resource` or `NotResource` that can match anything, with what is known of their variables."""
    texts = statement.resources.texts if statement.resources is not None else _ALL
    if has_variables(statement):
        texts = tuple(known for text in texts if (known := settle(text, context)) is not None)
    return tuple(dict.fromkeys(texts))


def meet(pattern: str, target: str, stands: bool | None) -> tuple[str, bool]:
    """The narrower of two patterns that touch, and whether it is exactly what both match."""
    if stands:
        return target, True
    if covers(target, opened(pattern)):
        return pattern, True
    return target, False


@lru_cache(maxsize=16_384)
def _actions_of(patterns: tuple[str, ...], *, negated: bool) -> ActionSet:
    """The actions that `Action`, or `NotAction`, means."""
    named = load().action_set(patterns)
    return load().complement(named) if negated else named


def file_rules(
    policies: Iterable[CompiledPolicy], context: RequestContext, allows: RuleLayer, denies: RuleLayer
) -> None:
    """Sort the statements that can apply to the principal into allow and deny."""
    for policy in policies:
        for statement in policy.statements:
            rule = statement.rule or _rule_of(statement, policy.policy, context)
            if rule is not None:
                (allows if statement.allow else denies).add(rule)


def _rule_of(statement: CompiledStatement, policy: Policy | None, context: RequestContext) -> Rule | None:
    """A statement as it is for one principal; None where it cannot apply to it."""
    residual: list[ConditionEntry] = []
    for condition in statement.conditions:
        found = condition.test(context, set())
        if found is False:
            return None
        if found is None:
            residual.append(condition.entry)
    actions = _actions_of(statement.actions.texts, negated=statement.not_action)
    if not actions:
        return None
    patterns = _settled(statement, context)
    left_out: tuple[str, ...] = ()
    resolvable: bool | None = True
    if statement.resources is not None and statement.not_resource:
        patterns, left_out = _ALL, patterns
        resolvable = statement.resources.resolvable(context, set())
    if resolvable is False or not patterns:
        return None
    rule = Rule(
        compiled=statement,
        policy=policy,
        actions=actions,
        certain=not residual and statement.only_if is None and resolvable is True,
        residual=tuple(residual),
        patterns=patterns,
        not_resources=left_out,
    )
    if not statement.conditions and not has_variables(statement):
        statement.rule = rule
    return rule
