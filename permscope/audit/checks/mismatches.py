"""Actions and resources of a statement that can never meet.

Judged over all statements of a holder together, so that merging two statements, or splitting one, changes nothing: a
pair that never meets is harmless where its action is granted on something else and its resource has another action.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from permscope.audit.checks.resources import can_match, formats_of, is_star
from permscope.audit.fields import Subject
from permscope.audit.findings import Hit
from permscope.audit.fixes import plain_formats, readable_format
from permscope.audit.predicates import Taken, finder
from permscope.audit.world import StatementView
from permscope.catalog.actions import ActionSet, load
from permscope.inventory.arn import split_arn
from permscope.inventory.located import source_of
from permscope.inventory.source import NOWHERE
from permscope.inventory.tokens import has_token, has_unknown

_MANY = 60  # a pattern with more actions than this surely has one that fits


class _Given(NamedTuple):
    """A statement as far as it matters here."""

    effect: str
    actions: ActionSet
    texts: tuple[str, ...]
    resources: tuple[str, ...]


@finder("statement", values=("actions", "resources", "formats"))
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
    beside = [given for given in _given_to(view) if given.effect == statement.effect]
    lost = [text for text in lost if _is_lost(text, beside)]
    dead = [text for text in dead if lost or not _works_beside(text, beside)]
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
            "resources": ", ".join(f"`{text}`" for text in resources[:2]),
            "formats": _to_write(view, actions, formats),
        },
        severity="high" if statement.effect == "Deny" else None if formats else "low",
        confidence=None if formats else "medium",
        statement=statement,
    )


def _may_be_all(resource: str) -> bool:
    return is_star(resource) or has_unknown(resource)


def _is_lost(resource: str, beside: list[_Given]) -> bool:
    """Whether none of the actions granted on a resource acts on it, nor on what belongs to it.

    A bucket in one statement and its objects in another are what both are in one: nothing is missing.
    """
    texts = [text for given in beside if resource in given.resources for text in given.texts]
    if any(not _never_fits(text, (resource,)) for text in texts):
        return False
    return not any(
        _may_be_all(other) or (_is_related(resource, other) and not _never_fits(text, (other,)))
        for text in texts
        for other in _resources_of(text, beside)
    )


def _works_beside(text: str, beside: list[_Given]) -> bool:
    """Whether an action is granted on something that fits, in whatever statement."""
    return any(_may_be_all(other) or not _never_fits(text, (other,)) for other in _resources_of(text, beside))


def _resources_of(text: str, beside: list[_Given]) -> Iterator[str]:
    actions = load().action_set((text,))
    for given in beside:
        if not actions.isdisjoint(given.actions):
            yield from given.resources


def _is_related(one: str, other: str) -> bool:
    """Whether one ARN is below the other."""
    one, other = one.rstrip("*/:"), other.rstrip("*/:")
    return one.startswith(other) or other.startswith(one)


def _given_to(view: StatementView) -> tuple[_Given, ...]:
    """What all policies of a holder together say."""
    holder = view.world.by_arn.get(view.holder.id) if view.holder else None
    policies = [item.policy for item in holder.policies] if holder is not None else [view.policy]
    key = ("given to", view.holder.id if holder is not None and view.holder else id(view.policy))
    found: tuple[_Given, ...] | None = view.world.memo.get(key)
    if found is None:
        found = view.world.memo[key] = tuple(
            _Given(each.effect, view.world.actions_of(each), each.actions or (), each.resources or ("*",))
            for policy in policies
            for each in policy.statements
        )
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
