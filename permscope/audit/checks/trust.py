"""What role trust policies ask of those who assume the role."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from permscope.audit.checks.breadth import breadth_of
from permscope.audit.checks.callers import GITHUB
from permscope.audit.checks.principals import service_name
from permscope.audit.conditions import base_key, is_positive
from permscope.audit.findings import Hit
from permscope.audit.fixes import restrictable
from permscope.audit.generated import is_generated
from permscope.audit.predicates import Taken, finder
from permscope.audit.subjects import Subject
from permscope.audit.world import StatementView, Who
from permscope.catalog.actions import load
from permscope.inventory.located import source_of
from permscope.inventory.policies import ConditionEntry, Statement
from permscope.inventory.source import Source
from permscope.inventory.tokens import has_unknown
from permscope.lazy import regex

# Services whose documentation asks for `aws:SourceArn` or `aws:SourceAccount` in the trust policy.
_SENDS_SOURCE = frozenset(
    ["scheduler", "pipes", "states", "bedrock", "transfer", "kendra", "qbusiness.application", "sagemaker", "iot"]
)
# An owner, but no repository, or no branch, tag or environment of it.
_LOOSE_SUBJECT = regex(r"repo:[^/*?:]+/(?:[^:]*[*?].*|[^:]+:(?:ref:)?(?:refs/)?(?:heads/)?[*?]+)")
_LATE_OWNER = regex(r"(?!repo|job_workflow_ref)[^:]+:[^:]*[*?].*:repo")  # a wildcard before it holds anything


def _place(text: str, default: Source) -> Source:
    place = source_of(text)
    return place if place.line else default


def _text_hit(view: StatementView, text: str, **values: str) -> Hit:
    return Hit(
        element=str(text),
        source=_place(text, view.statement.source),
        values={"text": str(text), **values},
        statement=view.statement,
    )


def _has(statement: Statement, *keys: str) -> bool:
    return any(base_key(entry.key) in keys and is_positive(entry.operator) for entry in statement.conditions)


@finder("statement", values=("text",))
def whole_service_actions(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each `Action` of a statement that is `*` or every action of a service."""
    view: StatementView = subject.it
    for text in view.statement.actions or ():
        if not text.strip("*:") or text.endswith(":*"):
            yield _text_hit(view, text)


@finder("statement", values=("text",))
def loose_github_subjects(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each GitHub subject that names an organization or repository, but no branch, tag or environment.

    Or that names them behind a wildcard, which stands for whatever a stranger writes there.
    """
    view: StatementView = subject.it
    for entry in _claims(view.statement, "sub"):
        for value in entry.values:
            if "like" not in entry.operator.lower() or has_unknown(value):
                continue
            if _LOOSE_SUBJECT.fullmatch(value) or _LATE_OWNER.match(value):
                yield _text_hit(view, value)


def _claims(statement: Statement, claim: str) -> Iterator[ConditionEntry]:
    for entry in statement.conditions:
        key = base_key(entry.key)
        if key == f"{GITHUB}:{claim}":
            yield entry


@finder("statement", values=("text",))
def saml_without_audience(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each SAML provider that is trusted without `SAML:aud`."""
    view: StatementView = subject.it
    if "sts:AssumeRoleWithSAML" not in view.actions:
        return
    if _has(view.statement, "saml:aud", "saml:iss", "saml:sub", "saml:sub_type"):
        return
    for who, principal in zip(view.who, view.statement.principals or (), strict=True):
        if who.kind == "federated" and ":saml-provider/" in who.text:
            yield _text_hit(view, principal.value)


@finder("statement", values=("text", "who"))
def cognito_without_pool(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Cognito identities trusted whatever pool they come from, anybody's included; guests trusted with a broad role."""
    view: StatementView = subject.it
    key = "cognito-identity.amazonaws.com"
    loose = not _has(view.statement, f"{key}:aud")
    guests = any(
        base_key(entry.key) == f"{key}:amr" and "unauthenticated" in entry.values and is_positive(entry.operator)
        for entry in view.statement.conditions
    )
    if not loose and not (guests and _holder_is_broad(view)):
        return
    who_may = "identities of any Cognito identity pool, of any account," if loose else "guests, who need no password,"
    for who, principal in zip(view.who, view.statement.principals or (), strict=True):
        if who.text == key:
            yield _text_hit(view, principal.value, who=who_may)


def _holder_is_broad(view: StatementView) -> bool:
    """Whether the role of a trust policy reaches everything, or everything of a kind, that could be named."""
    holder = view.world.by_arn.get(view.holder.id) if view.holder else None
    if holder is None:
        return False
    breadth = breadth_of(holder)
    shares = (*breadth.star, *breadth.wide, *breadth.excluded)
    return any(not share.narrowed and not restrictable().isdisjoint(share.actions) for share in shares)


@finder("statement", values=("text",))
def services_trusted_without_source(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each service that could say for whom it acts, trusted without asking it; roles that SAM makes are left out."""
    view: StatementView = subject.it
    keys = ("aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths", "sts:externalid")
    if _has(view.statement, *keys) or is_generated(view.statement):
        return
    for who, principal in zip(view.who, view.statement.principals or (), strict=True):
        if who.kind == "service" and service_name(who.text) in _SENDS_SOURCE:
            yield _text_hit(view, principal.value)


_BY_KIND = (
    # what a principal is, and what it calls to get a role
    ("saml", "sts:AssumeRoleWithSAML"),
    ("web", "sts:AssumeRoleWithWebIdentity"),
    ("other", "sts:AssumeRole"),
)


@finder("statement", values=("text", "wanted"))
def actions_that_do_not_fit(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """A principal trusted with the calls of another kind only, which it can never make.

    An identity provider with `sts:AssumeRole`, a service with `sts:AssumeRoleWithSAML`; IAM Roles Anywhere without the
    session tags and source identity that it always sets.
    https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html
    """
    view: StatementView = subject.it
    kinds = {_kind(who) for who in view.who}
    calls = [(kind, call) for kind, call in _BY_KIND if call in view.actions]
    text = next(iter(view.statement.actions or ("",)))
    if len(kinds) == 1 and calls and not kinds & {"any", "unknown", *(kind for kind, _ in calls)}:
        (kind,) = kinds
        yield _text_hit(view, text, wanted=dict(_BY_KIND)[kind])
    elif any(who.kind == "service" and service_name(who.text) == "rolesanywhere" for who in view.who):
        wanted = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")
        missing = [action for action in wanted if action not in view.actions]
        if missing and not _allowed_beside(view, missing):
            yield _text_hit(view, text, wanted=f"[{', '.join(wanted)}]")


def _kind(who: Who) -> str:
    match who.kind:
        case "public":
            return "any"
        case "federated":
            return "saml" if ":saml-provider/" in who.text else "web"
        case "unknown":
            return "unknown"
        case _:
            return "other"


def _allowed_beside(view: StatementView, actions: list[str]) -> bool:
    """Whether other statements of the trust policy allow the rest."""
    left = load().action_set(actions)
    for statement in view.policy.statements:
        if statement.effect == "Allow":
            left = left - view.world.actions_of(statement)
    return not left
