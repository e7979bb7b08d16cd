"""The statements of a resource's policies by the source they name.

A function may have a permission for each of a thousand topics; the question whether one of them is let in looks at its
own statement, and at those that name no single source.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from permscope.inventory.arn import split_arn
from permscope.inventory.policies import Policy, Statement
from permscope.inventory.tokens import has_unknown
from permscope.lazy import regex

_FEW = 20
_OPERATORS = frozenset({"arnlike", "arnequals", "stringequals", "stringlike"})
# Wildcards, policy variables, and pseudo parameters, which a literal may stand for.
_OPEN = regex(r"[*?]|\$\{(?:AWS::|[a-z]+:)")


class NamedSources:
    """The policies of one resource.

    Args:
        policies: all of them, in order.
    """

    def __init__(self, policies: tuple[Policy, ...]) -> None:
        self._policies = policies
        self._by_source: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self._others: list[tuple[int, int]] = []
        if sum(len(policy.statements) for policy in policies) <= _FEW:
            return
        for number, policy in enumerate(policies):
            for index, statement in enumerate(policy.statements):
                keys = _keys(statement)
                for key in keys:
                    self._by_source[key].append((number, index))
                if not keys:
                    self._others.append((number, index))

    def meant_for(self, source_arn: str | None) -> tuple[Policy, ...]:
        """The policies without the statements that let in other sources alone."""
        key = _key(source_arn) if source_arn and self._by_source else None
        if key is None:
            return self._policies
        kept: dict[int, list[int]] = defaultdict(list)
        for number, index in sorted({*self._others, *self._by_source.get(key, ())}):
            kept[number].append(index)
        return tuple(self._cut(number, indexes) for number, indexes in kept.items())

    def _cut(self, number: int, indexes: list[int]) -> Policy:
        policy = self._policies[number]
        if len(indexes) == len(policy.statements):
            return policy
        return replace(policy, statements=tuple(policy.statements[index] for index in indexes))


def _keys(statement: Statement) -> tuple[str, ...]:
    """The sources that an Allow statement is about; nothing for one that may be about others too."""
    if statement.effect != "Allow":
        return ()
    for entry in statement.conditions:
        if entry.key.lower() == "aws:sourcearn" and entry.operator.lower() in _OPERATORS:
            found = tuple(_each_key(entry.values))
            if len(found) == len(entry.values):
                return found
    return ()


def _each_key(values: tuple[str, ...]) -> Iterator[str]:
    for value in values:
        key = _key(value)
        if key is not None:
            yield key


def _key(arn: str) -> str | None:
    """Service and resource of an ARN that names one thing: what two ARNs of the same thing have in common."""
    parts = split_arn(arn)
    if parts is None or not parts.service or has_unknown(f"{parts.service}{parts.resource}"):
        return None
    text = f"{parts.service}:{parts.resource}"
    return None if _OPEN.search(text) else text
