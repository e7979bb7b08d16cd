"""What one root template said, kept for the next run by content."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from permscope import cache
from permscope.collect.templates.files import Place, still_answered
from permscope.errors import TemplateError
from permscope.inventory import placed
from permscope.inventory.facts import AnyFact
from permscope.inventory.inventory import Part
from permscope.inventory.placed import FileLines, Placed
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
        answers: (template, reference) -> what was read there.
        outline: the same for facts and accounts that are the same but for their lines; empty where it is not known.
        lines: of each file, those that the facts stand on.
    """

    facts: tuple[AnyFact, ...]
    errors: tuple[TemplateError, ...]
    accounts: tuple[str, ...]
    files: tuple[str, ...]
    exports: tuple[tuple[str, Any], ...]
    imports: Mapping[str, Any]
    answers: Mapping[tuple[str, str], str]
    outline: str = ""
    lines: tuple[FileLines, ...] = ()


class _Stored(NamedTuple):
    """What is in the folder: the same without facts and accounts, and these as bytes."""

    rest: Kept
    placed: Placed


def fetch_kept(name: str | None, place: Place) -> Kept | None:
    """What an earlier reading kept, if the files beside the template are as they were."""
    if name is None:
        return None
    return _fetch(name, lambda kept: still_answered(kept.answers, place))


def fetch_part(part: Part) -> Kept | None:
    """What is kept as a part, if it still is that very part: of one name, the last reading is kept."""
    return _fetch(part.name, lambda kept: state_of(kept) == part.state)


def _fetch(name: str, is_right: Callable[[Kept], bool]) -> Kept | None:
    kept = cache.recall("facts", name)
    if isinstance(kept, Kept):
        return kept if is_right(kept) else None
    stored = cache.fetch("facts", name)
    if not isinstance(stored, _Stored) or not is_right(stored.rest):
        return None
    found = placed.read(stored.placed)
    if found is None:
        return None
    facts, accounts = found
    kept = replace(stored.rest, facts=facts, accounts=accounts)
    cache.remember("facts", name, kept)
    return kept


def keep(name: str, kept: Kept) -> Kept:
    """Keep it for the other version of a comparison, and for the next run; it comes back with its outline."""
    written = placed.write((kept.facts, kept.accounts)) if cache.is_on() else None
    if written is not None:
        kept = replace(kept, outline=written.outline, lines=written.lines)
        cache.keep("facts", name, _Stored(replace(kept, facts=(), accounts=()), written))
    cache.remember("facts", name, kept)
    return kept


def state_of(kept: Kept) -> str:
    """Text that is the same as long as what the facts depend on is the same."""
    return f"{sorted(kept.answers.items())} {sorted(kept.imports.items(), key=str)}"
