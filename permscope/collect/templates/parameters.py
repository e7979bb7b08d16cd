"""Template parameters: their values, where they come from, and which stay unknown.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from permscope.inventory.located import Alternatives, as_text, key_source
from permscope.inventory.source import Source
from permscope.inventory.tokens import unknown_token
from permscope.lazy import dataclass, regex

_WORD = regex(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_NOTHING = frozenset(("none", "null", "na", "no", "false", "empty", "unset", "unused", "disabled", "default", "auto"))
MAX_LENGTH = 4096  # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of one template.

    Attributes:
        value: what `Ref` gives: text, a list of text, or tokens.
        unknown: why the value is not known; None for one that is.
        secret: whether its value must not be shown (`NoEcho`); `value` is a token then.
        decided: the value conditions compare with; of a secret the real one.
        allowed: its `AllowedValues`.
        stored: the name under which Systems Manager keeps the value, of a parameter of such a type.
        several: whether it is a list.
    """

    name: str
    value: Any
    source: Source
    unknown: str | None = None
    secret: bool = False
    decided: Any = None
    allowed: frozenset[str] | None = None
    stored: str | None = None
    several: bool = False


def bind_parameters(section: object, given: Mapping[str, Any], label: str = "") -> dict[str, Parameter]:
    """The parameters of a template with the values given for them, their defaults, or tokens.

    Args:
        section: the `Parameters` section.
        given: values by name: text, lists, or (from a parent stack) anything resolved.
        label: of the stack, which tells its tokens from those of others.
    """
    if not isinstance(section, Mapping):
        return {}
    return {
        name: _bind(
            name, definition if isinstance(definition, Mapping) else {}, given, label, key_source(section, name)
        )
        for name, definition in section.items()
    }


def _bind(name: str, definition: Mapping[str, Any], given: Mapping[str, Any], label: str, source: Source) -> Parameter:
    kind = as_text(definition.get("Type")) or "String"
    several = kind == "CommaDelimitedList" or kind.startswith("List<") or "<List<" in kind
    token = unknown_token("Param", f"{label}/{name}" if label else name)
    secret = str(definition.get("NoEcho", "")).lower() == "true"
    allowed_values = definition.get("AllowedValues")
    allowed = None
    if isinstance(allowed_values, list):
        allowed = frozenset(text for text in map(as_text, allowed_values) if text is not None)
    is_stored = kind.startswith("AWS::SSM::Parameter::Value")
    raw = given.get(name, definition.get("Default"))
    hidden: Any = [token] if several else token
    if is_stored:
        return Parameter(
            name=name,
            value=hidden,
            source=source,
            unknown="its value is kept in Systems Manager Parameter Store",
            secret=secret,
            decided=hidden,
            stored=as_text(raw),
            several=several,
        )
    if raw is None:
        why = "it has no default and no value was given"
        return Parameter(name=name, value=hidden, source=source, unknown=why, decided=hidden, allowed=allowed)
    value = _split(raw) if several else raw if isinstance(raw, Alternatives) else as_text(raw)
    if value is None:
        why = "its value is not text"
        return Parameter(name=name, value=hidden, source=source, unknown=why, decided=hidden, allowed=allowed)
    if isinstance(raw, str) and len(raw) > MAX_LENGTH:
        why = f"its value is longer than {MAX_LENGTH:,} characters, which CloudFormation refuses"
        return Parameter(name=name, value=hidden, source=source, unknown=why, decided=hidden, allowed=allowed)
    if secret:
        why = "it is `NoEcho`, so its value is not kept"
        return Parameter(name=name, value=hidden, source=source, unknown=why, secret=True, decided=value)
    if name not in given and _is_placeholder(name, value):
        why = f"its default `{value}` is no ARN, so another value must be meant"
        return Parameter(name=name, value=hidden, source=source, unknown=why, decided=value, allowed=allowed)
    return Parameter(name=name, value=value, source=source, decided=value, allowed=allowed)


def _is_placeholder(name: str, default: Any) -> bool:
    """Whether a default only holds the place of an ARN: Amplify gives `storageArn` the default `storageArn`."""
    if not isinstance(default, str) or name[-3:].lower() != "arn" or default.lower() in _NOTHING:
        return False
    return bool(_WORD.fullmatch(default))


def _split(raw: Any) -> Any:
    """A comma-delimited list; a list that a parent stack passes in stays what it is."""
    if isinstance(raw, list):
        return raw
    text = as_text(raw)
    if text is None:
        return None
    return [part.strip() for part in text.split(",")] if text else []
