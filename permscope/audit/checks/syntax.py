"""What AWS would refuse in a policy document, and what can never take effect."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from permscope.audit.fields import protected_service
from permscope.audit.findings import Hit
from permscope.audit.predicates import Taken, finder
from permscope.audit.subjects import Subject
from permscope.audit.world import PolicyView, StatementView
from permscope.catalog.actions import load
from permscope.inventory.located import source_of
from permscope.inventory.policies import Statement
from permscope.inventory.source import NOWHERE, Source
from permscope.inventory.tokens import has_token, has_unknown

# Names that SAM's `SQSPollerPolicy` carries: the batch calls of SQS ask for the action without `Batch`, so these do
# nothing, and whoever uses the template cannot take them out.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
_WITHOUT_EFFECT = frozenset({"sqs:changemessagevisibilitybatch", "sqs:deletemessagebatch", "sqs:sendmessagebatch"})


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
                statement=_with_only(text, statement),
            )


# Whose resource policies are asked about their own actions only, with the prefixes of these.
_SPOKEN: Mapping[str, tuple[str, ...]] = {
    "sqs": ("sqs",),
    "sns": ("sns",),
    "s3": ("s3", "s3-object-lambda", "s3express", "s3-outposts"),
    "kms": ("kms",),
    "secretsmanager": ("secretsmanager",),
    "ecr": ("ecr",),
    "events": ("events",),
    "lambda": ("lambda",),
    "execute-api": ("execute-api",),
}


@finder("statement", values=("action", "service"))
def actions_of_another_service(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """The actions in the policy of a resource that are of another service, so that it is never asked about them."""
    service = protected_service(subject).partition(":")[0]
    spoken = _SPOKEN.get(service)
    found = [text for text, _ in _action_texts(subject) if spoken and _is_foreign(text, spoken)]
    if found:
        shown = ", ".join(f"`{text}`" for text in found[:3]) + (f" and {len(found) - 3} more" if found[3:] else "")
        statement = subject.it.statement
        values = {"action": shown, "service": service}
        first = min(found)  # the same one in whatever order they stand
        yield Hit(element=first, source=_place(first, statement), values=values, statement=statement)


def _is_foreign(text: str, spoken: Collection[str]) -> bool:
    """Whether a text is an action, or a pattern that stands for some, of none of the prefixes."""
    prefix = text.partition(":")[0].lower()
    return prefix not in spoken and not any(mark in prefix for mark in "*?") and bool(load().expand(text))


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
            statement=_with_only(text, statement),
        )


def _with_only(text: str, statement: Statement) -> Statement:
    """What there is to see of a statement with one name that is wrong: the others would be repeated for each."""
    named: dict[str, Any] = {"not_actions": (text,)} if statement.actions is None else {"actions": (text,)}
    return replace(statement, resources=None, not_resources=None, conditions=(), **named)


def _action_texts(subject: Subject) -> Iterator[tuple[str, Statement]]:
    view: StatementView = subject.it
    for text in view.statement.actions or view.statement.not_actions or ():
        if not has_unknown(text):
            yield text, view.statement
