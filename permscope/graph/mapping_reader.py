"""What rule files and escalation paths are read with: the parts of a mapping, and the place of each mistake."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from permscope.errors import RuleError
from permscope.inventory.located import key_source, source_of, value_source
from permscope.inventory.source import Source


def no_such(what: str, name: object, known: Iterable[str], source: Source) -> RuleError:
    """The error for a name that is not one of those known, with the closest one as hint."""
    from difflib import get_close_matches

    names = sorted(known)
    near = get_close_matches(str(name), names, n=1)
    hint = f"did you mean `{near[0]}`?" if near else f"known: {', '.join(names)}"
    return RuleError(f"no {what} `{name}`", source=source, hint=hint)


class MappingReader:
    """Reads one mapping.

    Args:
        raw: the mapping, which knows its places.
        top: where it begins.
        what: what a key of it is called.
        whole: what it is called itself.
        required: keys that must be there and hold something.
        optional: the other keys there are.

    Raises:
        RuleError: for a key that does not exist, and for one that is missing.
    """

    def __init__(
        self,
        raw: Mapping[str, Any],
        top: Source,
        *,
        what: str,
        whole: str,
        required: Iterable[str],
        optional: Iterable[str],
    ) -> None:
        self.raw = raw
        self.top = top
        required = tuple(required)
        known = (*required, *optional)
        for key in raw:
            if key not in known:
                raise no_such(what, key, known, key_source(raw, key, top))
        for key in required:
            if raw.get(key) in (None, "", []):
                raise RuleError(f"{whole} needs `{key}`", source=top)

    def at(self, key: str) -> Source:
        """Where the value of a key stands."""
        return value_source(self.raw, key, self.top)

    def block(self, key: str) -> str:
        """A text with its lines as they are."""
        value = self.raw.get(key)
        if not isinstance(value, str):
            raise RuleError(f"`{key}` must be text", source=self.at(key))
        return value.strip()

    def text(self, key: str) -> str:
        """A text in one line."""
        return " ".join(self.block(key).split())

    def texts(self, key: str) -> tuple[str, ...]:
        """A text or a list of them; empty where the key is missing."""
        value = self.raw.get(key)
        items = value if isinstance(value, list) else [] if value is None else [value]
        for item in items:
            if not isinstance(item, str):
                raise RuleError(f"`{key}` must be text or a list of text", source=source_of(item, self.at(key)))
        return tuple(items)

    def flag(self, key: str) -> bool:
        """True or false; false where the key is missing."""
        value = self.raw.get(key, False)
        if not isinstance(value, bool):
            raise RuleError(f"`{key}` must be `true` or `false`", source=self.at(key))
        return value

    def one_of(self, key: str, value: object, known: Iterable[str]) -> str:
        """A value that is one of those known; `key` is where it stands and what it is called."""
        choices = tuple(known)
        if value not in choices:
            raise no_such(key, value, choices, source_of(value, self.at(key)))
        return str(value)
