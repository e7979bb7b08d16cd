"""YAML that knows its lines, for rule files, escalation paths and `permscope.yaml`.

Nothing is constructed from tags, scalars stay text except plain `true`/`false`, `null` and whole numbers, and a
repeated key is an error, so that a mistake is never read as something else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from permscope.errors import PermscopeError
from permscope.inventory.located import LocatedDict, LocatedList, LocatedStr
from permscope.inventory.source import Source

_DEPTH = 50
_BOOLEANS = {"true": True, "false": False}


def parse_located(text: str, file: str, error: Callable[..., PermscopeError]) -> Any:
    """The document of a YAML text with the place of every value.

    Args:
        text: the file's content.
        file: its path, for places and messages.
        error: the kind of error to raise.

    Raises:
        PermscopeError: of the kind `error`, when the text is no YAML, repeats a key, holds an alias or nests too deep.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        events = list(yaml.parse(text, Loader=loader))
        for event in events:
            if isinstance(event, yaml.AliasEvent):
                raise error("YAML aliases are not allowed here", source=_place(event, file))
        node = yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark
        place = Source(file, mark.line + 1, mark.column + 1) if mark else Source(file)
        raise error(f"not valid YAML: {problem.problem}", source=place) from None
    except (yaml.YAMLError, RecursionError, ValueError) as problem:
        raise error(f"not valid YAML: {problem}", source=Source(file)) from None
    return None if node is None else _value(node, file, error, 0)


def _place(marked: Any, file: str) -> Source:
    return Source(file, marked.start_mark.line + 1, marked.start_mark.column + 1)


def _value(node: Any, file: str, error: Callable[..., PermscopeError], depth: int) -> Any:
    import yaml

    place = _place(node, file)
    if depth > _DEPTH:
        raise error("nested too deeply", source=place)
    if isinstance(node, yaml.SequenceNode):
        return LocatedList([_value(item, file, error, depth + 1) for item in node.value], place)
    if isinstance(node, yaml.MappingNode):
        found = LocatedDict(source=place)
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise error("a key must be text", source=_place(key_node, file))
            if key_node.value in found:
                raise error(f"`{key_node.value}` is there twice", source=_place(key_node, file))
            key = LocatedStr(key_node.value, _place(key_node, file))
            found[key] = _value(value_node, file, error, depth + 1)
        return found
    return _scalar(node, place)


def _scalar(node: Any, place: Source) -> Any:
    text = str(node.value)
    if not node.style:  # plain, not quoted
        if text in ("", "~", "null"):
            return None
        if text in _BOOLEANS:
            return _BOOLEANS[text]
        if text.isascii() and text.isdigit() and len(text) < 10 and (text == "0" or text[0] != "0"):  # noqa: PLR2004
            return int(text)
    return LocatedStr(text, place)
