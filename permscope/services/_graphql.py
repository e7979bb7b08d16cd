"""The authorization directives of a GraphQL schema: which types and fields name which ways of being let in.

https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html#using-additional-authorization-modes
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field

from permscope.lazy import dataclass, regex

_TYPE = regex(r"\b(?:extend\s+)?(?:type|interface)\s+([A-Za-z_]\w*)([^{}]{0,2000})\{([^{}]*)\}")
_DIRECTIVE = regex(r"@(aws_(?:api_key|iam|cognito_user_pools|auth|oidc|lambda))\b")
_IGNORED = regex(r'"""[\s\S]*?"""|"(?:[^"\\\n]|\\.)*"|#[^\n]*')
_MOST = 1_000_000  # characters; AppSync takes schemas of at most 1 MB


@dataclass(frozen=True, slots=True)
class SchemaAuth:
    """Directives by type, and by type and field."""

    types: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    fields: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    def of(self, type_name: str, field_name: str) -> tuple[str, ...]:
        """The directives that decide about a field: its own, else those of its type; empty for the default."""
        return self.fields.get((type_name, field_name)) or self.types.get(type_name, ())


def directives_of(schema: str) -> SchemaAuth:
    """Read the authorization directives of a schema; comments and descriptions say nothing."""
    text = _IGNORED.sub(lambda found: '""' if found[0].startswith('"') else " ", schema[:_MOST])
    types: dict[str, tuple[str, ...]] = {}
    fields: dict[tuple[str, str], tuple[str, ...]] = {}
    for found in _TYPE.finditer(text):
        name, head, body = found.groups()
        on_type = tuple(_DIRECTIVE.findall(head))
        if on_type:
            types[name] = on_type
        for field_name, rest in _fields(body):
            on_field = tuple(_DIRECTIVE.findall(rest))
            if on_field:
                fields[name, field_name] = on_field
    return SchemaAuth(types, fields)


def _fields(body: str) -> list[tuple[str, str]]:
    """Each field of a type's body with the text up to the next field; what stands in brackets names no field."""
    flat = []
    depth = 0
    for character in body:
        depth += character in "(["
        if depth == 0:
            flat.append(character)
        depth -= character in ")]" and depth > 0
    pieces = re.split(r"\b([A-Za-z_]\w*)\s*:", "".join(flat))
    return list(zip(pieces[1::2], pieces[2::2], strict=True))
