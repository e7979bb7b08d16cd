"""What AWS would refuse in a policy document, and what can never take effect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from permscope.audit.checks.resources import can_match, formats_of, is_star
from permscope.audit.fields import Subject
from permscope.audit.findings import Hit
from permscope.audit.fixes import plain_formats, readable_format
from permscope.audit.predicates import Taken, finder
from permscope.audit.world import PolicyView, StatementView
from permscope.catalog.actions import load
from permscope.inventory.arn import split_arn
from permscope.inventory.located import source_of
from permscope.inventory.policies import Statement
from permscope.inventory.source import NOWHERE, Source
from permscope.inventory.tokens import has_token, has_unknown

# Names that SAM's `SQSPollerPolicy` carries: the batch calls of SQS ask for the action without `Batch`, so these do
# nothing, and whoever uses the template cannot take them out.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
_WITHOUT_EFFECT = frozenset({"sqs:changemessagevisibilitybatch", "sqs:deletemessagebatch", "sqs:sendmessagebatch"})
_MANY = 60  # a pattern with more actions than this surely has one that fits


def _place(text: str, statement: Statement) -> Source:
    place = source_of(text)
    return place if place is not NOWHERE and place.line else statement.source


@finder("policy", values=("problem", "policy"))
def problems(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each part of the document that AWS would refuse."""
    view: PolicyView = subject.it
    for problem in view.policy.problems:
        yield Hit(
            element=problem.message,
            source=problem.source if problem.source.line else view.policy.source,
            values={"problem": problem.message, "policy": view.policy.name},
        )


@finder("statement", values=("action", "closest"))
def unknown_actions(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each action or pattern of a known service that matches no action AWS has or had."""
    for text, statement in _action_texts(subject):
        prefix, colon, _ = text.partition(":")
        catalog = load()
        if not colon or "*" in prefix or "?" in prefix or not catalog.is_known_service(prefix):
            continue
        if text.lower() in _WITHOUT_EFFECT:
            continue
        if not catalog.expand(text) and not catalog.is_known(text):
            closest = catalog.closest(text) or ""
            yield Hit(
                element=text,
                source=_place(text, statement),
                values={"action": text, "closest": f"`{closest}`" if closest else "the action that is meant"},
                statement=statement,
            )


@finder("statement", values=("action", "closest", "service"))
def unknown_services(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each action whose prefix belongs to no service that is known."""
    for text, statement in _action_texts(subject):
        catalog = load()
        prefix, colon, _ = text.partition(":")
        if not text.strip("*") or has_token(text):
            continue
        if not colon:
            if any(mark in text for mark in "*?"):
                continue
        elif "*" in prefix or "?" in prefix or catalog.is_known_service(prefix):
            continue
        closest = catalog.closest(text) or ""
        yield Hit(
            element=text,
            source=_place(text, statement),
            values={
                "action": text,
                "service": prefix if colon else "",
                "closest": f"`{closest}`" if closest else "`service:Action`",
            },
            statement=statement,
        )


def _action_texts(subject: Subject) -> Iterator[tuple[str, Statement]]:
    view: StatementView = subject.it
    for text in view.statement.actions or view.statement.not_actions or ():
        if not has_unknown(text):
            yield text, view.statement


@finder("statement", values=("actions", "resources", "formats"))
def mismatched_resources(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """The actions of a statement that none of its resources can ever be the target of, together.

    `medium` where the actions cannot be limited to a resource at all, so that they would need `*`.
    """
    view: StatementView = subject.it
    statement = view.statement
    resources = statement.resources
    if not resources or any(is_star(text) or has_unknown(text) for text in resources):
        return
    if not any(text.startswith("arn:") for text in resources):
        return  # what is no ARN at all has a rule of its own
    dead = [text for text in statement.actions or () if _never_fits(text, resources)]
    beside = _resources_by_action(view) if dead else {}
    # A bucket in one statement and its objects in another are what both are in one: nothing is missing.
    dead = [
        text for text in dead if not _fits_beside(text, resources, beside.get((statement.effect, text.lower()), ()))
    ]
    if not dead:
        return
    formats = list(dict.fromkeys(form for text in dead for form in _formats(text)))
    yield Hit(
        element=", ".join(sorted(dead)),
        source=_place(dead[0], statement),
        values={
            "actions": ", ".join(f"`{text}`" for text in dead),
            "resources": ", ".join(f"`{text}`" for text in resources[:2]),
            "formats": _to_write(view, dead, formats),
        },
        severity=None if formats else "medium",
        confidence=None if formats else "medium",
        statement=statement,
    )


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


def _fits_beside(action: str, resources: tuple[str, ...], others: tuple[str, ...]) -> bool:
    """Whether an action is granted, in other statements, on what belongs to each of the resources."""
    fitting = [text for text in others if text not in resources and not _never_fits(action, (text,))]
    return bool(fitting) and all(
        any(_stem(text).startswith(_stem(one)) or _stem(one).startswith(_stem(text)) for text in fitting)
        for one in resources
    )


def _stem(arn: str) -> str:
    return arn.rstrip("*/:")


def _resources_by_action(view: StatementView) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """The resources that all policies of a holder together name for each action element."""
    holder = view.world.by_arn.get(view.holder.id) if view.holder else None
    policies = [item.policy for item in holder.policies] if holder is not None else [view.policy]
    key = ("resources by action", view.holder.id if holder is not None and view.holder else id(view.policy))
    found: dict[tuple[str, str], tuple[str, ...]] | None = view.world.memo.get(key)
    if found is None:
        sets: dict[tuple[str, str], dict[str, None]] = {}
        for policy in policies:
            for statement in policy.statements:
                for text in statement.actions or ():
                    of_action = sets.setdefault((statement.effect, text.lower()), {})
                    of_action.update(dict.fromkeys(statement.resources or ("*",)))
        found = view.world.memo[key] = {action: tuple(resources) for action, resources in sets.items()}
    return found


def _formats(pattern: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(form for action in load().expand(pattern) for form in formats_of(action) or ()))


def _never_fits(pattern: str, resources: tuple[str, ...]) -> bool:
    """Whether no action of a pattern can act on any of the resources."""
    actions = load().expand(pattern)
    if not actions or len(actions) > _MANY:
        return False
    for action in actions:
        formats = formats_of(action)
        if formats is None:
            return False
        if not formats:
            # Such an action asks about `*`, or about an ARN with an empty or made-up resource, which wildcards match.
            if any("*" in text or "?" in text for text in resources):
                return False
        elif any(can_match(text, form) for text in resources for form in formats):
            return False
    return True
