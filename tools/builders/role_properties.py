"""Which properties of a resource type hold role ARNs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from builders.sources import curated
from builders.type_rows import pointer_path

ROLE_MARK = "AWS::IAM::Role.Arn"
ROLE_NAME = re.compile(r"(?:Role|RoleArn|RoleARN)$")


def role_properties(schema: Mapping[str, Any]) -> set[str]:
    """Paths of properties that hold a role ARN: marked so, named so, or known to."""
    read_only = {pointer_path(pointer) for pointer in schema.get("readOnlyProperties", ())}
    found = {path for path in roles_below(schema, schema, "", frozenset()) if path not in read_only}
    for sign, type_name, path in curated("role_properties.txt"):
        if sign == "+" and type_name == schema["typeName"]:
            found.add(path)
        if sign == "-":
            found -= {each for each in found if type_name in {"*", schema["typeName"]} and is_tail(path, each)}
    if schema["typeName"].startswith("AWS::QuickSight::"):
        found = {path for path in found if not path.endswith(".Role")}  # chart axes
    return found


def is_tail(tail: str, path: str) -> bool:
    """Tell whether a path ends in the given steps."""
    return path == tail or path.endswith(f".{tail}")


def roles_below(schema: Mapping[str, Any], node: Any, path: str, seen: frozenset[str]) -> Iterator[str]:
    """Paths below a schema node that are marked or named as role ARNs."""
    if not isinstance(node, dict):
        return
    reference = node.get("$ref", "")
    if reference:
        if reference.startswith("#/definitions/") and reference not in seen:
            target = schema["definitions"].get(reference.removeprefix("#/definitions/"))
            yield from roles_below(schema, target, path, seen | {reference})
        return
    last = path.rpartition(".")[2]
    text = node.get("type", "string") in ("string", ["string"]) and "properties" not in node and "anyOf" not in node
    if node.get("format") == ROLE_MARK or (text and ROLE_NAME.search(last)):
        yield path
    below = f"{path}." if path else ""
    for name, child in node.get("properties", {}).items():
        yield from roles_below(schema, child, below + name, seen)
    for child in node.get("patternProperties", {}).values():
        yield from roles_below(schema, child, f"{below}*", seen)
    yield from roles_below(schema, node.get("items"), f"{path}[]", seen)
    for word in ("anyOf", "oneOf", "allOf"):
        for child in node.get(word, ()):
            yield from roles_below(schema, child, path, seen)
