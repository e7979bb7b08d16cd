"""One key of one operator of a `Condition` block, compiled, and the answer to whether a request satisfies it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from permscope.inventory.policies import ConditionEntry
from permscope.policy.conditions import arn, binary, boolean, date, ip, null, numeric, string
from permscope.policy.conditions.operator import Operator
from permscope.policy.context import RequestContext
from permscope.policy.ternary import all_of, any_of, negate
from permscope.policy.variables import Unresolved, expand, has_variable

OPERATORS: dict[str, Operator] = {
    **string.OPERATORS,
    **numeric.OPERATORS,
    **date.OPERATORS,
    **boolean.OPERATORS,
    **binary.OPERATORS,
    **ip.OPERATORS,
    **arn.OPERATORS,
}
_IF_EXISTS = "ifexists"
_MOST_ANSWERS = 4096
_SETS = ("forallvalues:", "foranyvalue:")


class Condition:
    """A compiled condition; `test` answers for one request.

    Attributes:
        entry: as the statement has it.
        key: lower-case key name.
        operator: None for `Null` and for an operator that AWS does not have, which nothing satisfies.
        quantifier: `forallvalues:`, `foranyvalue:` or the empty string.
        if_exists: whether a missing key satisfies it.
    """

    __slots__ = ("_dynamic", "_prepared", "entry", "if_exists", "is_null", "key", "operator", "quantifier")

    def __init__(self, entry: ConditionEntry, *, variables: bool) -> None:
        self.entry = entry
        self.key = entry.key.lower()
        self.quantifier, name, self.if_exists = split_operator(entry.operator)
        self.is_null = name == "null" and not self.if_exists
        self.operator = OPERATORS.get(name)
        self._prepared: list[Any] = []
        self._dynamic: list[str] = []
        operator = self.operator
        if operator is None:
            return
        for value in entry.values:
            if variables and operator.variables and "${" in value and has_variable(value):
                self._dynamic.append(value)
            else:
                self._prepared.append(operator.prepare(value))

    def test(self, context: RequestContext, why: set[str]) -> bool | None:
        """Whether the request satisfies it; keys that leave this open are added to `why`.

        A key with several values needs a set operator: nothing without one holds for it.
        """
        values = context.values.get(self.key)
        if not values and not context.is_absent(self.key):
            why.add(self.entry.key)
            return None
        if self.is_null:
            return null.test_null(self.entry.values, present=any(values or ()))
        operator = self.operator
        if operator is None:
            return False
        if not values or (self.quantifier and not any(values)):
            return self._test_missing(operator)
        if len(values) > 1 and not self.quantifier:
            return False
        try:
            wanted = self._wanted(operator, context)
        except Unresolved as unresolved:
            if unresolved.key is None:
                return False
            why.add(unresolved.key)
            return None
        result = self._test_values(operator, wanted, values)
        if result is None:
            why.add(self.entry.key)
        return result

    def _test_missing(self, operator: Operator) -> bool:
        """The answer where the request has no value for the key."""
        if self.if_exists or self.quantifier == "forallvalues:":
            return True
        return operator.negated and not self.quantifier

    def _wanted(self, operator: Operator, context: RequestContext) -> list[Any]:
        """The prepared policy values. A variable without value matches nothing, and makes a negated condition false."""
        if not self._dynamic:
            return self._prepared
        found = list(self._prepared)
        unknown: Unresolved | None = None
        for value in self._dynamic:
            try:
                found.append(operator.prepare(expand(value, context)))
            except Unresolved as unresolved:
                if unresolved.key is not None:
                    unknown = unresolved
                elif operator.negated:
                    raise
        if unknown is not None:
            raise unknown
        return found

    def _test_values(self, operator: Operator, wanted: list[Any], values: Sequence[str]) -> bool | None:
        match = operator.match
        if not self.quantifier:
            found: bool | None = False
            for policy in wanted:  # a plain loop: most of the time of a decision is spent here
                matched = match(policy, values[0])
                if matched:
                    return not operator.negated
                if matched is None:
                    found = None
            return negate(found) if operator.negated else found
        each = (any_of(match(policy, value) for policy in wanted) for value in values)
        if operator.negated:
            each = (negate(found) for found in each)
        return all_of(each) if self.quantifier == "forallvalues:" else any_of(each)


def split_operator(text: str) -> tuple[str, str, bool]:
    """An operator as its lower-case set prefix, its lower-case name and whether it ends in `IfExists`."""
    name = text.strip().lower()
    quantifier = ""
    for prefix in _SETS:
        if name.startswith(prefix):
            quantifier, name = prefix, name[len(prefix) :]
    if name.endswith(_IF_EXISTS):
        return quantifier, name[: -len(_IF_EXISTS)], True
    return quantifier, name, False


@lru_cache(maxsize=16_384)
def compile_condition(entry: ConditionEntry, *, variables: bool) -> Condition:
    """A condition ready to be tested; `variables` where the document is of version `2012-10-17`."""
    return Condition(entry, variables=variables)


def test_all(conditions: Sequence[Condition], context: RequestContext, why: set[str]) -> bool | None:
    """Whether a request satisfies every condition of a statement."""
    answers = context.answers
    if answers is None:
        return _test_each(conditions, context, why)
    known = answers.get(id(conditions))
    if known is None or known[0] is not conditions:
        open_keys: set[str] = set()
        if len(answers) >= _MOST_ANSWERS:
            answers.clear()
        known = answers[id(conditions)] = (conditions, _test_each(conditions, context, open_keys), open_keys)
    if known[2]:
        why |= known[2]
    return known[1]


def _test_each(conditions: Sequence[Condition], context: RequestContext, why: set[str]) -> bool | None:
    result: bool | None = True
    open_keys: set[str] = set()
    for condition in conditions:
        found = condition.test(context, open_keys)
        if found is False:
            return False
        if found is None:
            result = None
    why |= open_keys
    return result
