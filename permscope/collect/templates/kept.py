"""What one root template said, kept for the next run by content."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from permscope import cache
from permscope.collect.templates.files import Place, still_answered
from permscope.errors import TemplateError
from permscope.inventory.facts import AnyFact
from permscope.lazy import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The facts of a root stack and those nested in it, with all they depend on besides the template itself.

    Attributes:
        facts: in file order.
        errors: parts that could not be read.
        accounts: account ids the stacks are deployed to.
        files: every file that was read.
        exports: name and value of each export.
        imports: export name -> the value it had.
        answers: (folder, reference) -> what was read there.
    """

    facts: tuple[AnyFact, ...]
    errors: tuple[TemplateError, ...]
    accounts: tuple[str, ...]
    files: tuple[str, ...]
    exports: tuple[tuple[str, Any], ...]
    imports: Mapping[str, Any]
    answers: Mapping[tuple[str, str], str]


def fetch_kept(name: str | None, place: Place) -> Kept | None:
    """What an earlier run kept, if the files beside the template are as they were."""
    kept = cache.fetch("facts", name) if name is not None else None
    return kept if isinstance(kept, Kept) and still_answered(kept.answers, place) else None


def state_of(kept: Kept) -> str:
    """Text that is the same as long as what the facts depend on is the same."""
    return f"{sorted(kept.answers.items())} {sorted(kept.imports.items(), key=str)}"
