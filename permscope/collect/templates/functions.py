"""The intrinsic functions, each a function of the resolver, its argument and its place.

An argument of the wrong shape gives an unknown, never an exception.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from enum import Enum
from itertools import islice
from typing import TYPE_CHECKING, Any

from permscope.inventory.facts import Unknown
from permscope.inventory.located import Alternatives, LocatedList, LocatedStr, as_text, source_of
from permscope.inventory.source import NOWHERE, Source
from permscope.inventory.tokens import TOKEN, UNKNOWN_TOKEN, has_unknown
from permscope.lazy import regex

if TYPE_CHECKING:
    from permscope.collect.templates.intrinsics import Resolver

Function = Callable[["Resolver", Any, Source], Any]

NO_VALUE: Any = type("NoValue", (), {"__repr__": lambda _: "AWS::NoValue"})()
MAX_TEXT = 1_000_000

_VARIABLE = regex(r"\$\{([^{}]*)\}")
_PLAIN_TOKEN = regex(r"\$\{(?:AWS::[A-Za-z]+|[^{}:.]+(?:\.(?:FunctionUrl|Id|Version))?)\}")
_SAFE_DELIMITERS = frozenset(":/,|;")


def ref(resolver: Resolver, argument: Any, place: Source) -> Any:
    """`Ref`: a parameter, a pseudo parameter, or what a resource type returns."""
    name = as_text(argument if not isinstance(argument, dict) else resolver.plain(argument))
    if name is None:
        return resolver.malformed("Ref", argument, place)
    place = place if place is not NOWHERE else source_of(argument)
    if name == "AWS::NoValue":
        return NO_VALUE
    if name in resolver.parameters:
        value = resolver.parameter(resolver.parameters[name])
        resolver.spend(len(value) if isinstance(value, str | list) else 1)
        return placed(value, place)
    if name in resolver.pseudo:
        return placed(resolver.pseudo[name], place)
    found = None if resolver.deciding else resolver.references.ref(name)
    if found is not None:
        return LocatedStr(found, place)
    return resolver.unknown(
        "Unknown", name, f"reference to `{name}`", "no parameter or resource has that name", "reference", place
    )


def get_att(resolver: Resolver, argument: Any, place: Source) -> Any:
    """`Fn::GetAtt`: `[LogicalId, Attribute]`, where the attribute may be a reference, or `LogicalId.Attribute`."""
    if isinstance(argument, str):
        logical_id, _, attribute = argument.partition(".")
    elif isinstance(argument, list) and len(argument) > 1 and isinstance(argument[0], str):
        logical_id = argument[0]
        attribute = ".".join(as_text(resolver.plain(item)) or "" for item in argument[1:])
    else:
        return resolver.malformed("Fn::GetAtt", argument, place)
    found = None if resolver.deciding else resolver.references.attribute(logical_id, attribute)
    if found is not None:
        return placed(found, place)
    name = f"{logical_id}.{attribute}"
    return resolver.unknown("Unknown", name, f"attribute `{name}`", "no resource has that name", "reference", place)


def sub(resolver: Resolver, argument: Any, place: Source) -> Any:
    """`Fn::Sub`: text, or text and variables; `${!Literal}` stays `${Literal}`."""
    variables: Mapping[str, Any] = {}
    text_argument = argument
    if isinstance(argument, list) and len(argument) in (1, 2):
        text_argument = argument[0]
        if len(argument) == 2 and isinstance(argument[1], Mapping):  # noqa: PLR2004
            variables = argument[1]
    text = as_text(text_argument if not isinstance(text_argument, dict) else resolver.plain(text_argument))
    if text is None:
        return resolver.malformed("Fn::Sub", argument, place)
    place = source_of(text_argument, place)
    parts: list[Any] = []
    for index, piece in enumerate(_VARIABLE.split(text)):
        if index % 2 == 0:
            parts.append(piece)
        elif piece.startswith("!"):
            parts.append("${" + piece[1:] + "}")
        elif piece.strip() in variables:
            parts.append(resolver.resolve(variables[piece.strip()]))
        elif "." in piece and not piece.startswith("AWS::"):
            parts.append(get_att(resolver, piece.strip(), place))
        else:
            parts.append(ref(resolver, LocatedStr(piece.strip(), place), place))

    def joined(chosen: list[Any]) -> Any:
        texts = [_as_part(part) for part in chosen]
        if None in texts:
            return resolver.malformed("Fn::Sub", argument, place)
        return bounded(resolver, "".join(filter(None, texts)), place)

    return resolver.combine(parts, joined, place)


def _as_part(part: Any) -> str | None:
    """A value inside a text: a list stands in it as CloudFormation prints one."""
    if part is None or part is NO_VALUE:
        return ""
    if isinstance(part, list):
        return ",".join(filter(None, map(as_text, part)))
    return as_text(part)


def join(resolver: Resolver, argument: Any, place: Source) -> Any:
    """`Fn::Join`."""
    if not (isinstance(argument, list) and len(argument) == 2):  # noqa: PLR2004
        return resolver.malformed("Fn::Join", argument, place)
    delimiter = as_text(resolver.plain(argument[0]))
    if delimiter is None:
        return resolver.malformed("Fn::Join", argument, place)
    held = resolver.resolve(argument[1])

    def joined(parts: list[Any]) -> Any:
        texts: list[str] = []
        for part in parts:
            if part is NO_VALUE or part is None:
                continue
            found = [as_text(item) for item in part] if isinstance(part, list) else [as_text(part)]
            if None in found:
                return resolver.malformed("Fn::Join", argument, place)
            texts.extend(text for text in found if text is not None)
        return bounded(resolver, delimiter.join(texts), place)

    if isinstance(held, list) and not isinstance(held, Alternatives):
        return resolver.combine(held, joined, place)
    return resolver.combine([held], joined, place)


def bounded(resolver: Resolver, text: str, place: Source) -> Any:
    """Text that functions put together, which must not grow without end."""
    if len(text) > MAX_TEXT or not resolver.spend(len(text)):
        return resolver.unknown(
            "Unknown",
            "length",
            "a text",
            f"texts longer than {MAX_TEXT:,} characters are not put together",
            "size",
            place,
        )
    located = LocatedStr(text, place)
    return resolver.dynamic(located) if "{{resolve:" in text else located


def if_(resolver: Resolver, argument: Any, place: Source) -> Any:
    """`Fn::If`: the branch that holds, or both where the condition cannot be decided."""
    if not (isinstance(argument, list) and len(argument) == 3):  # noqa: PLR2004
        return resolver.malformed("Fn::If", argument, place)
    name = argument[0]
    if isinstance(name, dict) and len(name) == 1 and "Condition" in name:
        name = name["Condition"]
    decisions = resolver.decisions
    holds = decisions.decide(name) if isinstance(name, str) else decisions.evaluate(name)
    if holds is not None:
        return resolver.resolve(argument[1 if holds else 2])
    branches = []
    for index, assumed in ((1, True), (2, False)):
        with decisions.assuming(name, holds=assumed):
            branches.append(resolver.resolve(argument[index]))
    found = [None if branch is NO_VALUE else branch for branch in branches]
    if found[0] == found[1]:
        return branches[0]
    named = isinstance(name, str)
    return resolver.alternatives(found, name if named else "Fn::If", place, has_sides=named)


def find_in_map(resolver: Resolver, argument: Any, place: Source) -> Any:
    """`Fn::FindInMap`, with the `DefaultValue` of the language extensions."""
    if not (isinstance(argument, list) and len(argument) in (3, 4)):
        return resolver.malformed("Fn::FindInMap", argument, place)
    default: Any = NO_VALUE
    if len(argument) == 4 and isinstance(argument[3], Mapping) and "DefaultValue" in argument[3]:  # noqa: PLR2004
        default = argument[3]["DefaultValue"]

    def found(keys: list[Any]) -> Any:
        texts = [as_text(key) for key in keys]
        shown = "/".join(text or "?" for text in texts)
        held: Any = resolver.mappings
        for text in texts:
            if text is None:
                return resolver.malformed("Fn::FindInMap", argument, place)
            if isinstance(held, Mapping) and text in held:
                held = held[text]
            elif TOKEN.search(text):
                return _only_value(resolver, held, [text or "" for text in texts], text, place)
            elif default is not NO_VALUE:
                return resolver.resolve(default)
            else:
                why = "it has no such key"
                return resolver.unknown("Unknown", f"FindInMap.{shown}", f"mapping `{shown}`", why, "mapping", place)
        return placed(resolver.resolve(held), place)

    return resolver.combine([resolver.resolve(key) for key in argument[:3]], found, place)


def _only_value(resolver: Resolver, held: Any, keys: list[str], unknown_key: str, place: Source) -> Any:
    """The value behind a mapping key that is not known: known all the same where every key has the same."""
    rows = list(held.values()) if isinstance(held, Mapping) else []
    if rows and held is resolver.mappings.get(keys[0]):
        rows = [row.get(keys[2]) if isinstance(row, Mapping) else None for row in rows]
    if rows and rows[0] is not None and keys[0] != unknown_key and all(row == rows[0] for row in rows):
        return resolver.resolve(rows[0])
    shown = "/".join(keys)
    return resolver.unknown(
        "Unknown",
        f"FindInMap.{shown}",
        f"mapping `{shown}`",
        f"its key `{unknown_key}` is not known",
        "mapping",
        place,
    )


def select(resolver: Resolver, argument: Any, place: Source) -> Any:
    """`Fn::Select`; an element of an unknown list is unknown for the same reason."""
    if not (isinstance(argument, list) and len(argument) == 2):  # noqa: PLR2004
        return resolver.malformed("Fn::Select", argument, place)
    index = as_text(resolver.plain(argument[0]))
    held = resolver.resolve(argument[1])

    def selected(items: list[Any]) -> Any:
        if index is None or not index.isdecimal() or len(index) > 6:  # noqa: PLR2004
            return resolver.malformed("Fn::Select", argument, place)
        first = as_text(items[0]) if len(items) == 1 else None
        if first is not None and UNKNOWN_TOKEN.fullmatch(first):
            return resolver.part_of_unknown(first, index, place)
        if int(index) < len(items):
            return placed(items[int(index)], place)
        return resolver.malformed("Fn::Select", argument, place, "the list has no such element")

    if isinstance(held, Alternatives):
        return resolver.combine(
            [held], lambda parts: selected(parts[0] if isinstance(parts[0], list) else parts), place
        )
    return selected(held if isinstance(held, list) else [held])


def split(resolver: Resolver, argument: Any, place: Source) -> Any:
    """`Fn::Split`; text is never cut inside a token, and not at all where a token may hold the delimiter."""
    if not (isinstance(argument, list) and len(argument) == 2):  # noqa: PLR2004
        return resolver.malformed("Fn::Split", argument, place)
    delimiter = as_text(resolver.plain(argument[0]))

    def parted(parts: list[Any]) -> Any:
        text = as_text(parts[0])
        if not delimiter or text is None:
            return resolver.malformed("Fn::Split", argument, place)
        tokens = TOKEN.findall(text)
        if not tokens:
            return LocatedList((LocatedStr(part, place) for part in text.split(delimiter)), place)
        if has_unknown(text) or delimiter not in _SAFE_DELIMITERS or not all(map(_PLAIN_TOKEN.fullmatch, tokens)):
            return LocatedList([resolver.part_of_unknown(text, "Split", place)], place)
        veiled = TOKEN.sub("\0", text).split(delimiter)
        held = iter(tokens)
        return LocatedList((LocatedStr(re.sub("\0", lambda _: next(held), part), place) for part in veiled), place)

    return resolver.combine([resolver.resolve(argument[1])], parted, place)


class Exported(Enum):
    """What stands for the value of an export that is not told."""

    SEVERAL = "several"  # templates export different values under the name


def import_value(resolver: Resolver, argument: Any, place: Source) -> Any:
    """`Fn::ImportValue`: what another template of the run exports."""

    def imported(parts: list[Any]) -> Any:
        name = as_text(parts[0])
        if name is None:
            return resolver.malformed("Fn::ImportValue", argument, place)
        found = resolver.import_value(name)
        if found is not None and found is not Exported.SEVERAL:
            return placed(found, place)
        shown = TOKEN.sub(lambda token: token[0][2:-1], name)
        why = "several templates that were read export it" if found else "no template that was read exports it"
        return resolver.unknown("Import", shown, f"import `{shown}`", why, "import", place)

    return resolver.combine([resolver.resolve(argument)], imported, place)


def base64(resolver: Resolver, argument: Any, place: Source) -> Any:
    """`Fn::Base64`: kept as the plain text, which is what there is to look at."""
    held = resolver.resolve(argument)
    return held if isinstance(held, str | Alternatives) else resolver.malformed("Fn::Base64", argument, place)


def cidr(resolver: Resolver, argument: Any, place: Source) -> Any:
    """`Fn::Cidr`; of an unknown block, tokens."""
    parts = [as_text(resolver.plain(part)) for part in argument] if isinstance(argument, list) else []
    try:
        network = ipaddress.ip_network(parts[0] or "")
        bits = int((parts[2] if len(parts) > 2 else None) or "8")  # noqa: PLR2004
        subnets = islice(network.subnets(new_prefix=network.max_prefixlen - bits), min(int(parts[1] or ""), 256))
        return LocatedList((LocatedStr(str(subnet), place) for subnet in subnets), place)
    except (ValueError, IndexError):
        return LocatedList((LocatedStr(f"${{Cidr.{index}}}", place) for index in range(16)), place)


def get_azs(resolver: Resolver, argument: Any, place: Source) -> Any:
    """`Fn::GetAZs`: which zones there are is up to the account."""
    region = as_text(resolver.plain(argument)) or as_text(resolver.pseudo.get("AWS::Region"))
    name = "AZs" if region is None or "$" in region else f"AZs.{region}"
    return LocatedList((LocatedStr(f"${{{name}.{index}}}", place) for index in range(6)), place)


def to_json(resolver: Resolver, argument: Any, place: Source) -> Any:
    """`Fn::ToJsonString`."""
    held = resolver.plain(argument)
    conditions = _conditions_in(held)
    if conditions:
        return resolver.unknown(
            "Unknown",
            f"ToJsonString.{place.line}",
            "`Fn::ToJsonString`",
            f"it depends on condition `{conditions[0]}`",
            "condition",
            place,
        )
    return bounded(resolver, json.dumps(held, separators=(",", ":")), place)


def _conditions_in(value: Any) -> list[str]:
    if isinstance(value, Alternatives):
        return [value.condition]
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return [name for item in inner for name in _conditions_in(item)]


def length(resolver: Resolver, argument: Any, place: Source) -> Any:
    """`Fn::Length`."""
    held = resolver.resolve(argument)
    if isinstance(held, list) and not any(
        isinstance(item, Alternatives) or (isinstance(item, str) and UNKNOWN_TOKEN.fullmatch(item))
        for item in (held, *([] if isinstance(held, Alternatives) else held))
    ):
        return len(held)
    return resolver.unknown("Unknown", "Length", "the length of a list", "the list is not known", "value", place)


def transform(resolver: Resolver, argument: Any, place: Source) -> Any:
    """`Fn::Transform` of a macro, which is never run."""
    name = as_text(argument.get("Name")) if isinstance(argument, Mapping) else None
    shown = name or "Fn::Transform"
    resolver.notes.append(
        Unknown(
            what=f"macro `{shown}`",
            why="permscope does not run macros",
            kind="transform",
            source=place if place is not NOWHERE else source_of(argument),
            stack=resolver.label,
        )
    )
    return resolver.unknown("Transform", shown, f"macro `{shown}`", "permscope does not run macros", "transform", place)


def _boolean(name: str) -> Function:
    def decided(resolver: Resolver, argument: Any, place: Source) -> Any:
        found = resolver.decisions.evaluate({name: argument})
        if found is not None:
            return found
        return resolver.unknown("Unknown", name, f"`{name}`", "it cannot be decided", "condition", place)

    return decided


def _no_value_here(resolver: Resolver, argument: Any, place: Source) -> Any:
    del argument
    return resolver.unknown(
        "Unknown", "rule", "a rule function", "it has no value outside of `Rules`", "intrinsic", place
    )


def placed(value: Any, place: Source) -> Any:
    """Text takes the place of the reference to it; structures keep their own."""
    if isinstance(value, str):
        return LocatedStr(value, place)
    if type(value) is list or type(value) is LocatedList:
        return LocatedList((LocatedStr(item, place) if isinstance(item, str) else item for item in value), place)
    return value


FUNCTIONS: dict[str, Function] = {
    "Ref": ref,
    "Fn::GetAtt": get_att,
    "Fn::Sub": sub,
    "Fn::Join": join,
    "Fn::If": if_,
    "Fn::FindInMap": find_in_map,
    "Fn::Select": select,
    "Fn::Split": split,
    "Fn::ImportValue": import_value,
    "Fn::Base64": base64,
    "Fn::Cidr": cidr,
    "Fn::GetAZs": get_azs,
    "Fn::ToJsonString": to_json,
    "Fn::Length": length,
    "Fn::Transform": transform,
    **{name: _boolean(name) for name in ("Fn::And", "Fn::Or", "Fn::Not", "Fn::Equals")},
    **dict.fromkeys(
        ("Fn::Contains", "Fn::EachMemberEquals", "Fn::EachMemberIn", "Fn::RefAll", "Fn::ValueOf", "Fn::ValueOfAll"),
        _no_value_here,
    ),
}
