"""Every deliberate error of permscope.

```
PermscopeError            has `source` (where) and `hint` (what to do)
├── InputError            a file, directory or stream that cannot be used
│   ├── NothingReadError  several inputs, and none of them can be used
│   ├── TemplateError     a template that is broken at one place
│   └── SnapshotError     a snapshot that is broken, or of another version
├── PolicyError           a policy document or request that cannot be decided
├── RuleError             a rule file that is wrong
├── ConfigError           `permscope.yaml` or a command-line value that is wrong
├── NameNotFoundError     a name on the command line that matches nothing
└── CollectError          a live account that cannot be read at all
```

Messages are lower case, have no final period and quote user input in backticks. A *finding* is never an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from permscope.inventory.source import Source


class PermscopeError(Exception):
    """Something the user can understand and mend.

    Args:
        message: what is wrong, lower case, without a final period.
        source: the place, where there is one.
        hint: what to do about it, where that is known.
    """

    def __init__(self, message: str, *, source: Source | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.source = source
        self.hint = hint

    def __str__(self) -> str:
        place = f"{self.source}: " if self.source else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{place}{self.message}{hint}"


class InputError(PermscopeError):
    """A file, directory or stream that cannot be used."""


class NothingReadError(InputError):
    """Several inputs, and none of them can be used.

    Args:
        errors: what is wrong with each, at least one.
    """

    def __init__(self, errors: Sequence[PermscopeError]) -> None:
        self.errors = tuple(errors)
        first = self.errors[0]
        message = f"nothing can be read; {len(self.errors)} inputs are broken, the first: {first.message}"
        super().__init__(message, source=first.source, hint=first.hint)

    def __reduce__(self) -> tuple[type[NothingReadError], tuple[tuple[PermscopeError, ...]], dict[str, object]]:
        return type(self), (self.errors,), dict(self.__dict__)  # an exception is copied from its message otherwise


class TemplateError(InputError):
    """A template that is broken at one place."""


class SnapshotError(InputError):
    """A snapshot that is broken, or of a version this permscope does not read."""


class PolicyError(PermscopeError):
    """A policy document or a request that cannot be decided."""


class RuleError(PermscopeError):
    """A rule file that is wrong."""


class ConfigError(PermscopeError):
    """`permscope.yaml` or a command-line value that is wrong."""


class NameNotFoundError(PermscopeError):
    """A name on the command line that matches nothing in the input."""


class CollectError(PermscopeError):
    """A live account that cannot be read at all."""


def why_unreadable(error: Exception) -> str:
    """What kept a file from being read, in the words of the other messages."""
    match error:
        case OSError():
            return (error.strerror or "input or output error").lower()
        case UnicodeDecodeError():
            return f"byte {error.start + 1} is not UTF-8"
        case RecursionError():
            return "it is nested too deeply"
        case _:
            return str(error)
