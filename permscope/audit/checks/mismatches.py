"""Actions and resources of a statement that can never meet.

Judged over all statements of a holder together, so that merging two statements, or splitting one, changes nothing: a
pair that never meets is harmless where its action is granted on something else and its resource has another action.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from permscope.audit.checks.resources import can_match, formats_of, is_star
from permscope.audit.findings import Hit
from permscope.audit.fixes import plain_formats, readable_format
from permscope.audit.predicates import Taken, finder
from permscope.audit.subjects import Subject
from permscope.audit.world import StatementView
from permscope.catalog.actions import ActionSet, load
from permscope.inventory.arn import split_arn
from permscope.inventory.located import source_of
from permscope.inventory.policies import Statement
from permscope.inventory.source import NOWHERE
from permscope.inventory.tokens import has_token, has_unknown

_MANY = 60  # a pattern with more actions than this surely has one that fits
_MOST_GROUPS = 1000  # lists of actions that one holder has; with more, nothing is said


@finder("statement", values=("actions", "act", "resources", "formats"))
def mismatched_resources(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Actions that nothing they are granted on can ever be the target of, and resources that no action acts on.

    `high` where a Deny does not hold, because something is open then; otherwise something does not work, and `low` for
    actions that can only be granted on `*`, which are named beside others and seldom missed.
    """
    view: StatementView = subject.it
    statement = view.statement
    if not statement.actions or not statement.resources or any(map(_may_be_all, statement.resources)):
        return
    resources = [text for text in statement.resources if text.startswith("arn:")]  # another rule speaks of the others
    texts = statement.actions
    dead = [text for text in texts if _never_fits(text, resources)] if resources else []
    lost = [text for text in resources if all(_never_fits(one, (text,)) for one in texts)]
    if not dead and not lost:
        return
    beside = _beside(view)
    lost = [text for text in lost if beside.is_lost(text)]
    dead = [text for text in dead if lost or not beside.works(text)]
    if dead or lost:
        yield _hit(view, dead or list(texts), lost or resources)


def _hit(view: StatementView, actions: list[str], resources: list[str]) -> Hit:
    statement = view.statement
    formats = list(dict.fromkeys(form for text in actions for form in _formats(text)))
    place = source_of(actions[0])
    return Hit(
        element=", ".join(sorted(actions)),
        source=place if place is not NOWHERE and place.line else statement.source,
        values={
            "actions": ", ".join(f"`{text}`" for text in actions),
            "act": "acts" if len(actions) == 1 else "act",
            "resources": " or ".join(f"`{text}`" for text in resources[:2]),
            "formats": _to_write(view, actions, formats),
        },
        severity="high" if statement.effect == "Deny" else None if formats else "low",
        confidence=None if formats else "medium",
        statement=statement,
    )


def _may_be_all(resource: str) -> bool:
    return is_star(resource) or has_unknown(resource)


class _Fitting(NamedTuple):
    """What an action is granted on, anywhere.

    Attributes:
        everything: whether that may be everything.
        stems: beginnings of the ARNs that fit it, sorted.
        known: the same, to look one up.
    """

    everything: bool
    stems: list[str]
    known: frozenset[str]

    def has_relative(self, arn: str) -> bool:
        """Whether one of the ARNs that fit is below another one, or above it."""
        stem = _stem(arn)
        at = bisect_left(self.stems, stem)
        if at < len(self.stems) and self.stems[at].startswith(stem):
            return True
        return any(stem[:end] in self.known for end in range(1, len(stem)))


class _Beside:
    """All statements with one effect of one holder; each action and resource is looked at once, however many there are.

    Args:
        statements: of all policies of the holder.
    """

    def __init__(self, statements: Iterable[tuple[Statement, ActionSet]]) -> None:
        self._texts: dict[str, dict[str, None]] = {}
        self._groups: dict[tuple[str, ...], tuple[ActionSet, dict[str, None]]] = {}
        self._fitting: dict[str, _Fitting] = {}
        self._lost: dict[str, bool] = {}
        for statement, actions in statements:
            texts, resources = statement.actions or ("NotAction",), statement.resources or ("*",)
            self._groups.setdefault(tuple(sorted(texts)), (actions, {}))[1].update(dict.fromkeys(resources))
            for resource in resources:
                self._texts.setdefault(resource, {}).update(dict.fromkeys(statement.actions or ()))

    def works(self, text: str) -> bool:
        """Whether an action is granted on something that fits."""
        found = self._fits(text)
        return found.everything or bool(found.stems)

    def is_lost(self, resource: str) -> bool:
        """Whether none of the actions granted on a resource acts on it, nor on what belongs to it.

        A bucket in one statement and its objects in another are what both are in one: nothing is missing.
        """
        if resource not in self._lost:
            texts = self._texts.get(resource, {})
            used = any(not _never_fits(text, (resource,)) for text in texts)
            self._lost[resource] = not used and not any(
                found.everything or found.has_relative(resource) for found in map(self._fits, texts)
            )
        return self._lost[resource]

    def _fits(self, text: str) -> _Fitting:
        found = self._fitting.get(text.lower())
        if found is None:
            wanted, stems, everything = load().action_set((text,)), set(), len(self._groups) > _MOST_GROUPS
            for actions, resources in () if everything else self._groups.values():
                for resource in resources if not wanted.isdisjoint(actions) else ():
                    if _may_be_all(resource):
                        everything = True
                    elif not _never_fits(text, (resource,)):
                        stems.add(_stem(resource))
            found = self._fitting[text.lower()] = _Fitting(everything, sorted(stems), frozenset(stems))
        return found


def _stem(arn: str) -> str:
    return arn.rstrip("*/:")


def _beside(view: StatementView) -> _Beside:
    """What the holder of a statement is told with the same effect, in all its policies."""
    holder = view.world.by_arn.get(view.holder.id) if view.holder else None
    policies = [item.policy for item in holder.policies] if holder is not None else [view.policy]
    effect = view.statement.effect
    key = ("beside", view.holder.id if holder is not None and view.holder else id(view.policy), effect)
    found: _Beside | None = view.world.memo.get(key)
    if found is None:
        statements = (each for policy in policies for each in policy.statements if each.effect == effect)
        found = view.world.memo[key] = _Beside((each, view.world.actions_of(each)) for each in statements)
    return found


def _to_write(view: StatementView, dead: list[str], formats: list[str]) -> str:
    """What fits: the objects of a bucket of the statement where they are meant, else the formats of the actions.

    Actions that cannot be limited to a resource need `*`, apart from the others.
    """
    unlimited = [f"`{text}`" for text in dead if not _formats(text)]
    apart = '`Resource: "*"`, in a statement of its own'
    if not formats:
        return apart
    limited = [text for text in dead if _formats(text)]
    objects = (
        _objects_of(view, text)
        for text in view.statement.resources or ()
        if all(any(can_match(f"{text}/*", form) for form in _formats(one)) for one in limited)
    )
    below = [text for text in objects if text]
    shown = [below[0]] if below else [f"`{readable_format(form)}`" for form in plain_formats(formats)[:3]]
    return " or ".join(shown) + (f", and for {', '.join(unlimited)} {apart}" if unlimited else "")


def _objects_of(view: StatementView, text: str) -> str:
    """How a template writes the objects of a bucket; nothing for another resource."""
    parts = split_arn(text)
    if parts is None or parts.service != "s3" or "/" in parts.resource:
        return ""
    bucket = view.world.resource(text)
    if bucket is not None and bucket.logical_id and bucket.source.file == view.statement.source.file:
        return f'`!Sub "${{{bucket.logical_id}.Arn}}/*"`'
    return "" if has_token(text) else f"`{text}/*`"


def _formats(pattern: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(form for action in load().expand(pattern) for form in formats_of(action) or ()))


def _never_fits(pattern: str, resources: Iterable[str]) -> bool:
    """Whether no action of a pattern can act on any of the resources."""
    shape = _shape(pattern)
    if shape is None:
        return False
    # An action without formats asks about `*`, or about an ARN with an empty or made-up resource: wildcards match both.
    if shape.unlimited and any("*" in text or "?" in text for text in resources):
        return False
    return not any(can_match(text, form) for text in resources for form in shape.formats)


class _Shape(NamedTuple):
    """What the actions of a pattern act on: the ARN formats, and whether some of them have none."""

    formats: tuple[str, ...]
    unlimited: bool


@lru_cache(maxsize=4096)
def _shape(pattern: str) -> _Shape | None:
    """What the actions of a pattern act on; None where that cannot be told."""
    actions = load().expand(pattern)
    if not actions or len(actions) > _MANY:
        return None
    known = [formats_of(action) for action in actions]
    if None in known:
        return None
    formats = dict.fromkeys(form for formats in known for form in formats or ())
    return _Shape(tuple(formats), () in known)
