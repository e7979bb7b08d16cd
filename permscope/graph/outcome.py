"""Answers about wirings: authorized, not authorized, or depending on what the input does not tell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any, NamedTuple

from permscope.graph.collector import NO_CONDITIONS, distinct
from permscope.graph.model import Provenance
from permscope.inventory.policies import Policy
from permscope.inventory.tokens import ACCOUNT, REGION
from permscope.lazy import regex

_REGION_LITERAL = regex(r"(?<![a-z0-9-])[a-z]{2,3}(?:-[a-z]+){1,2}-\d(?![a-z0-9-])")
_ACCOUNT_LITERAL = regex(r"(?<!\d)\d{12}(?!\d)")
_MOST_LITERALS = 4


class Outcome(NamedTuple):
    """Whether something is authorized.

    Attributes:
        authorized: None when it depends on something the input does not tell.
        provenance: the statements that allow it.
        conditions: what it depends on.
        reason: why not, or why that is unknown.
    """

    authorized: bool | None
    provenance: tuple[Provenance, ...] = ()
    conditions: Mapping[str, Any] = NO_CONDITIONS
    reason: str | None = None

    def assuming(self, assumed: Mapping[str, Iterable[str]]) -> Outcome:
        """The same under assumptions about the template: what they make true is unknown without them."""
        if not assumed or self.authorized is False:
            return self
        template = {**self.conditions.get("template", {}), **{key: list(values) for key, values in assumed.items()}}
        depends = ", ".join(assumption_words(key, values) for key, values in template.items())
        return Outcome(
            None, self.provenance, {**self.conditions, "template": template}, self.reason or f"only if {depends}"
        )

    def or_else(self, other: Outcome) -> Outcome:
        """The better of two answers to the same question; the first of equal ones."""
        return other if _RANK[other.authorized] > _RANK[self.authorized] else self


_NOUNS = {"Param": "parameter", "Import": "import"}
_OWN = {"AWS::Region": "Region", "AWS::AccountId": "account", "AWS::Partition": "partition"}


def assumption_words(key: str, values: str | Iterable[str]) -> str:
    """An assumption about the template: `the condition IsProd holds`, `the parameter Table names it`."""
    given = [values] if isinstance(values, str) else list(values)
    if key == "condition":
        parts = [part for value in given for part in value.split(" and ")]
        said = (
            f"{part.removeprefix('not ')} {'does not hold' if part.startswith('not ') else 'holds'}" for part in parts
        )
        return " and ".join(f"the condition {each}" for each in said)
    kind, _, name = key.partition("::")
    if kind in _NOUNS and given == ["*"]:
        return f"the {_NOUNS[kind]} {name.rpartition('/')[2]} names it"
    noun = (
        f"the {_NOUNS[kind]} {name.rpartition('/')[2]}"
        if kind in _NOUNS
        else f"the {_OWN[key]}"
        if key in _OWN
        else key
    )
    return f"{noun} is {' or '.join(given)}"


_RANK = {True: 2, None: 1, False: 0}
YES = Outcome(True)
NO = Outcome(False)


def all_of(outcomes: Iterable[Outcome]) -> Outcome:
    """Every part must be authorized; a part that surely is not decides."""
    parts = tuple(outcomes)
    if len(parts) == 1 and len(parts[0].provenance) <= 1:
        return parts[0]
    authorized: bool | None = True
    if any(part.authorized is False for part in parts):
        authorized = False
    elif any(part.authorized is None for part in parts):
        authorized = None
    reasons = [part.reason for part in parts if part.authorized is authorized and part.reason]
    conditions: dict[str, Any] = {}
    for part in parts:
        for operator, keys in part.conditions.items():
            conditions[operator] = {**conditions.get(operator, {}), **keys}
    provenance = distinct(one for part in parts for one in part.provenance)
    return Outcome(authorized, provenance, conditions, "; ".join(dict.fromkeys(reasons)) or None)


def as_far_as_known(outcome: Outcome, *, exact: bool) -> Outcome:
    """An answer about what is known to be needed, where that may not be all."""
    if exact or outcome.authorized is not True:
        return outcome
    return outcome._replace(authorized=None, reason=outcome.reason or "what it needs is not fully known")


def bindings(
    texts: tuple[str, ...], policies: Iterable[Policy]
) -> Iterator[tuple[dict[str, list[str]], tuple[str, ...]]]:
    """The texts as they are, then with the literal Regions and accounts that policies name in place of unbound ones.

    A template that names its Region is right in that Region, so its wiring is not surely broken.
    """
    yield {}, texts
    has_region = any(REGION in text for text in texts)
    has_account = any(ACCOUNT in text for text in texts)
    if not has_region and not has_account:
        return
    named = " ".join(_texts_of(policies))
    regions = _literals(_REGION_LITERAL, named) if has_region else []
    accounts = _literals(_ACCOUNT_LITERAL, named) if has_account else []
    for region, account in product(["", *regions], ["", *accounts]):
        assumed: dict[str, list[str]] = {}
        bound = texts
        if region:
            assumed["AWS::Region"] = [region]
            bound = tuple(text.replace(REGION, region) for text in bound)
        if account:
            assumed["AWS::AccountId"] = [account]
            bound = tuple(text.replace(ACCOUNT, account) for text in bound)
        if assumed:
            yield assumed, bound


def _literals(expression: re.Pattern[str], text: str) -> list[str]:
    return list(dict.fromkeys(expression.findall(text)))[:_MOST_LITERALS]


def _texts_of(policies: Iterable[Policy]) -> Iterator[str]:
    for policy in policies:
        for statement in policy.statements:
            yield from statement.resources or ()
            for entry in statement.conditions:
                yield from entry.values
