"""Intrinsic functions: template values to text, lists and mappings, with tokens for what only a deployment settles.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice, product
from typing import Any, Protocol

from permscope.collect.templates.conditions import Conditions
from permscope.collect.templates.parameters import Parameter
from permscope.inventory.facts import Unknown
from permscope.inventory.located import Alternatives, LocatedDict, LocatedList, LocatedStr, as_text, source_of
from permscope.inventory.source import NOWHERE, Source
from permscope.inventory.tokens import TOKEN, UNKNOWN_TOKEN, has_unknown, unknown_token

MAX_DEPTH = 160
MAX_ALTERNATIVES = 16
MAX_TEXT = 1_000_000
NO_VALUE: Any = type("NoValue", (), {"__repr__": lambda _: "AWS::NoValue"})()

_SUB = re.compile(r"\$\{([^{}]*)\}")
_DYNAMIC = re.compile(r"\{\{resolve:([^{}]*(?:\$\{[^{}]*\}[^{}]*)*)\}\}")
_PLAIN_TOKEN = re.compile(r"\$\{(?:AWS::[A-Za-z]+|[^{}:.]+)\}")
_SAFE_DELIMITERS = frozenset(":/,|;")


class References(Protocol):
    """What `Ref` and `Fn::GetAtt` find; `permscope.collect.templates.identity` implements it."""

    def ref(self, logical_id: str) -> str | None:
        """What `Ref` returns, or None where there is no such resource."""

    def attribute(self, logical_id: str, attribute: str) -> Any:
        """What `Fn::GetAtt` returns, or None where there is no such resource."""


class UsedAlternatives(Alternatives):
    """Alternatives that tell when somebody looks at them."""

    __slots__ = ("used",)
    used: set[str]

    def __init__(self, items: list[Any], condition: str, source: Source, used: set[str]) -> None:
        super().__init__(items, condition, source)
        self.used = used

    def __iter__(self) -> Iterator[Any]:
        self.used.add(self.condition)
        return super().__iter__()

    def __deepcopy__(self, memo: dict[int, Any]) -> UsedAlternatives:
        return self


@dataclass(slots=True)
class Resolver:
    """Resolves the values of one template.

    Attributes:
        parameters: by name.
        pseudo: pseudo parameters by name (`AWS::Region`), bound or tokens.
        mappings: the `Mappings` section.
        import_value: the value another stack exports, or None.
        label: of the stack, which tells its tokens from those of others.
        causes: unknown token -> the fact that says why it is unknown; kept whether anything uses it or not.
        used_conditions: undecided conditions whose alternatives somebody looked at.
    """

    parameters: Mapping[str, Parameter]
    pseudo: Mapping[str, Any]
    mappings: Mapping[str, Any]
    conditions: Mapping[str, Any]
    import_value: Callable[[str], Any] = lambda _: None
    label: str = ""
    causes: dict[str, Unknown] = field(default_factory=dict)
    used_conditions: set[str] = field(default_factory=set)
    references: References = field(init=False)
    decisions: Conditions = field(init=False)
    _depth: int = 0
    _deciding: bool = False

    def __post_init__(self) -> None:
        self.decisions = Conditions(self.conditions, self._operand, self._allowed)

    def _operand(self, value: Any) -> Any:
        before, self._deciding = self._deciding, True
        try:
            return self.resolve(value)
        finally:
            self._deciding = before

    def _allowed(self, token: str) -> frozenset[str] | None:
        if token.startswith("${Param::"):
            name = token[len("${Param::") : -1].rpartition("/")[2]
            parameter = self.parameters.get(name)
            return parameter.allowed if parameter else None
        return None

    def resolve(self, value: Any) -> Any:
        """The value with every intrinsic function resolved as far as it can be; `NO_VALUE` for `AWS::NoValue`."""
        if isinstance(value, str):
            return self._text(value) if "{{resolve:" in value else value
        if not isinstance(value, dict | list):
            return value
        self._depth += 1
        try:
            if self._depth > MAX_DEPTH:
                return self.unknown(
                    "Unknown", "nesting", "intrinsic functions", "they are nested too deep", "depth", value
                )
            if isinstance(value, dict):
                return self._mapping(value)
            items = [found for item in value if (found := self.resolve(item)) is not NO_VALUE]
            if isinstance(value, Alternatives):
                return self._alternatives(items, value.condition, value.source)
            return LocatedList(items, source_of(value))
        finally:
            self._depth -= 1

    def _mapping(self, value: dict[str, Any]) -> Any:
        if len(value) == 1:
            name = next(iter(value))
            handler = _HANDLERS.get(name)
            if handler is not None:
                return handler(self, value[name], source_of(value, source_of(name)))
        found = LocatedDict((), source_of(value))
        resolve = self.resolve
        for key, item in value.items():
            held = resolve(item) if isinstance(item, dict | list) or (isinstance(item, str) and "{{" in item) else item
            if held is not NO_VALUE:
                found[key] = held
        return found

    def plain(self, value: Any) -> Any:
        """As `resolve`, with None for `AWS::NoValue`."""
        found = self.resolve(value)
        return None if found is NO_VALUE else found

    def unknown(self, kind: str, name: str, what: str, why: str, slug: str, place: object) -> LocatedStr:
        """An unknown token, with the fact that explains it should anything use it."""
        source = place if isinstance(place, Source) else source_of(place)
        if self.label and kind != "Import":
            name = f"{self.label}/{name}"
        token = unknown_token(kind, name)
        if token not in self.causes:
            self.causes[token] = Unknown(what=what, why=why, kind=slug, source=source, stack=self.label)
        return LocatedStr(token, source)

    def _same_unknown(self, text: str, suffix: str, place: Source) -> LocatedStr:
        """A part of an unknown text: unknown for the same reason."""
        whole = next(iter(UNKNOWN_TOKEN.findall(text)), None)
        if whole is None:
            return self.unknown(
                "Unknown", suffix, f"a part of `{text[:80]}`", "only a deployment settles it", "value", place
            )
        token = f"{whole[:-1]}.{suffix}}}"
        if whole in self.causes:
            self.causes.setdefault(token, self.causes[whole])
        return LocatedStr(token, place)

    def _alternatives(self, items: list[Any], condition: str, place: Source) -> Any:
        if len(items) == 1:
            items = [*items, None]
        return UsedAlternatives(items, condition, place, self.used_conditions)

    def _text(self, text: str) -> LocatedStr:
        """Text whose dynamic references are tokens; what they name is never read.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
        """
        place = source_of(text)

        def token(found: re.Match[str]) -> str:
            return self.unknown(
                "Dynamic",
                _tokens_to_names(found[1]),
                f"dynamic reference `{{{{resolve:{found[1]}}}}}`",
                "its value is read when the stack is deployed",
                "dynamic-reference",
                place,
            )

        return LocatedStr(_DYNAMIC.sub(token, text), place)

    # Functions that make text: where an argument is one of several alternatives, so is the text.

    def _combine(self, parts: list[Any], make: Callable[[list[Any]], Any], place: Source) -> Any:
        """`make(parts)`, once for each way the undecided conditions among the parts can turn out."""
        names = list(dict.fromkeys(part.condition for part in parts if isinstance(part, Alternatives)))
        if not names:
            return make(parts)
        widths = [
            max(list.__len__(part) for part in parts if isinstance(part, Alternatives) and part.condition == name)
            for name in names
        ]
        results: list[Any] = []
        for choice in islice(product(*map(range, widths)), MAX_ALTERNATIVES + 1):
            chosen = dict(zip(names, choice, strict=True))
            picked = [_pick(part, chosen) for part in parts]
            result = (
                self._combine(picked, make, place) if any(isinstance(p, Alternatives) for p in picked) else make(picked)
            )
            if result is not NO_VALUE and result not in results:
                results.append(result)
        if len(results) > MAX_ALTERNATIVES:
            return self.unknown(
                "Unknown", names[0], f"condition `{names[0]}`", "too many combinations", "condition", place
            )
        if len(results) == 1:
            return results[0]
        return self._alternatives(results, names[0], place)

    def _join(self, argument: Any, place: Source) -> Any:
        if not (isinstance(argument, list) and len(argument) == 2):  # noqa: PLR2004
            return self._malformed("Fn::Join", argument, place)
        delimiter = as_text(self.plain(argument[0]))
        held = self.resolve(argument[1])
        if delimiter is None:
            return self._malformed("Fn::Join", argument, place)

        def joined(parts: list[Any]) -> Any:
            texts: list[str] = []
            for part in parts:
                if part is NO_VALUE or part is None:
                    continue
                if isinstance(part, list):
                    texts.extend(filter(None, map(as_text, part)))
                    continue
                text = as_text(part)
                if text is None:
                    return self._malformed("Fn::Join", argument, place)
                texts.append(text)
            return self._bounded(delimiter.join(texts), place)

        if isinstance(held, Alternatives):
            return self._combine(
                [held], lambda picked: joined(picked[0] if isinstance(picked[0], list) else picked), place
            )
        return self._combine(held if isinstance(held, list) else [held], joined, place)

    def _bounded(self, text: str, place: Source) -> Any:
        if len(text) > MAX_TEXT:
            return self.unknown(
                "Unknown", "length", "a text", f"it has more than {MAX_TEXT:,} characters", "depth", place
            )
        return self._text(LocatedStr(text, place)) if "{{resolve:" in text else LocatedStr(text, place)

    def _sub(self, argument: Any, place: Source) -> Any:
        variables: Mapping[str, Any] = {}
        if isinstance(argument, list) and len(argument) in (1, 2):
            if len(argument) == 2 and isinstance(argument[1], Mapping):  # noqa: PLR2004
                variables = argument[1]
            argument = argument[0]
        text = as_text(argument if not isinstance(argument, dict) else self.plain(argument))
        if text is None:
            return self._malformed("Fn::Sub", argument, place)
        place = source_of(text, place)
        pieces = _SUB.split(text)
        if len(pieces) == 1:
            return self._bounded(text, place)
        parts: list[Any] = []
        for index, piece in enumerate(pieces):
            if index % 2 == 0:
                parts.append(piece)
            elif piece.startswith("!"):
                parts.append("${" + piece[1:] + "}")
            else:
                parts.append(self._substituted(piece.strip(), variables, place))

        def joined(chosen: list[Any]) -> Any:
            texts = ["" if part is None or part is NO_VALUE else as_text(part) for part in chosen]
            texts = [
                ",".join(filter(None, map(as_text, part))) if isinstance(part, list) else found
                for part, found in zip(chosen, texts, strict=True)
            ]
            if None in texts:
                return self._malformed("Fn::Sub", argument, place)
            return self._bounded("".join(filter(None, texts)), place)

        return self._combine(parts, joined, place)

    def _substituted(self, name: str, variables: Mapping[str, Any], place: Source) -> Any:
        if name in variables:
            return self.resolve(variables[name])
        if "." in name and not name.startswith("AWS::"):
            return self._get_att(name, place)
        return self._ref(LocatedStr(name, place), place)

    def _ref(self, argument: Any, place: Source) -> Any:
        name = as_text(argument if not isinstance(argument, dict) else self.plain(argument))
        if name is None:
            return self._malformed("Ref", argument, place)
        place = place if place is not NOWHERE else source_of(argument)
        if name == "AWS::NoValue":
            return NO_VALUE
        parameter = self.parameters.get(name)
        if parameter is not None:
            return self._parameter(parameter, place)
        if name in self.pseudo:
            return _placed(self.pseudo[name], place)
        found = self.references.ref(name)
        if found is not None:
            return LocatedStr(found, place)
        return self.unknown(
            "Unknown", name, f"reference to `{name}`", "no parameter or resource has that name", "reference", place
        )

    def _parameter(self, parameter: Parameter, place: Source) -> Any:
        if self._deciding:
            return parameter.decided
        if parameter.unknown is not None:
            text = parameter.value[0] if isinstance(parameter.value, list) else parameter.value
            self.causes.setdefault(
                text,
                Unknown(
                    what=f"parameter `{parameter.name}`",
                    why=parameter.unknown,
                    kind="parameter",
                    source=parameter.source,
                    stack=self.label,
                ),
            )
        return _placed(parameter.value, place)

    def _get_att(self, argument: Any, place: Source) -> Any:
        if isinstance(argument, str):
            logical_id, _, attribute = argument.partition(".")
        elif isinstance(argument, list) and len(argument) > 1 and isinstance(argument[0], str):
            logical_id = argument[0]
            rest = [as_text(self.plain(item)) for item in argument[1:]]
            attribute = ".".join(part or "" for part in rest)
        else:
            return self._malformed("Fn::GetAtt", argument, place)
        found = self.references.attribute(logical_id, attribute)
        if found is None:
            return self.unknown(
                "Unknown",
                f"{logical_id}.{attribute}",
                f"attribute `{logical_id}.{attribute}`",
                "no resource has that name",
                "reference",
                place,
            )
        return _placed(found, place)

    def _if(self, argument: Any, place: Source) -> Any:
        if not (isinstance(argument, list) and len(argument) == 3):  # noqa: PLR2004
            return self._malformed("Fn::If", argument, place)
        condition = argument[0]
        name = (
            condition["Condition"]
            if isinstance(condition, dict) and len(condition) == 1 and "Condition" in condition
            else condition
        )
        holds = self.decisions.decide(name) if isinstance(name, str) else self.decisions.evaluate(name)
        if holds is not None:
            return self.resolve(argument[1 if holds else 2])
        shown = name if isinstance(name, str) else "Fn::If"
        branches = []
        for index, assumed in ((1, True), (2, False)):
            with self.decisions.assuming(name, holds=assumed):
                branches.append(self.resolve(argument[index]))
        if branches[0] is NO_VALUE and branches[1] is NO_VALUE:
            return NO_VALUE
        found = [None if branch is NO_VALUE else branch for branch in branches]
        return found[0] if found[0] == found[1] else self._alternatives(found, shown, place)

    def _find_in_map(self, argument: Any, place: Source) -> Any:
        if not (isinstance(argument, list) and len(argument) >= 3):  # noqa: PLR2004
            return self._malformed("Fn::FindInMap", argument, place)
        default: Any = NO_VALUE
        if len(argument) > 3 and isinstance(argument[3], Mapping) and "DefaultValue" in argument[3]:  # noqa: PLR2004
            default = argument[3]["DefaultValue"]

        def found(keys: list[Any]) -> Any:
            held: Any = self.mappings
            for key in keys:
                text = as_text(key)
                if text is None:
                    return self._malformed("Fn::FindInMap", argument, place)
                if isinstance(held, Mapping) and text in held:
                    held = held[text]
                    continue
                shown = "/".join(str(key) for key in keys)
                if TOKEN.search(text):
                    return self._only_value(held, keys, shown, text, place)
                if default is not NO_VALUE:
                    return self.resolve(default)
                return self.unknown(
                    "Unknown", f"FindInMap.{shown}", f"mapping `{shown}`", "it has no such key", "mapping", place
                )
            return _placed(self.resolve(held), place) if isinstance(held, str) else self.resolve(held)

        return self._combine([self.resolve(key) for key in argument[:3]], found, place)

    def _only_value(self, held: Any, keys: list[Any], shown: str, text: str, place: Source) -> Any:
        """The value of a mapping whose key is not known: known all the same where every key has the same."""
        last = as_text(keys[-1])
        rows = list(held.values()) if isinstance(held, Mapping) else []
        if rows and text != last and all(isinstance(row, Mapping) and last in row for row in rows):
            values = [row[last] for row in rows]
            if all(value == values[0] for value in values):
                return self.resolve(values[0])
        return self.unknown(
            "Unknown", f"FindInMap.{shown}", f"mapping `{shown}`", f"its key `{text}` is not known", "mapping", place
        )

    def _select(self, argument: Any, place: Source) -> Any:
        if not (isinstance(argument, list) and len(argument) == 2):  # noqa: PLR2004
            return self._malformed("Fn::Select", argument, place)
        index = as_text(self.plain(argument[0]))
        held = self.resolve(argument[1])

        def selected(parts: list[Any]) -> Any:
            items = parts[0] if isinstance(parts[0], list) else [parts[0]]
            if index is None or not index.isdecimal() or len(index) > 6:  # noqa: PLR2004
                return self._malformed("Fn::Select", argument, place)
            first = as_text(items[0]) if items else None
            if first is not None and len(items) == 1 and UNKNOWN_TOKEN.fullmatch(first):
                return self._same_unknown(first, index, place)
            if int(index) < len(items):
                return _placed(items[int(index)], place)
            return self._malformed("Fn::Select", argument, place, "the list has no such element")

        return self._combine([held], selected, place)

    def _split(self, argument: Any, place: Source) -> Any:
        if not (isinstance(argument, list) and len(argument) == 2):  # noqa: PLR2004
            return self._malformed("Fn::Split", argument, place)
        delimiter = as_text(self.plain(argument[0]))

        def split(parts: list[Any]) -> Any:
            text = as_text(parts[0])
            if not delimiter or text is None:
                return self._malformed("Fn::Split", argument, place)
            tokens = TOKEN.findall(text)
            if not tokens:
                return LocatedList((LocatedStr(part, place) for part in text.split(delimiter)), place)
            if has_unknown(text) or delimiter not in _SAFE_DELIMITERS or not all(map(_PLAIN_TOKEN.fullmatch, tokens)):
                return LocatedList([self._same_unknown(text, "Split", place)], place)
            fields = re.findall(
                rf"((?:\$\{{[^{{}}]*\}}|(?!{re.escape(delimiter)}).)*)(?:{re.escape(delimiter)}|$)", text, re.DOTALL
            )
            return LocatedList((LocatedStr(part, place) for part in fields[: _count(text, delimiter) + 1]), place)

        return self._combine([self.resolve(argument[1])], split, place)

    def _import_value(self, argument: Any, place: Source) -> Any:
        def imported(parts: list[Any]) -> Any:
            name = as_text(parts[0])
            if name is None:
                return self._malformed("Fn::ImportValue", argument, place)
            found = self.import_value(name)
            if found is not None:
                return _placed(found, place)
            shown = _tokens_to_names(name)
            return self.unknown(
                "Import", shown, f"import `{shown}`", "no template that was read exports it", "import", place
            )

        return self._combine([self.resolve(argument)], imported, place)

    def _base64(self, argument: Any, place: Source) -> Any:
        held = self.resolve(argument)
        return held if as_text(held) is not None else self._malformed("Fn::Base64", argument, place)

    def _cidr(self, argument: Any, place: Source) -> Any:
        import ipaddress

        parts = [as_text(self.plain(part)) for part in argument] if isinstance(argument, list) else []
        try:
            network = ipaddress.ip_network(parts[0] or "")
            count, bits = int(parts[1] or ""), int((parts[2] if len(parts) > 2 else None) or "8")  # noqa: PLR2004
            subnets = network.subnets(new_prefix=network.max_prefixlen - bits)
            return LocatedList((LocatedStr(str(subnet), place) for subnet in islice(subnets, min(count, 256))), place)
        except (ValueError, IndexError):
            return LocatedList((LocatedStr(f"${{Cidr.{index}}}", place) for index in range(16)), place)

    def _get_azs(self, argument: Any, place: Source) -> Any:
        region = as_text(self.plain(argument)) or as_text(self.pseudo.get("AWS::Region"))
        name = "AZs" if region is None or "$" in region else f"AZs.{region}"
        return LocatedList((LocatedStr(f"${{{name}.{index}}}", place) for index in range(6)), place)

    def _to_json(self, argument: Any, place: Source) -> Any:
        import json

        return self._bounded(json.dumps(self.plain(argument), separators=(",", ":")), place)

    def _length(self, argument: Any, place: Source) -> Any:
        held = self.resolve(argument)
        if (
            isinstance(held, list)
            and not isinstance(held, Alternatives)
            and not any(
                isinstance(item, Alternatives) or (isinstance(item, str) and UNKNOWN_TOKEN.fullmatch(item))
                for item in held
            )
        ):
            return len(held)
        return self.unknown("Unknown", "Length", "the length of a list", "the list is not known", "value", place)

    def _boolean(self, argument: Any, place: Source, name: str) -> Any:
        found = self.decisions.evaluate({name: argument})
        if found is not None:
            return found
        return self.unknown("Unknown", name, f"`{name}`", "it cannot be decided", "condition", place)

    def _transform(self, argument: Any, place: Source) -> Any:
        name = as_text(argument.get("Name")) if isinstance(argument, Mapping) else None
        shown = name or "Fn::Transform"
        return self.unknown("Transform", shown, f"macro `{shown}`", "permscope does not run macros", "transform", place)

    def _rule_function(self, argument: Any, place: Source) -> Any:
        del argument
        return self.unknown("Unknown", "rule", "a rule function", "it has no value outside `Rules`", "value", place)

    def _malformed(
        self, name: str, argument: Any, place: Source, why: str = "its arguments have the wrong shape"
    ) -> LocatedStr:
        place = place if place is not NOWHERE else source_of(argument)
        where = f"{name}.{place.line or 0}.{place.column or 0}"
        return self.unknown("Unknown", where, f"`{name}`", why, "intrinsic", place)


def _placed(value: Any, place: Source) -> Any:
    """Text takes the place of the reference; structures keep their own."""
    if isinstance(value, str):
        return LocatedStr(value, place)
    if type(value) is list or type(value) is LocatedList:
        return LocatedList((LocatedStr(item, place) if isinstance(item, str) else item for item in value), place)
    return value


def _pick(part: Any, chosen: Mapping[str, int]) -> Any:
    if isinstance(part, Alternatives) and part.condition in chosen:
        index = min(chosen[part.condition], list.__len__(part) - 1)
        found = list.__getitem__(part, index)
        return NO_VALUE if found is None else found
    return part


def _count(text: str, delimiter: str) -> int:
    return TOKEN.sub("", text).count(delimiter)


def _tokens_to_names(text: str) -> str:
    """Text whose tokens are shown by their names, for messages and further tokens."""
    return TOKEN.sub(lambda found: found[0][2:-1], text)


def _boolean(name: str) -> Callable[[Resolver, Any, Source], Any]:
    return lambda resolver, argument, place: resolver._boolean(argument, place, name)  # noqa: SLF001


_HANDLERS: dict[str, Callable[[Resolver, Any, Source], Any]] = {
    "Ref": Resolver._ref,
    "Fn::GetAtt": Resolver._get_att,
    "Fn::Sub": Resolver._sub,
    "Fn::Join": Resolver._join,
    "Fn::If": Resolver._if,
    "Fn::FindInMap": Resolver._find_in_map,
    "Fn::Select": Resolver._select,
    "Fn::Split": Resolver._split,
    "Fn::ImportValue": Resolver._import_value,
    "Fn::Base64": Resolver._base64,
    "Fn::Cidr": Resolver._cidr,
    "Fn::GetAZs": Resolver._get_azs,
    "Fn::ToJsonString": Resolver._to_json,
    "Fn::Length": Resolver._length,
    "Fn::Transform": Resolver._transform,
    **{name: _boolean(name) for name in ("Fn::And", "Fn::Or", "Fn::Not", "Fn::Equals")},
    **dict.fromkeys(
        ("Fn::Contains", "Fn::EachMemberEquals", "Fn::EachMemberIn", "Fn::RefAll", "Fn::ValueOf", "Fn::ValueOfAll"),
        Resolver._rule_function,
    ),
}
