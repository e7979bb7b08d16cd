"""Named questions that rules use where YAML would not say it well.

A *predicate* answers yes or no about a subject and is used in `where: {is: name}`. A *finder* is used in `find:`; it
yields the guilty elements inside a subject (an action, a principal, a service), each with its own line. Both are
written in the modules beside this one, next to what they know, and registered here by decorator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import field
from typing import Any

from permscope.audit.findings import Hit
from permscope.audit.subjects import Subject
from permscope.catalog.actions import ActionSet
from permscope.errors import RuleError
from permscope.inventory.source import Source
from permscope.lazy import dataclass


@dataclass(slots=True)
class Taken:
    """What the rules that subsume a rule have already said about a subject.

    Attributes:
        actions: guilty actions of the same principal.
        removed: those that the rule would have found too.
    """

    actions: ActionSet = field(default_factory=lambda: ActionSet.empty)
    removed: ActionSet = field(default_factory=lambda: ActionSet.empty)

    def left_of(self, actions: ActionSet) -> ActionSet:
        """The actions that nobody has spoken of yet."""
        if not self.actions or self.actions.isdisjoint(actions):
            return actions
        self.removed = self.removed | (actions & self.actions)
        return actions - self.actions


Run = Callable[[Subject, Any, Taken], Iterator[Hit]]
Check = Callable[[Any, Source], Any]


@dataclass(frozen=True, slots=True)
class Predicate:
    """A named yes-or-no question; `kinds` are the values of `for_each` it understands (none: any)."""

    test: Callable[[Subject], bool]
    kinds: tuple[str, ...]
    doc: str


@dataclass(frozen=True, slots=True)
class Finder:
    """A named search for guilty elements.

    Attributes:
        kinds: values of `for_each` it understands.
        values: names its hits offer to the rule's texts, as `{hit.name}`.
        check: reads its parameters, raising `RuleError`.
        doc: what it yields.
    """

    run: Run
    kinds: tuple[str, ...]
    values: tuple[str, ...]
    check: Check
    doc: str


PREDICATES: dict[str, Predicate] = {}
FINDERS: dict[str, Finder] = {}


def no_parameters(given: object, place: Source) -> None:
    """For finders that take none."""
    if given is not None:
        raise RuleError("this finder takes no parameters", source=place)


def predicate(*kinds: str) -> Callable[[Callable[[Subject], bool]], Callable[[Subject], bool]]:
    """Register a function as the predicate of its name; its docstring is the documentation."""

    def register(test: Callable[[Subject], bool]) -> Callable[[Subject], bool]:
        PREDICATES[test.__name__] = Predicate(test, kinds, (test.__doc__ or "").strip())
        return test

    return register


def finder(*kinds: str, values: tuple[str, ...] = (), check: Check = no_parameters) -> Callable[[Run], Run]:
    """Register a function as the finder of its name; its docstring is the documentation."""

    def register(run: Run) -> Run:
        FINDERS[run.__name__] = Finder(run, kinds, values, check, (run.__doc__ or "").strip())
        return run

    return register


def _register_all() -> None:
    from importlib import import_module
    from pkgutil import iter_modules

    checks = import_module("permscope.audit.checks")
    for found in iter_modules(checks.__path__):
        import_module(f"{checks.__name__}.{found.name}")


_register_all()
