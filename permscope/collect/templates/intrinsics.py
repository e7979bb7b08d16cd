"""Template values resolved: intrinsic functions applied, with tokens for what only a deployment settles.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from itertools import islice
from typing import Any, Protocol

from permscope.collect.templates.conditions import Conditions
from permscope.collect.templates.functions import FUNCTIONS, NO_VALUE
from permscope.collect.templates.parameters import Parameter
from permscope.inventory.facts import Unknown
from permscope.inventory.located import Alternatives, LocatedDict, LocatedList, LocatedStr, source_of
from permscope.inventory.source import NOWHERE, Source
from permscope.inventory.tokens import TOKEN, UNKNOWN_TOKEN, unknown_token
from permscope.lazy import dataclass, regex

MAX_DEPTH = 120
MAX_ALTERNATIVES = 16
MAX_WORK = 50_000_000

_DYNAMIC = regex(r"\{\{resolve:([^{}]*(?:\$\{[^{}]*\}[^{}]*)*)\}\}")
_NAMED = regex(r"\$\{([A-Za-z0-9]+(?:\.[A-Za-z0-9.]+)?)\}")


class References(Protocol):
    """What `Ref` and `Fn::GetAtt` find; `permscope.collect.templates.identity` implements it."""

    def ref(self, logical_id: str) -> str | None:
        """What `Ref` returns, or None where there is no such resource."""

    def attribute(self, logical_id: str, attribute: str) -> Any:
        """What `Fn::GetAtt` returns, or None where there is no such resource."""


class _TooManyWaysError(Exception):
    """A value can turn out in more ways than are kept apart."""


class UsedAlternatives(Alternatives):
    """Alternatives that tell when somebody looks at them."""

    __slots__ = ("used",)
    used: set[str]

    def __init__(
        self, items: list[Any], condition: str, source: Source, used: set[str], *, has_sides: bool = False
    ) -> None:
        super().__init__(items, condition, source, has_sides=has_sides)
        self.used = used

    def __iter__(self) -> Iterator[Any]:
        self.used.add(self.condition)
        return super().__iter__()


@dataclass(slots=True)
class Resolver:
    """Resolves the values of one template.

    Attributes:
        parameters: by name.
        pseudo: pseudo parameters by name (`AWS::Region`), bound or tokens.
        mappings: the `Mappings` section.
        conditions: the `Conditions` section.
        causes: unknown token -> the fact that says why it is unknown, whether anything uses it or not; one for a run.
        import_value: the value another stack exports under a name, or None.
        label: of the stack, which tells its tokens from those of others.
        notes: what is missing from the template whoever reads it.
        used_conditions: undecided conditions whose alternatives somebody looked at.
        references: the resources.
        decisions: the conditions, decided as far as they can be.
        check_literals: whether text that looks like a substitution but stands outside of `Fn::Sub` is marked.
        deciding: whether a condition is being decided: it may see the value of a secret, and no resource.
    """

    parameters: Mapping[str, Parameter]
    pseudo: Mapping[str, Any]
    mappings: Mapping[str, Any]
    conditions: Mapping[str, Any]
    causes: dict[str, Unknown] = field(default_factory=dict)
    import_value: Callable[[str], Any] = lambda _: None
    label: str = ""
    notes: list[Unknown] = field(default_factory=list)
    used_conditions: set[str] = field(default_factory=set)
    references: References = field(init=False)
    decisions: Conditions = field(init=False)
    check_literals: bool = False
    deciding: bool = False
    _depth: int = 0
    _spent: int = 0

    def __post_init__(self) -> None:
        self.decisions = Conditions(self.conditions, self._operand, self._allowed)

    def resolve(self, value: Any) -> Any:
        """The value with every intrinsic function resolved as far as it can be; `NO_VALUE` for `AWS::NoValue`."""
        if isinstance(value, str):
            if self.check_literals and "${" in value and value.startswith("arn:"):
                value = self._literal(value)
            return self.dynamic(value) if "{{resolve:" in value else value
        if not isinstance(value, dict | list):
            return value
        if self._depth >= MAX_DEPTH:
            why = "they are nested too deep"
            return self.unknown("Unknown", "nesting", "intrinsic functions", why, "nesting", value)
        if not self.spend(10 * len(value)):
            why = "resolving it takes more work than any real template"
            return self.unknown("Unknown", "work", "the template", why, "size", value)
        self._depth += 1
        try:
            if isinstance(value, dict):
                return self._mapping(value)
            if isinstance(value, Alternatives):
                items = [self.plain(item) for item in value]
                return self.alternatives(items, value.condition, value.source, has_sides=value.has_sides)
            items = [found for item in value if (found := self.resolve(item)) is not NO_VALUE]
            return LocatedList(items, source_of(value))
        finally:
            self._depth -= 1

    def plain(self, value: Any) -> Any:
        """As `resolve`, with None for `AWS::NoValue`."""
        found = self.resolve(value)
        return None if found is NO_VALUE else found

    def _mapping(self, value: dict[str, Any]) -> Any:
        if len(value) == 1:
            name = next(iter(value))
            function = FUNCTIONS.get(name)
            if function is not None:
                return function(self, value[name], source_of(value, source_of(name)))
        found = LocatedDict((), source_of(value))
        resolve = self.resolve
        for key, item in value.items():
            if key == "Fn::Transform":
                FUNCTIONS[key](self, item, source_of(key))
                continue
            held = resolve(item) if isinstance(item, dict | list | str) else item
            if held is not NO_VALUE:
                found[key] = held
        return found

    def _literal(self, text: str) -> str:
        """An ARN written without `Fn::Sub` keeps its `${Orders}`: that is text, and not the resource of that name."""
        place = source_of(text)

        def marked(found: re.Match[str]) -> str:
            name = found[1].partition(".")[0]
            if name not in self.parameters and self.references.ref(name) is None:
                return found[0]
            why = "it stands outside of `Fn::Sub`, so CloudFormation leaves it as it is"
            return self.unknown("Unknown", f"literal.{found[1]}", f"`{found[0]}` in a text", why, "substitution", place)

        return LocatedStr(_NAMED.sub(marked, text), place)

    def dynamic(self, text: str) -> LocatedStr:
        """Text whose dynamic references are tokens; only what a template of the run stores is known of them.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
        """
        place = source_of(text)

        def token(found: re.Match[str]) -> str:
            service, _, parameter = found[1].partition(":")
            value = self.stored(parameter.partition(":")[0]) if service == "ssm" else None
            if value is not None:
                return value
            name = TOKEN.sub(lambda inner: inner[0][2:-1], found[1])
            what = f"dynamic reference `{{{{resolve:{name}}}}}`"
            return self.unknown("Dynamic", name, what, "it is read at deployment", "dynamic-reference", place)

        return LocatedStr(_DYNAMIC.sub(token, text), place)

    def stored(self, name: str, region: str | None = None) -> str | None:
        """What a template of the run stores in Systems Manager under a name, where the stack is deployed."""
        where = region or self.pseudo.get("AWS::Region", "")
        value = self.import_value(stored_key(str(self.pseudo.get("AWS::AccountId", "")), str(where), name))
        return value if isinstance(value, str) else None

    # Parameters and conditions.

    def parameter(self, parameter: Parameter) -> Any:
        """The value of a parameter; conditions see the real one of a secret, nobody else does."""
        if self.deciding:
            return parameter.decided
        stored = self.stored(parameter.stored) if parameter.stored and not parameter.secret else None
        if stored is not None:
            return LocatedList(stored.split(","), parameter.source) if parameter.several else stored
        self.explain(parameter)
        return parameter.value

    def explain(self, parameter: Parameter) -> None:
        """Keep why a parameter has no value that is known."""
        if parameter.unknown is not None:
            token = parameter.value[0] if isinstance(parameter.value, list) else parameter.value
            if token not in self.causes:
                self.causes[token] = Unknown(
                    what=f"parameter `{parameter.name}`",
                    why=parameter.unknown,
                    kind="parameter",
                    source=parameter.source,
                    stack=self.label,
                )

    def _operand(self, value: Any) -> Any:
        before, self.deciding = self.deciding, True
        try:
            return self.resolve(value)
        finally:
            self.deciding = before

    def _allowed(self, token: str) -> frozenset[str] | None:
        if not token.startswith("${Param::"):
            return None
        parameter = self.parameters.get(token[len("${Param::") : -1].rpartition("/")[2])
        return parameter.allowed if parameter else None

    # Unknown values.

    def unknown(self, kind: str, name: str, what: str, why: str, slug: str, place: object) -> LocatedStr:
        """An unknown token, with the fact that explains it should anything use it.

        Args:
            kind: of the token: `Import`, `Dynamic`, `Transform`, `Unknown`.
            name: the rest of the token.
            what: as in the fact.
            why: as in the fact.
            slug: kind of the fact.
            place: a `Source`, or a value that has one.
        """
        source = place if isinstance(place, Source) else source_of(place)
        if self.label and kind != "Import":
            name = f"{self.label}/{name}"
        token = unknown_token(kind, name)
        if token not in self.causes:
            self.causes[token] = Unknown(what=what, why=why, kind=slug, source=source, stack=self.label)
        return LocatedStr(token, source)

    def part_of_unknown(self, text: str, suffix: str, place: Source) -> LocatedStr:
        """A part of an unknown text: unknown for the same reason."""
        whole = next(iter(UNKNOWN_TOKEN.findall(text)), None)
        if whole is None:
            name = f"{suffix}.{text}"
            what = "a part of a text"
            return self.unknown("Unknown", name, what, "only the deployment settles it", "value", place)
        token = f"{whole[:-1]}.{suffix}}}"
        if whole in self.causes:
            self.causes.setdefault(token, self.causes[whole])
        return LocatedStr(token, place)

    def malformed(
        self, name: str, argument: Any, place: Source, why: str = "its arguments have the wrong shape"
    ) -> LocatedStr:
        """What a function gives that CloudFormation would refuse."""
        place = place if place is not NOWHERE else source_of(argument)
        return self.unknown("Unknown", f"{name}.{place.line}.{place.column}", f"`{name}`", why, "intrinsic", place)

    # Alternatives.

    def alternatives(self, items: list[Any], condition: str, place: Source, *, has_sides: bool = False) -> Alternatives:
        """Values of which an undecided condition makes one hold; None stands for no value."""
        return UsedAlternatives(items, condition, place, self.used_conditions, has_sides=has_sides)

    def combine(self, parts: list[Any], make: Callable[[list[Any]], Any], place: Source) -> Any:
        """`make(parts)`, once for each way the undecided conditions among the parts can turn out."""
        if not any(isinstance(part, Alternatives) for part in parts):
            return make(parts)
        open_parts = [part for part in parts if isinstance(part, Alternatives)]
        condition = open_parts[0].condition
        has_sides = all(part.has_sides and part.condition == condition for part in open_parts)
        try:
            ways = list(islice(_ways(parts), MAX_ALTERNATIVES + 1))
        except _TooManyWaysError:
            ways = []
        if not 0 < len(ways) <= MAX_ALTERNATIVES:
            what, why = f"a text that depends on condition `{condition}`", "there are too many ways it can turn out"
            return self.unknown("Unknown", f"{condition}.{place.line}", what, why, "condition", place)
        results: list[Any] = []
        for way in ways:
            result = make(way)
            if not any(result is known or result == known for known in results):
                results.append(result)
        if len(results) == 1:
            return results[0]
        items = [None if item is NO_VALUE else item for item in results]
        return self.alternatives(items, condition, place, has_sides=has_sides)

    def spend(self, work: int) -> bool:
        """Account for work on values; False once a template has used up what any real one needs."""
        self._spent += work
        return self._spent <= MAX_WORK


def _ways(parts: list[Any]) -> Iterator[list[Any]]:
    """The parts without alternatives, one condition after the other turned out each way."""
    names = list(dict.fromkeys(part.condition for part in parts if isinstance(part, Alternatives)))
    if not names:
        yield parts
        return
    if 2 ** len(names) > MAX_ALTERNATIVES:
        raise _TooManyWaysError
    name = names[0]
    width = max(len(part) for part in parts if isinstance(part, Alternatives) and part.condition == name)
    for index in range(width):
        yield from _ways([_pick(part, {name: index}) for part in parts])


def _pick(part: Any, chosen: Mapping[str, int]) -> Any:
    if not isinstance(part, Alternatives) or part.condition not in chosen:
        return part
    found = part[min(chosen[part.condition], len(part) - 1)]
    return NO_VALUE if found is None else found


__all__ = ["NO_VALUE", "References", "Resolver", "UsedAlternatives"]


def stored_key(account: str, region: str, name: str) -> str:
    """What a value in Systems Manager goes by among the exports of a run: its name, and where it is kept."""
    return f"ssm:{account}:{region}:{name}"
